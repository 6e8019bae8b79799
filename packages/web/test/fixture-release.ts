import type { CaseHoldView, Problem, ReleaseObstacle, ReleasesView, ReleaseView } from "@tillwatch/wire";
import { stepUpRequired } from "./fixture-grants.ts";
import { packetOf } from "./fixture-record.ts";
import { incidentId } from "./fixture-world.ts";

const grounds = ["official_request", "vital_interest"];
const at = (daysAgo: number) => new Date(Date.now() - daysAgo * 86_400_000).toISOString();
const id = (n: number) => `cdcdcdcd-cdcd-4dcd-8dcd-${String(n).padStart(12, "0")}`;

type Answer = { readonly status: number; readonly body: unknown };
type Said = Readonly<Record<string, string>>;

export const watchItem: ReleaseObstacle = {
  code: "release_watch_item",
  says: "it is a watch item: below the threshold nothing is told to anybody outside",
  remedy: "Make it an incident first, by looking into it.",
  grounds: [],
  count: 1,
};
const minor: ReleaseObstacle = {
  code: "release_minor",
  says: "a minor is among the people of this case",
  remedy: "Release it under the ground legal_obligation or official_request and say in `despite` why it must leave.",
  grounds: ["legal_obligation", "official_request"],
  count: 1,
};
export const minorProblem: Problem = {
  type: "https://tillwatch.org/errors#release_minor",
  title: "Conflict",
  status: 409,
  code: "release_minor",
  detail: minor.says,
  remedy: minor.remedy,
};

function releaseOf(n: number, more: Partial<ReleaseView>): ReleaseView {
  return {
    id: id(n),
    packetId: packetOf(3, "ready").id,
    incidentId: incidentId(3),
    recipient: { kind: "partner", partnerId: "city-police", agency: "City Police", person: null, reference: null },
    channel: "platform",
    purpose: "police_request",
    ground: "official_request",
    because: "They asked for it in writing.",
    noted: [],
    despite: null,
    holds: [],
    link: null,
    sha256: "9d".repeat(32),
    bytes: 1_482_113,
    releasedAt: at(2),
    releasedBy: "user:77777777-7777-4777-8777-000000000003",
    takenAt: null,
    takenBy: null,
    withdrawnAt: null,
    withdrawnBy: null,
    withdrawnBecause: null,
    ...more,
  };
}

const court = { kind: "outside", partnerId: null, agency: "Court of Ghent", person: "J. Claes", reference: "26/417" };

/** Releases and holds of a small world: of case 3 one packet went out, and a minor is in it. */
export class FixtureReleases {
  releases: ReleaseView[] = [
    releaseOf(1, { recipient: court as ReleaseView["recipient"], channel: "post" }),
    releaseOf(2, { takenAt: at(1), takenBy: "user:77777777-7777-4777-8777-000000000009" }),
  ];
  /** What stands against a release, by case. */
  readonly standing = new Map<string, readonly ReleaseObstacle[]>([[incidentId(3), [minor]]]);
  holds: CaseHoldView[] = [];
  /** Cases that somebody said a minor is in. */
  readonly minors = new Map<
    string,
    { readonly minor: true; readonly at: string; readonly actor: string; readonly grounds: readonly string[] }
  >();
  /** Set: the next release is refused with it, and a minor stands against it from then on. */
  refuseWith: Problem | null = null;

  get(path: string): unknown {
    const flag = /^\/api\/v1\/incidents\/([^/]+)\/minor$/.exec(path)?.[1];
    if (flag !== undefined) return this.minors.get(flag) ?? { minor: false, at: null, actor: null, grounds };
    const [, of = "", what] = /^\/api\/v1\/incidents\/([^/]+)\/(releases|retention)$/.exec(path) ?? [];
    if (what === "releases") return this.#releasesOf(of);
    if (what === "retention") return { holds: this.holds, grounds: ["legal_claim", "legal_obligation"] };
    const receipt = /\/releases\/([^/]+)\/receipt$/.exec(path)?.[1];
    return receipt === undefined ? undefined : { receipt: { releaseId: receipt }, envelope: { payload: "e30=" } };
  }

