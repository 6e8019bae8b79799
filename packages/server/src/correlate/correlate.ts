import type { JoinedBecause } from "../flow.ts";
import type { CorrelationPolicy } from "./correlation-policy.ts";
import { bondBetween, type Bond, type Traits } from "./traits.ts";

/** A situation as correlation sees it: its span and what its members can be tied by. Plain JSON. */
export type Candidate = {
  readonly situationId: string;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
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

/** The candidates that offer a tie at all: leaving out the others never changes a decision, so records hold only these. */
export function tiedCandidates(
  arrival: Arrival,
  candidates: readonly Candidate[],
  policy: CorrelationPolicy,
): readonly Candidate[] {
  return candidates.filter((candidate) => offerOf(arrival.traits, candidate, policy).length > 0);
}

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
  const { traits, role } = arrival;
  if (role === "nothing") return { kind: "none", because: "no_detection" };
  const offers = candidates.flatMap((candidate) => offerOf(traits, candidate, policy));
  const usable =
    role === "exculpatory" ? offers.filter((offer) => offer.bond.because === "sale_explains_exit") : offers;
  const best = usable.toSorted(byStrength)[0];
  if (best !== undefined) {
    return { kind: "join", situationId: best.candidate.situationId, because: best.bond.because, tiedTo: best.tiedTo };
  }
  if (role !== "evidence") return { kind: "none", because: "no_situation_to_join" };
  return { kind: "open", because: "detection_without_situation" };
}

function offerOf(traits: Traits, candidate: Candidate, policy: CorrelationPolicy): readonly Offer[] {
  const first = Math.min(candidate.firstAtMs, traits.atMs);
  const last = Math.max(candidate.lastAtMs, traits.atMs);
  if (last - first >= policy.situationMs || candidate.members.length >= policy.membersMax) return [];
  const bonds = candidate.members.flatMap((member) => {
    const bond = bondBetween(traits, member, policy);
    return bond === null ? [] : [{ candidate, bond, tiedTo: member.signalId }];
  });
  const best = bonds.toSorted(byStrength)[0];
  return best === undefined ? [] : [best];
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
