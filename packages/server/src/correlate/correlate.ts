import type { JoinedBecause } from "../flow.ts";
import type { CorrelationPolicy } from "./correlation-policy.ts";
import { bondBetween, type Bond, type Traits } from "./traits.ts";

/**
 * A situation as correlation sees it. Plain JSON. `members` are those that may tie: evidence and what explains it, never mere
 * circumstances, or a busy shop would chain everything to everything.
 */
export type Candidate = {
  readonly situationId: string;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly size: number; // members of every role
  readonly circumstances: number; // members of role context
  readonly members: readonly Traits[];
};

export type Arrival = {
  readonly traits: Traits;
  readonly role: "evidence" | "exculpatory" | "context" | "nothing";
};

/** `join`: belongs to that situation. `open`: begins one. `none`: nobody's business. */
export type CorrelationDecision =
  | { readonly kind: "join"; readonly situationId: string; readonly because: JoinedBecause; readonly tiedTo: string }
  | { readonly kind: "open"; readonly because: "detection_without_situation" }
  | { readonly kind: "none"; readonly because: "no_detection" | "no_situation_to_join" };

// Enough to tell the story; the log has the rest.
const circumstancesMax = 20;

type Offer = { readonly candidate: Candidate; readonly bond: Bond; readonly tiedTo: string };

/**
 * Where one signal belongs. A signal with a detection joins the situation with the strongest tie (then the nearest in time,
 * then the smallest id), or opens one. A signal without a detection joins only: as a sale that explains an exit, or as a
 * circumstance that tells the story.
 */
export function correlate(
  arrival: Arrival,
  candidates: readonly Candidate[],
  policy: CorrelationPolicy,
): CorrelationDecision {
  const { role } = arrival;
  if (role === "nothing") return { kind: "none", because: "no_detection" };
  const offers = candidates.flatMap((candidate) => offerOf(arrival, candidate, policy));
  const best = strongest(offers);
  if (best !== undefined) {
    return {
      kind: "join",
      situationId: best.candidate.situationId,
      because: best.bond.because,
      tiedTo: best.tiedTo,
    };
  }
  if (role !== "evidence") return { kind: "none", because: "no_situation_to_join" };
  return { kind: "open", because: "detection_without_situation" };
}

/**
 * The candidates that offer a tie, each with the member of its strongest tie: leaving out the rest never changes a decision, so
 * records hold these.
 */
export function tiedCandidates(
  arrival: Arrival,
  candidates: readonly Candidate[],
  policy: CorrelationPolicy,
): readonly Candidate[] {
  return candidates.flatMap((candidate) =>
    offerOf(arrival, candidate, policy).map(({ tiedTo }) => ({
      ...candidate,
      members: candidate.members.filter((member) => member.signalId === tiedTo),
    })),
  );
}

function offerOf({ traits, role }: Arrival, candidate: Candidate, policy: CorrelationPolicy): readonly Offer[] {
  const first = Math.min(candidate.firstAtMs, traits.atMs);
  const last = Math.max(candidate.lastAtMs, traits.atMs);
  if (last - first >= policy.situationMs || candidate.size >= policy.membersMax) return [];
  if (role === "context" && candidate.circumstances >= circumstancesMax) return [];
  const offers = candidate.members.flatMap((member) => {
    const bond = bondBetween(traits, member, policy);
    if (bond === null || (role === "exculpatory" && bond.because !== "sale_explains_exit")) return [];
    return [{ candidate, bond, tiedTo: member.signalId }];
  });
  const best = strongest(offers);
  return best === undefined ? [] : [best];
}

function strongest(offers: readonly Offer[]): Offer | undefined {
  return offers.reduce<Offer | undefined>(
    (best, offer) => (best === undefined || byStrength(offer, best) < 0 ? offer : best),
    undefined,
  );
}

function byStrength(a: Offer, b: Offer): number {
  return (
    a.bond.rank - b.bond.rank ||
    a.bond.apartMs - b.bond.apartMs ||
    compareText(a.candidate.situationId, b.candidate.situationId) ||
    compareText(a.tiedTo, b.tiedTo)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
