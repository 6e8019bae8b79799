/** One cell of the figures: how many incidents of a kind in a month at a site. Nobody stands in it. */
export type FigureRow = {
  readonly month: string; // 2026-11
  readonly siteId: string;
  readonly siteName: string;
  readonly category: string;
  readonly level: number;
  readonly origin: "machine" | "person";
  readonly verdict: "true" | "false" | "unsure" | "none";
  readonly incidents: number;
};

export type Figure = Omit<FigureRow, "incidents"> & { readonly incidents: number | null };

/**
 * Cells of fewer than `cellMin` incidents without their number. Where a month of a site would have a single such cell, the next smallest
 * goes too: whoever knows the sum from elsewhere must not get it by subtraction.
 */
export function suppressSmall(rows: readonly FigureRow[], cellMin: number): readonly Figure[] {
  const hidden = new Set<FigureRow>();
  for (const group of Map.groupBy(rows, (row) => `${row.month} ${row.siteId}`).values()) {
    const ascending = group.toSorted((a, b) => a.incidents - b.incidents);
    const small = ascending.filter(({ incidents }) => incidents < cellMin);
    for (const row of small.length === 1 ? ascending.slice(0, 2) : small) hidden.add(row);
  }
  return rows.map((row) => (hidden.has(row) ? { ...row, incidents: null } : row));
}

const columns = ["month", "siteId", "siteName", "category", "level", "origin", "verdict", "incidents"] as const;

/** RFC 4180, CRLF. A cell that a spreadsheet would compute begins with an apostrophe. */
export function figuresCsv(figures: readonly Figure[]): string {
  const lines = figures.map((figure) => columns.map((name) => csvCell(figure[name])).join(","));
  return `${[columns.join(","), ...lines].join("\r\n")}\r\n`;
}

export function figuresNdjson(figures: readonly Figure[]): string {
  return figures.map((figure) => `${JSON.stringify(figure)}\n`).join("");
}

function csvCell(value: string | number | null): string {
  if (value === null) return "suppressed";
  const text = String(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
