/** Lines of a file of figures, and how many of them stand without their number. */
export type CellCount = { readonly all: number; readonly suppressed: number };

/** Counts what the server suppressed: in CSV the last column says so, in NDJSON `incidents` is null. */
export function countCells(text: string, format: "csv" | "ndjson"): CellCount {
  const lines = text.split(/\r?\n/).filter((line) => line !== "");
  const figures = format === "csv" ? lines.slice(1) : lines;
  const hidden = format === "csv" ? /,suppressed$/ : /"incidents":null\}$/;
  return { all: figures.length, suppressed: figures.filter((line) => hidden.test(line)).length };
}

/** The months of the last half year up to now, as a form begins with them; `until` is the month after. */
export function monthSpan(today: Date): { readonly from: string; readonly until: string } {
  const monthAt = (offset: number): string =>
    new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth() + offset, 1)).toISOString().slice(0, 7);
  return { from: monthAt(-5), until: monthAt(1) };
}
