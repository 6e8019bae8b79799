/**
 * How a feature was spread in training: ascending `edges` and the share of rows in each of the `edges.length + 1` bins. A value
 * belongs to the first bin whose edge is not below it, else to the last.
 */
export type Spread = { readonly edges: readonly number[]; readonly shares: readonly number[] };

/**
 * The population stability index from which a feature counts as drifted. 0.1 and 0.25 are the customary marks of credit scoring
 * (Siddiqi 2006, "Credit Risk Scorecards"): below 0.1 no change, up to 0.25 a change to look at, above it another population.
 */
export const driftWatchFrom = 0.1;
export const driftWarnFrom = 0.25;

/** Fewer rows say nothing: with a dozen bins, chance alone gives an index of about 11 / rows. */
export const driftRowsMin = 500;

export type Drift = {
  readonly rows: number;
  readonly index: number | null; // null: too few rows
  readonly verdict: "too_few" | "steady" | "watch" | "drifted";
};

const cutsAt = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];

/** Bins between the deciles of these values and in their tail, without repeats: counts of rare things have few. `values` MUST NOT be empty. */
export function spreadOf(values: readonly number[] | Float64Array): Spread {
  const sorted = Float64Array.from(values).sort();
  const cuts = cutsAt.map((share) => sorted[Math.floor(share * sorted.length)] ?? 0);
  const edges = [...new Set(cuts)].filter((edge) => edge < (sorted.at(-1) ?? 0));
  const counts = countInto(sorted, edges);
  return { edges, shares: counts.map((count) => count / sorted.length) };
}

/** The bin of a value. */
export function binOf(value: number, edges: readonly number[]): number {
  const found = edges.findIndex((edge) => value <= edge);
  return found === -1 ? edges.length : found;
}

function countInto(values: Float64Array, edges: readonly number[]): number[] {
  const counts = Array.from({ length: edges.length + 1 }, () => 0);
  for (const value of values) {
    const bin = binOf(value, edges);
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

/**
 * The population stability index of recent rows, counted into the bins of `spread`, against training: the sum over the bins of
 * (recent - training) * ln(recent / training). Half a row is added to each recent bin and as much to training, so that an empty bin
 * is no division by zero.
 */
export function driftOf(spread: Spread, counts: readonly number[]): Drift {
  const rows = counts.reduce((sum, count) => sum + count, 0);
  if (rows < driftRowsMin) return { rows, index: null, verdict: "too_few" };
  const bins = spread.shares.length;
  const share = (part: number) => (part * rows + 0.5) / (rows + bins / 2);
  const index = spread.shares.reduce((sum, trained, bin) => {
    const [before, now] = [share(trained), share((counts[bin] ?? 0) / rows)];
    return sum + (now - before) * Math.log(now / before);
  }, 0);
  const verdict = index >= driftWarnFrom ? "drifted" : index >= driftWatchFrom ? "watch" : "steady";
  return { rows, index, verdict };
}
