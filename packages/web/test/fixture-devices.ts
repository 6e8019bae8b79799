/** Devices of a small world: what `/api/v1/devices` and a device's own addresses answer. */
const hour = 3_600_000;
const at = (hoursFromNow: number) => new Date(Date.now() + hoursFromNow * hour).toISOString();

type Row = { readonly siteId: string; readonly deviceId: string; readonly [member: string]: unknown };

const plain = {
  siteId: "S-1001",
  kind: "camera",
  state: "open",
  credentials: 0,
  revoked: 0,
  enrolledUntil: null,
  codeUntil: null,
  lastProvenAt: null,
  lastSignalAt: null,
  refusedAttempts: 0,
  lastRefusal: null,
};

function world(): Row[] {
  const lastRefusal = {
    at: at(-1),
    code: "device_certificate_foreign",
    says: "the certificate was not issued to a device by this installation",
  };
  return [
    {
      ...plain,
      deviceId: "C-01",
      name: "Spirits camera",
      state: "enrolled",
      credentials: 2,
      enrolledUntil: at(1900),
      lastProvenAt: at(-0.1),
    },
    {
      ...plain,
      deviceId: "C-02",
      name: "Entrance camera",
      state: "enrolled",
      credentials: 1,
      enrolledUntil: at(900),
      lastProvenAt: at(-2),
      refusedAttempts: 1204,
      lastRefusal,
    },
    {
      ...plain,
      deviceId: "T-01",
      name: "Till 1",
      kind: "till",
      state: "expiring",
      credentials: 1,
      enrolledUntil: at(90),
      lastProvenAt: at(-1),
    },
    {
      ...plain,
      siteId: "S-1002",
      deviceId: "C-01",
      name: "Exit camera",
      state: "revoked",
      revoked: 1,
      lastSignalAt: at(-70),
    },
    {
      ...plain,
      siteId: "S-1002",
      deviceId: "E-01",
      name: "Exit gate",
      kind: "eas_gate",
      state: "invited",
      codeUntil: at(23),
    },
    { ...plain, siteId: "S-1002", deviceId: "P-01", name: "Panic button", kind: "panic_button" },
  ];
}

const held = {
  kind: "certificate",
  issuedAt: at(-260),
  retiresAt: null,
  revokedAt: null,
  revokedBy: null,
  revokedBecause: null,
};
const identity = {
  credentials: [
    { ...held, id: "c-1", name: "5EFB5AB644422A4B26136E919A815DA5", expiresAt: at(1900), lastUsedAt: at(-0.1) },
    {
      ...held,
      id: "c-2",
      name: "449715AB02CEE21E3C0110FFCF931073",
      expiresAt: at(300),
      retiresAt: at(0.6),
      lastUsedAt: at(-0.2),
    },
    {
      ...held,
      id: "c-3",
      kind: "key",
      name: "Hks-lIkg42lKlig4VFW53_QLrjRzgrOf_yorKE0BOKU",
      expiresAt: at(200),
      revokedAt: at(-30),
      revokedBecause: "stolen with the till",
      lastUsedAt: null,
    },
  ],
  refusals: [
    {
      code: "device_certificate_foreign",
      via: "mqtt",
      attempts: 1203,
      firstAt: at(-9),
      lastAt: at(-1),
      says: "the certificate was not issued to a device by this installation",
      address: "192.0.2.17",
    },
    {
      code: "device_foreign",
      via: "http",
      attempts: 1,
      firstAt: at(-4),
      lastAt: at(-4),
      says: "the row is of site S-1002, the device that sent it of S-1001",
      address: "192.0.2.18",
    },
  ],
};

const made = {
  id: "7c1a",
  code: "K7Q2M-0XW4R-9T3BC-H5ZJA",
  device: "S-1001/C-01",
  expiresAt: at(24),
  audience: "urn:tillwatch:installation:04478451cfe9d863",
  authoritySha256: "31:C7:6B:70:4F:99:1B:95:BC:75:C6:E7:61:F6:B8:1D:46:B5:8D:1C:C0:CB:67:38:B8:F8:EB:11:20:6E:75:9E",
};

/** The answer to a GET or POST below the devices; undefined: not one of their addresses. */
export class FixtureDevices {
  #rows = world();

  get(path: string): unknown {
    if (path === "/api/v1/devices") return { items: this.#rows };
    return /^\/api\/v1\/sites\/[^/]+\/devices\/[^/]+\/identity$/.test(path) ? identity : undefined;
  }

  post(path: string): unknown {
    const [, siteId, deviceId, what] =
      /^\/api\/v1\/sites\/([^/]+)\/devices\/([^/]+)\/(enrolments|revocations)$/.exec(path) ?? [];
    if (what === undefined) return undefined;
    const change =
      what === "enrolments" ? { codeUntil: at(24) } : { state: "revoked", enrolledUntil: null, codeUntil: null };
    this.#rows = this.#rows.map((row) =>
      row.siteId === siteId && row.deviceId === deviceId ? { ...row, ...change } : row,
    );
    return what === "enrolments" ? made : { ended: 2 };
  }
}
