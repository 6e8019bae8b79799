/** Who still needs what: once a quarter a person says for each access that it stays, or goes. */

const dayMs = 86_400_000;
/** A review that is not finished by then is shown as overdue. */
export const reviewDays = 30;

/** "2026-Q4", by the calendar of UTC. */
export function periodOf(nowMs: number): string {
  const now = new Date(nowMs);
  return `${now.getUTCFullYear()}-Q${Math.floor(now.getUTCMonth() / 3) + 1}`;
}

/** What nobody used for so long is proposed for removal; what was never used counts from when it was given. */
export function proposalOf(
  holder: { readonly grantedAtMs: number; readonly lastUsedAtMs: number | null },
  at: { readonly nowMs: number; readonly unusedAfterDays: number },
): "keep" | "remove" {
  const usedAtMs = Math.max(holder.grantedAtMs, holder.lastUsedAtMs ?? holder.grantedAtMs);
  return at.nowMs - usedAtMs >= at.unusedAfterDays * dayMs ? "remove" : "keep";
}

export type ReviewState = "open" | "overdue" | "closed";

export function reviewState(
  review: { readonly dueAt: Date; readonly closedAt: Date | null },
  nowMs: number,
): ReviewState {
  if (review.closedAt !== null) return "closed";
  return nowMs >= review.dueAt.getTime() ? "overdue" : "open";
}
