import type { ReviewFigures, ReviewLine } from "./analytics-read.ts";

export type Remark = { readonly about: string; readonly says: string };

const judgedMin = 10;
// Two standard errors: one line in twenty stands out by chance alone, which the pack says.
const standsOut = 2;

/** Lines whose share of false judgements stands out from all others by more than chance would. A question to people, never an answer. */
export function remarksOf(figures: Pick<ReviewFigures, "bySite" | "byCategory" | "byRule">): readonly Remark[] {
  return [
    ...remarks("site", figures.bySite),
    ...remarks("category", figures.byCategory),
    ...remarks("rule", figures.byRule),
  ];
}

function remarks(kind: string, lines: readonly ReviewLine[]): readonly Remark[] {
  const judged = lines.reduce((sum, line) => sum + line.judged, 0);
  const falseOnes = lines.reduce((sum, line) => sum + line.falseOnes, 0);
  return lines.flatMap((line) => {
    const others = { judged: judged - line.judged, falseOnes: falseOnes - line.falseOnes };
    if (line.judged < judgedMin || others.judged < judgedMin) return [];
    const own = line.falseOnes / line.judged;
    const rest = others.falseOnes / others.judged;
    const pooled = falseOnes / judged;
    const error = Math.sqrt(pooled * (1 - pooled) * (1 / line.judged + 1 / others.judged));
    if (error === 0 || (own - rest) / error < standsOut) return [];
    const says = `${percent(own)} of ${line.judged} judged were false, elsewhere ${percent(rest)}`;
    return [{ about: `${kind} ${line.name}`, says }];
  });
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** The quarter that an instant lies in, as `2026-Q4`, with its bounds (UTC, half-open). */
export function quarterOf(atMs: number): { readonly name: string; readonly fromMs: number; readonly toMs: number } {
  const at = new Date(atMs);
  const quarter = Math.floor(at.getUTCMonth() / 3);
  return boundsOf(at.getUTCFullYear(), quarter);
}

function boundsOf(year: number, quarter: number) {
  return {
    name: `${year}-Q${quarter + 1}`,
    fromMs: Date.UTC(year, quarter * 3, 1),
    toMs: Date.UTC(year, quarter * 3 + 3, 1),
  };
}

/** null: not a quarter. */
export function quarterNamed(name: string): ReturnType<typeof quarterOf> | null {
  const match = /^(20\d\d)-Q([1-4])$/.exec(name);
  return match === null ? null : boundsOf(Number(match[1]), Number(match[2]) - 1);
}
