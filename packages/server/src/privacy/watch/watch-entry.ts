import { ok, refused, type Result } from "@tillwatch/wire";

export type WatchState = "proposed" | "active" | "refused" | "ended" | "expired";
export type WatchEnd = Exclude<WatchState, "proposed" | "active">;

export type WatchRefusal = {
  readonly code:
    | "watch_minor"
    | "watch_age_unknown"
    | "watch_ground_unknown"
    | "watch_too_long"
    | "watch_same_person"
    | "watch_not_waiting"
    | "watch_not_running"
    | "watch_subject_objects"
    | "watch_incident_dismissed";
  readonly says: string;
};

export type Proposal = {
  readonly ageBand: string;
  readonly ground: string;
  readonly expiresAtMs: number;
  readonly nowMs: number;
  readonly incident: { readonly minor: boolean; readonly state: string; readonly verdict: string | null };
  readonly described: readonly string[]; // age bands that the reporters picked
  readonly marks: number; // objections and restrictions of the person that hold
};

export type WatchRules = { readonly daysMax: number; readonly grounds: readonly string[] };

const dayMs = 86_400_000;
// A minor's band, and what says nothing. `a18_29` is an adult by what was seen; in doubt the band is unknown.
const adultBands = new Set(["a18_29", "a30_44", "a45_59", "over_60"]);

/** Whether such an entry may be proposed at all. */
export function checkProposal(proposal: Proposal, rules: WatchRules): Result<Proposal, WatchRefusal> {
  const { ageBand, incident, ground } = proposal;
  if (ageBand === "minor" || incident.minor || proposal.described.includes("minor")) {
    return refused({ code: "watch_minor", says: "minors are never put on a list" });
  }
  if (!adultBands.has(ageBand)) {
    return refused({
      code: "watch_age_unknown",
      says: "the age band must be that of an adult; who might be a minor is not listed",
    });
  }
  if (!rules.grounds.includes(ground)) {
    return refused({ code: "watch_ground_unknown", says: `grounds are: ${rules.grounds.join(", ")}` });
  }
  const days = (proposal.expiresAtMs - proposal.nowMs) / dayMs;
  if (!(days > 0) || days > rules.daysMax) {
    return refused({ code: "watch_too_long", says: `an entry ends within ${rules.daysMax} days from now` });
  }
  if (incident.verdict === "false") {
    return refused({ code: "watch_incident_dismissed", says: "a person judged that this did not happen" });
  }
  if (proposal.marks > 0) {
    return refused({
      code: "watch_subject_objects",
      says: "the person's data is used no further: an objection or restriction holds",
    });
  }
  return ok(proposal);
}

/** Two people: who proposed never approves. */
export function checkApproval(
  entry: { readonly state: WatchState; readonly proposedBy: string; readonly expiresAtMs: number },
  approver: { readonly token: string; readonly nowMs: number },
): Result<null, WatchRefusal> {
  if (entry.state !== "proposed" || entry.expiresAtMs <= approver.nowMs) {
    return refused({ code: "watch_not_waiting", says: "it is not waiting for a decision" });
  }
  if (entry.proposedBy === approver.token) {
    return refused({ code: "watch_same_person", says: "another person than the proposer must decide" });
  }
  return ok(null);
}
