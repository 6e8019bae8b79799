import type { FixtureDrafts } from "./fixture-drafts.ts";
import { readFileSync } from "node:fs";
import type {
  AccessGrant,
  CaseShareView,
  IncidentRecord,
  Problem,
  SharePartner,
  StatedGround,
  StatedGrounds,
  WhoAmI,
} from "@tillwatch/wire";
import { incidentId } from "./fixture-world.ts";

const hourMs = 3_600_000;
const at = (hours: number) => new Date(Date.now() + hours * hourMs).toISOString();
const id = (n: number) => `99999999-9999-4999-8999-${String(n).padStart(12, "0")}`;

/** Every action of the server: the person of the fixture may do everything until a test takes something away. */
export const everyAction: readonly string[] = [
  ...readFileSync(new URL("../../server/src/access/actions.ts", import.meta.url), "utf8").matchAll(
    /^ {2}"([a-z_]+:[a-z_]+)":/gm,
  ),
].map(([, name]) => name ?? "");

export const secondary = "Evidence of crime is not used about staff at work or for advertising";

const partners: readonly SharePartner[] = [
  { id: "city-police", name: "City Police", kind: "police" },
  { id: "harbour-insurance", name: "Harbour Insurance", kind: "insurer" },
];

function grant(n: number, more: Partial<AccessGrant>): AccessGrant {
  return {
    id: id(n),
    kind: "granted",
    actor: "user:77777777-7777-4777-8777-000000000002",
    incidentId: null,
    ref: null,
    siteId: "S-1002",
    purpose: "incident_investigation",
    ground: "legitimate_interest",
    because: "I stand in for a colleague at that shop this week.",
    askedAt: at(-1),
    hours: 8,
    state: "requested",
    decidedBy: null,
    endsAt: null,
    reviewBy: null,
    reviewedBy: null,
    reviewBecause: null,
    review: null,
    overdue: false,
    ...more,
  };
}

const emergency: Partial<AccessGrant> = {
  kind: "break_glass",
  purpose: null,
  ground: null,
  hours: 4,
  state: "active",
  endsAt: at(3),
  reviewBy: at(23),
  because: "A child is missing and was last seen at the entrance.",
};

/** One of everything that the page of access for a time can show. */
export function grantsOfAll(): AccessGrant[] {
  return [
    grant(1, {}),
    grant(2, { ...emergency, siteId: null, incidentId: incidentId(1), ref: "TW-2026-000123" }),
    grant(3, {
      actor: "user:admin",
      state: "active",
      endsAt: at(6),
      decidedBy: "user:77777777-7777-4777-8777-000000000003",
    }),
    grant(4, { ...emergency, reviewedBy: "user:admin", review: "not_justified", state: "ended", endsAt: at(-20) }),
    grant(5, { state: "refused", decidedBy: "user:admin", because: null }),
  ];
}

type Answer = { readonly status: number; readonly body: unknown };

const problem = (status: number, code: string, detail: string): Problem => ({
  type: `https://tillwatch.org/errors#${code}`,
  title: status === 404 ? "Not Found" : "Forbidden",
  status,
  code,
  detail,
});
export const purposeRequired = problem(
  403,
  "purpose_required",
  "a partner states purpose and ground for anything of a case",
);
export const unknownIncident = problem(404, "incident_unknown", "there is no incident with this id");
export const stepUpRequired = problem(403, "step_up_required", "it needs a second proof of who asks");

/** Purposes, access for a time, emergencies and shares of the fixture's small world. */
export class FixtureGrants {
  may: readonly string[] = everyAction;
  roles: readonly string[] = ["administrator"];
  grants: AccessGrant[] = [];
  stated: StatedGround[] = [];
  shares: CaseShareView[] = [];
  /** Set: a minor is in the case, which is shared under one of these. */
  minorGrounds: readonly string[] | null = null;
  partners = partners;
  /** Cases behind a door, with its answer. */
  readonly doors = new Map<string, Problem>();
  /** Cases whose personal parts are not shown, with the code. */
  readonly withheld = new Map<string, string>();
  /** What the person may do with a case, where it is less than anywhere. */
  readonly mayWith = new Map<string, readonly string[]>();
  proven = true;
  /** What the person can prove it again with. */
  proof: { readonly passkey: object | null; readonly code: boolean } = { passkey: null, code: true };
  signedInAt = at(-1);
  /** What programs drafted for case 1, where a test wants that. */
  drafts: FixtureDrafts | null = null;

  who(): WhoAmI {
    return {
      actor: "user:admin",
      kind: "person",
      organisationId: "home",
      roles: this.roles,
      sessionId: null,
      signedInAt: this.signedInAt,
      steppedUpAt: null,
      expiresAt: at(11),
      may: this.may,
    };
  }

  /** The record as whoever is signed in gets it. */
  shown(plain: IncidentRecord): Answer {
    const record = this.drafts?.beside(plain) ?? plain;
    const door = this.doors.get(record.id);
    if (door !== undefined) return { status: door.status, body: door };
    const code = this.withheld.get(record.id);
    const may = this.mayWith.get(record.id) ?? this.may;
    if (code === undefined) return { status: 200, body: { ...record, may } };
    const withheld = { code, says: "What is about a person opens for a stated purpose and ground only" };
    return { status: 200, body: { ...record, summary: "", may, withheld } };
  }

