/** How long a site keeps what, in days (privacy/privacy-policy-file.ts). */
export type KeepDays = { readonly clipDays: number; readonly reportDays: number; readonly watchItemDays: number };

/** `clips`: files and packets of a case; `case`: those and everything that people wrote; `watch_item`: a case that never became one. */
export const dueKinds = ["clips", "case", "watch_item"] as const;
export type DueKind = (typeof dueKinds)[number];
export type DisposalKind = DueKind | "exhibit";

export type EndedCase = {
  readonly endedAtMs: number; // when it was closed, or aged out
  readonly everIncident: boolean; // above the threshold at some time, or reported by a person
};

export type Due = { readonly kind: DueKind; readonly days: number; readonly dueAtMs: number };

const dayMs = 86_400_000;

/** When what of an ended case is to be destroyed, the earliest first. */
export function dueOf(ended: EndedCase, keep: KeepDays): readonly Due[] {
  const after = (kind: DueKind, days: number): Due => ({ kind, days, dueAtMs: ended.endedAtMs + days * dayMs });
  if (!ended.everIncident) return [after("watch_item", keep.watchItemDays)];
  const all = [after("clips", keep.clipDays), after("case", keep.reportDays)];
  // Whoever keeps clips longer than the case has them end with it.
  return keep.clipDays < keep.reportDays ? all : all.slice(1);
}

/** When the content of one exhibit may be destroyed by decision: as soon as its case's clips, or the case, may be. */
export function exhibitDueAtMs(ended: EndedCase, keep: KeepDays): number {
  return Math.min(...dueOf(ended, keep).map(({ dueAtMs }) => dueAtMs));
}
