import type { AccessGrant } from "@tillwatch/wire";

/** Grants as people look for them, each once and in the order given: newest first. Nobody decides on or reviews the own. */
export function sortGrants(
  grants: readonly AccessGrant[],
  me: string,
): {
  readonly mine: readonly AccessGrant[];
  readonly toDecide: readonly AccessGrant[];
  readonly toReview: readonly AccessGrant[];
  readonly others: readonly AccessGrant[];
} {
  const mine = grants.filter(({ actor }) => actor === me);
  const foreign = grants.filter(({ actor }) => actor !== me);
  const toDecide = foreign.filter(({ state }) => state === "requested");
  const toReview = foreign.filter(({ kind, reviewedBy }) => kind === "break_glass" && reviewedBy === null);
  const others = foreign.filter((grant) => !toDecide.includes(grant) && !toReview.includes(grant));
  return { mine, toDecide, toReview, others };
}

/** Emergencies of one's own that last: the banner stays while there is one. */
export function ownEmergencies(grants: readonly AccessGrant[], me: string, nowMs: number): readonly AccessGrant[] {
  return grants.filter(
    ({ kind, actor, state, endsAt }) =>
      kind === "break_glass" && actor === me && state === "active" && endsAt !== null && Date.parse(endsAt) > nowMs,
  );
}
