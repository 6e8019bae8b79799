/** Answers about people, for the pages of who they are and what they may. */
const account = (n: number, over: object) => ({
  id: `77777777-7777-4777-8777-${String(n).padStart(12, "0")}`,
  token: `user:77777777-7777-4777-8777-${String(n).padStart(12, "0")}`,
  sites: null,
  regions: null,
  state: "active",
  origin: "local",
  because: "joined",
  createdAt: "2026-11-01T08:00:00.000Z",
  lastSeenAt: "2026-11-20T09:12:00.000Z",
  endsAt: null,
  version: 1,
  ...over,
});

const accounts = [
  account(1, { name: "Mara Ilves", login: "mara.ilves@northwind.example", roles: ["administrator"] }),
  account(2, { name: "Joost de Wit", login: "joost", roles: ["guard"], sites: ["S-1001"] }),
  account(3, {
    name: "Priya Raman",
    login: "priya.raman@northwind.example",
    roles: ["investigator", "analyst"],
    regions: ["North"],
    lastSeenAt: null,
    state: "invited",
  }),
  account(4, { name: "Ola Berg", login: "ola", roles: ["store_manager"], sites: ["S-1002"], state: "suspended" }),
];

const session = (n: number, over: object) => ({
  id: `88888888-8888-4888-8888-${String(n).padStart(12, "0")}`,
  way: "passkey",
  createdAt: "2026-11-20T08:00:00.000Z",
  activeAt: "2026-11-20T09:30:00.000Z",
  expiresAt: "2026-11-20T20:00:00.000Z",
  mine: false,
  ...over,
});

const sessions = {
  items: [
    session(1, { client: "Chrome on Linux", mine: true }),
    session(2, { client: "Safari on iPhone", way: "password" }),
  ],
};

const me = {
  id: accounts[0]?.id,
  name: "Mara Ilves",
  login: "mara.ilves@northwind.example",
  organisation: { id: "home", name: "Northwind Stores", kind: "retailer" },
  roles: ["administrator"],
  passkeys: [
    {
      id: "1",
      name: "My first passkey",
      createdAt: "2026-11-01T08:00:00.000Z",
      lastUsedAt: "2026-11-20T08:00:00.000Z",
    },
    { id: "2", name: "Passkey 2", createdAt: "2026-11-02T08:00:00.000Z", lastUsedAt: null },
  ],
  password: true,
  totp: true,
  recoveryCodesLeft: 8,
};

const link = {
  use: "invitation",
  name: "Priya Raman",
  login: "priya.raman@northwind.example",
  organisation: "Northwind Stores",
  expiresAt: "2026-11-21T09:00:00.000Z",
};

const secret = {
  secret: "MZXW6YTBOI5DAMJSGM2DKNRXHA4Q",
  uri: "otpauth://totp/Tillwatch:mara?secret=MZXW6YTBOI5DAMJSGM2DKNRXHA4Q&issuer=Tillwatch",
};

// The fixture stands at an IP address, where browsers refuse passkeys; people.test.ts has them, with the real server.
const ways = {
  origin: "http://127.0.0.1:8080",
  passkeys: { kind: "impossible", because: "needs_name" },
  password: true,
  token: true,
  others: [],
};

/** Also for who is not signed in. */
export const openAnswers: Readonly<Record<string, unknown>> = {
  "GET /api/v1/sign-in-ways": ways,
  "POST /api/v1/links/read": link,
  "POST /api/v1/links/totp": secret,
};

export const peopleAnswers: Readonly<Record<string, unknown>> = {
  "GET /api/v1/me": me,
  "GET /api/v1/me/sessions": sessions,
  "POST /api/v1/me/totp": secret,
  "GET /api/v1/accounts": { items: accounts, nextCursor: null },
  [`GET /api/v1/accounts/${accounts[1]?.id}/sessions`]: sessions,
};