  get(path: string): unknown {
    const grounds: StatedGrounds = {
      items: this.stated,
      purposes: ["incident_investigation", "safety", "police_request"],
      refusedPurposes: [
        { purpose: "hr", says: secondary },
        { purpose: "marketing", says: secondary },
      ],
      grounds: ["legitimate_interest", "legal_claim", "official_request"],
      hours: 8,
    };
    if (path === "/api/v1/session") return this.who();
    if (path === "/api/v1/grants")
      return { items: this.grants, names: { "user:77777777-7777-4777-8777-000000000002": "Joost de Wit" } };
    if (path === "/api/v1/grounds") return grounds;
    if (path === "/api/v1/shares") return { items: this.shares };
    const incident = /^\/api\/v1\/incidents\/([^/]+)\/shares$/.exec(path)?.[1];
    if (incident === undefined) return undefined;
    return {
      items: this.shares.filter((share) => share.incidentId === incident),
      partners: this.partners,
      minorGrounds: this.minorGrounds,
    };
  }

  post(path: string, body: unknown): Answer | undefined {
    const said = (body ?? {}) as Readonly<Record<string, string>>;
    if (path === "/api/v1/session/step-up/options") return { status: 200, body: this.proof };
    if (path === "/api/v1/session/step-up") {
      this.proven = true;
      return { status: 204, body: null };
    }
    if (path === "/api/v1/grounds") return this.#state(said);
    if (path === "/api/v1/grants") {
      this.grants = [this.#asked(said), ...this.grants];
      return { status: 201, body: { id: id(50), endsAt: null } };
    }
    if (path === "/api/v1/break-glass") return this.#stepped(() => this.#break(said));
    const [, grantId, verb] = /^\/api\/v1\/grants\/([^/]+)\/(\w+)$/.exec(path) ?? [];
    if (grantId !== undefined) return this.#decide(grantId, verb ?? "", body as Readonly<Record<string, unknown>>);
    const [, incident, shareId] = /^\/api\/v1\/incidents\/([^/]+)\/shares(?:\/([^/]+)\/revoke)?$/.exec(path) ?? [];
    if (incident === undefined) return undefined;
    return this.#stepped(() => (shareId === undefined ? this.#share(incident, said) : this.#revoke(shareId)));
  }

  #stepped(then: () => Answer): Answer {
    return this.proven ? then() : { status: 403, body: stepUpRequired };
  }

  #state(said: Readonly<Record<string, string>>): Answer {
    const { incidentId: of = "", purpose = "", ground = "" } = said;
    const stated = { id: id(60), incidentId: of, purpose, ground, statedAt: at(0), expiresAt: at(8) };
    this.stated = [stated, ...this.stated];
    this.withheld.delete(of);
    if (this.doors.get(of)?.code === "purpose_required") this.doors.delete(of);
    return { status: 201, body: stated };
  }

  #asked({ incidentId: of = null, siteId = null, ...said }: Readonly<Record<string, string | null>>): AccessGrant {
    const { purpose = null, ground = null, because = null } = said;
    return grant(50, { actor: "user:admin", incidentId: of, siteId, purpose, ground, because, askedAt: at(0) });
  }

  #break({ incidentId: of = null, siteId = null, because = null }: Readonly<Record<string, string | null>>): Answer {
    const made = grant(51, { ...emergency, actor: "user:admin", incidentId: of, siteId, because, askedAt: at(0) });
    this.grants = [made, ...this.grants];
    if (of !== null) this.doors.delete(of);
    return { status: 201, body: { id: made.id, endsAt: made.endsAt } };
  }

  #decide(grantId: string, verb: string, body: Readonly<Record<string, unknown>>): Answer {
    const news: Partial<AccessGrant> =
      verb === "end"
        ? { state: "ended" }
        : verb === "review"
          ? {
              reviewedBy: "user:admin",
              review: body["review"] === "justified" ? "justified" : "not_justified",
              reviewBecause: String(body["because"]),
            }
          : body["approve"] === true
            ? { state: "active", endsAt: at(8), decidedBy: "user:admin" }
            : { state: "refused", decidedBy: "user:admin" };
    this.grants = this.grants.map((one) => (one.id === grantId ? { ...one, ...news } : one));
    return verb === "decision" ? { status: 200, body: { id: grantId, endsAt: null } } : { status: 204, body: null };
  }

  #share(incident: string, said: Readonly<Record<string, string>>): Answer {
    const partner = this.partners.find((one) => one.id === said["partnerId"]);
    this.shares = [shareOf(70, { incidentId: incident, ...said, partner: partner?.name ?? "" }), ...this.shares];
    return { status: 201, body: { id: id(70) } };
  }

  #revoke(shareId: string): Answer {
    this.shares = this.shares.map((share) => (share.id === shareId ? { ...share, revokedAt: at(0) } : share));
    return { status: 204, body: null };
  }
}

export function shareOf(n: number, more: Partial<CaseShareView> = {}): CaseShareView {
  return {
    id: id(n),
    incidentId: incidentId(1),
    ref: "TW-2026-000123",
    organisation: "Northwind Stores",
    partnerId: "city-police",
    partner: "City Police",
    ground: "Request of the police: file 12/2026-417",
    sharedAt: at(-26),
    sharedBy: "user:77777777-7777-4777-8777-000000000003",
    endsAt: at(24 * 29),
    revokedAt: null,
    ...more,
  };
}
