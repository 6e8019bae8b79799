import { appendFileSync } from "node:fs";

/** One line of the table that script/bench prints at the end. */
export type Row = { readonly bench: string; readonly what: string; readonly figure: string; readonly aim: string };

/** Prints the row, and hands it to script/bench where that runs us (BENCH_ROWS names its file). */
export function report(row: Row): void {
  console.log(`  ${row.what}: ${row.figure}${row.aim === "" ? "" : ` (aim: ${row.aim})`}`);
  const file = process.env["BENCH_ROWS"];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(row)}\n`);
}

/** `--name=value` or `--name value` of the command line; a number. */
export function numberOption(name: string, standard: number): number {
  const args = process.argv.slice(2);
  const at = args.findIndex((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`));
  const text = at === -1 ? undefined : (args[at]?.split("=")[1] ?? args[at + 1]);
  const value = text === undefined ? standard : Number(text);
  if (!Number.isFinite(value) || value < 0) throw new Error(`--${name} needs a number, not ${text}`);
  return value;
}

export function textOption(name: string, standard: string): string {
  const args = process.argv.slice(2);
  const at = args.findIndex((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`));
  return at === -1 ? standard : (args[at]?.split("=")[1] ?? args[at + 1] ?? standard);
}

/** `--long`: the figures for docs/performance.md; else a form that ends within minutes. */
export function isLong(): boolean {
  return process.argv.includes("--long");
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Nearest rank. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? NaN;
}

/** A ratio with the range of its pairs: "0.62 (0.55 to 0.70, 5 pairs)". */
export function ratioOf(pairs: readonly number[]): string {
  const [least, most] = [Math.min(...pairs), Math.max(...pairs)];
  return `${median(pairs).toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)}, ${pairs.length} pairs)`;
}

export function thousands(n: number): string {
  return Math.round(n)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ",");
}
