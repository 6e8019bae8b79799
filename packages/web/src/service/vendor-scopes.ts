import type { PolicyMatrix } from "@tillwatch/wire";

/** What a role may do at all, and somebody from outside may be given. */
export function scopesFor(matrix: PolicyMatrix, role: string, never: readonly string[]): PolicyMatrix["rows"] {
  const column = matrix.roles.indexOf(role);
  if (column === -1) return [];
  return matrix.rows.filter(({ action, cells }) => {
    const answer = cells[column]?.answer ?? "refused";
    return !never.includes(action) && !["refused", "own_only"].includes(answer);
  });
}

const usual = [1, 2, 4, 8, 12, 24, 48, 72, 168];

/** Spans to choose from, none longer than the settings allow. */
export function vendorHours(longest: number): readonly number[] {
  const within = usual.filter((hours) => hours <= longest);
  return within.length === 0 ? [longest] : within;
}
