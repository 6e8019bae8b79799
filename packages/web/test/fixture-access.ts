/** Programs, vendors and a review of a small world: what their addresses answer. */
const day = 86_400_000;
const at = (daysFromNow: number) => new Date(Date.now() + daysFromNow * day).toISOString();

type Row = { readonly id: string; readonly [member: string]: unknown };

const key = {
  id: "k7q2m3xw4r5t",
  state: "live",
  createdAt: at(-20),
  expiresAt: at(70),
  lastUsedAt: at(-0.01),
  because: "first key",
};

function programs(): Row[] {
  const plain = { roles: ["analyst"], sites: null, regions: null, state: "active", because: "added", keys: [key] };
  return [
    {
      ...plain,
      id: "00000000-0000-4000-8000-000000000001",
      token: "service:1",
      name: "Wall screen",
      purpose: "Shows the numbers in the back office",
      scopes: ["stats:read"],
      sites: ["S-1001"],
    },
    {
      ...plain,
      id: "00000000-0000-4000-8000-000000000002",
      token: "service:2",
      name: "Identity provider",
      purpose: "Keeps people as head office has them",
      scopes: ["scim:provision"],
      keys: [],
    },
  ];
}

function vendors(): Row[] {
  const plain = {
    accountToken: "user:00000000-0000-4000-8000-00000000000c",
    scopes: ["device:read", "source:read"],
    requestedBy: "user:77777777-7777-4777-8777-000000000004",
    approvedBy: null,
    because: "asked for",
  };
  return [
    {
      ...plain,
      id: "00000000-0000-4000-8000-0000000000a1",
      state: "requested",
      ticket: "T-4711",
      purpose: "The tills' clocks are wrong",
      startsAt: at(0),
      endsAt: at(0.2),
    },
    {
      ...plain,
      id: "00000000-0000-4000-8000-0000000000a2",
      state: "over",
      ticket: "T-4390",
      purpose: "New firmware for the gates",
      startsAt: at(-9),
      endsAt: at(-8.8),
      approvedBy: "user:ada",
    },
  ];
}

const rules = { hoursMax: 72, daysAheadMax: 30, neverScopes: ["event:read", "vendor:approve"] };

const reviewId = "00000000-0000-4000-8000-0000000000b1";

function lines(): Row[] {
  const plain = { scopes: null, sites: null, regions: null, grantedAt: at(-300), decision: null, because: null };
  return [
    {
      ...plain,
      id: "00000000-0000-4000-8000-0000000000b2",
      holderKind: "person",
      holderToken: "user:bob",
      name: "Bob Stone",
      roles: ["store_manager"],
      regions: ["north"],
      lastUsedAt: at(-140),
      proposal: "remove",
    },
    {
      ...plain,
      id: "00000000-0000-4000-8000-0000000000b3",
      holderKind: "service",
      holderToken: "service:1",
      name: "Wall screen",
      roles: ["analyst"],
      sites: ["S-1001"],
      lastUsedAt: at(-0.01),
      proposal: "keep",
    },
  ];
}

/** The answer to a GET or POST of them; undefined: not one of their addresses. */
export class FixtureAccess {
  readonly #programs = programs();
  #vendors = vendors();
  #lines = lines();

  get(path: string): unknown {
    const decided = this.#lines.filter((line) => line["decision"] !== null).length;
    const review = {
      id: reviewId,
      period: "2026-Q4",
      state: "overdue",
      unusedAfterDays: 90,
      dueAt: at(-1),
      items: this.#lines.length,
      decided,
    };
    const answers: Readonly<Record<string, unknown>> = {
      "/api/v1/service-accounts": { items: this.#programs },
      "/api/v1/vendor-access": { items: this.#vendors, rules },
      "/api/v1/access-reviews": { items: [review] },
      [`/api/v1/access-reviews/${reviewId}`]: { ...review, lines: this.#lines },
    };
    return answers[path];
  }

  post(path: string, body: unknown): unknown {
    if (/^\/api\/v1\/service-accounts\/[^/]+\/keys$/.test(path)) {
      return { key: `twk_abcdefghijkl_${"s".repeat(43)}`, id: "abcdefghijkl", expiresAt: at(90) };
    }
    if (path === "/api/v1/vendor-access") {
      const asked = { id: "00000000-0000-4000-8000-0000000000a9", state: "requested", requestedBy: "user:admin" };
      this.#vendors = [{ ...(body as object), ...asked, approvedBy: null, because: "asked for" }, ...this.#vendors];
      return asked;
    }
    const [, line] = /\/lines\/([^/]+)\/decide$/.exec(path) ?? [];
    if (line !== undefined) {
      this.#lines = this.#lines.map((row) => (row.id === line ? { ...row, ...(body as object) } : row));
      return {};
    }
    return /^\/api\/v1\/(api-keys|vendor-access|service-accounts)\/[^/]+\/\w+$/.test(path) ? {} : undefined;
  }
}