  #releasesOf(of: string): ReleasesView {
    return {
      items: this.releases.filter((release) => release.incidentId === of),
      partners: [{ id: "city-police", name: "City Police", kind: "police" }],
      standing: this.standing.get(of) ?? [],
      holds: this.holds.filter(({ endedAt }) => endedAt === null),
      purposes: ["police_request", "legal_claim"],
      grounds: ["legitimate_interest", "legal_obligation", "official_request"],
      channels: ["in_person", "post", "encrypted_mail", "authority_portal"],
    };
  }

  post(path: string, { proven, body }: { readonly proven: boolean; readonly body: unknown }): Answer | undefined {
    const link = /\/releases\/([^/]+)\/links(?:\/[^/]+\/(end))?$/.exec(path);
    if (link !== null) return proven ? this.#link(link[1] ?? "", link[2]) : { status: 403, body: stepUpRequired };
    const of = /^\/api\/v1\/(?:packets|incidents)\/([^/]+)\/(releases|holds)(?:\/([^/]+)\/(\w+))?$/.exec(path);
    if (of === null) return undefined;
    if (!proven) return { status: 403, body: stepUpRequired };
    const [, owner = "", what, one = "", verb] = of;
    const said = body as Said;
    if (verb === undefined) return what === "holds" ? this.#hold(said) : this.#release(owner, body);
    if (what === "holds") {
      this.holds = this.holds.map((hold) => (hold.id === one ? { ...hold, endedAt: at(0) } : hold));
      return { status: 204, body: null };
    }
    const news =
      verb === "taken" ? { takenAt: at(0) } : { withdrawnAt: at(0), withdrawnBecause: said["because"] ?? null };
    this.releases = this.releases.map((release) => (release.id === one ? { ...release, ...news } : release));
    if (verb === "taken") return { status: 204, body: null };
    return {
      status: 200,
      body: { withdrawnAt: at(0), says: "Nobody took the packet by it, and nobody can any more." },
    };
  }

  /** The packet of case n has the number n. */
  #release(packetId: string, body: unknown): Answer {
    const { recipient, ...said } = body as ReleaseView & { readonly recipient: Said };
    if (this.refuseWith !== null) {
      this.standing.set(incidentId(Number(packetId.slice(-12))), [minor]);
      return { status: this.refuseWith.status, body: this.refuseWith };
    }
    const partner = { kind: "partner", agency: "City Police", person: null, reference: null };
    const named = "partnerId" in recipient ? partner : { kind: "outside", partnerId: null };
    const of = {
      packetId,
      incidentId: incidentId(Number(packetId.slice(-12))),
      recipient: { ...named, ...recipient } as ReleaseView["recipient"],
    };
    const holds = this.holds.map((hold) => ({ id: hold.id, ground: hold.ground }));
    this.releases = [releaseOf(10, { ...said, ...of, holds, releasedAt: at(0) }), ...this.releases];
    return { status: 201, body: { id: id(10), auditId: id(11), sha256: "9d".repeat(32) } };
  }

  #link(releaseId: string, verb: string | undefined): Answer {
    const state = verb === "end" ? "ended" : "open";
    const expiresAt = at(-3);
    const times = { madeAt: at(0), madeBy: "user:admin", expiresAt, openedAt: null };
    const link = { id: id(30), state, ...times, triesLeft: 5, refusals: 0 };
    this.releases = this.releases.map((release) => (release.id === releaseId ? { ...release, link } : release));
    if (verb === "end") return { status: 204, body: null };
    return { status: 201, body: { id: link.id, path: `/take/${"S".repeat(43)}`, code: "12345678", expiresAt } };
  }

  #hold({ matter = "", ground = "", because = "" }: Said): Answer {
    const made = { id: id(20), matter, ground, because, at: at(0), actor: "user:admin", endedAt: null, endedBy: null };
    this.holds = [made, ...this.holds];
    return { status: 201, body: { id: made.id } };
  }
}
