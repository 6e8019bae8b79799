import type { Crime } from "./world.ts";

/** An incident as the pipeline opened it (or a watch item that was promoted): what the truth is held against. */
export type IncidentFound = {
  readonly id: string;
  readonly siteId: string;
  readonly category: string;
  readonly openedAtMs: number; // when it became an incident, by the clock of the deliveries
  readonly signalIds: readonly string[];
};

/**
 * `recall`: share of the crimes that some incident found. `precision`: share of the incidents that hold a signal of a crime.
 * `categoryRight`: share of those whose category is one that fits. Shares are null where there is nothing to divide by.
 */
export type EvaluationRow = {
  readonly name: string;
  readonly crimes: number;
  readonly found: number;
  readonly merged: number; // not found, but their signals joined an incident that was open already for something else
  readonly recall: number | null;
  readonly incidents: number;
  readonly right: number;
  readonly precision: number | null;
  readonly categoryRight: number | null;
  readonly medianSecondsToDetection: number | null; // from the start of the crime
  readonly p95SecondsToDetection: number | null;
};

export type Evaluation = {
  readonly total: EvaluationRow;
  readonly byCategory: readonly EvaluationRow[]; // crimes by their true category, incidents by the one they were given
  readonly byKind: readonly Pick<
    EvaluationRow,
    "name" | "crimes" | "found" | "merged" | "recall" | "medianSecondsToDetection"
  >[];
  readonly missed: readonly string[]; // crimes that no incident found
  readonly falseIncidents: readonly string[];
};

/**
 * Holds what the pipeline opened against what really happened. A crime is found by an incident that holds one of its signals and was
 * not opened before it began. `signalIdOf` gives the pipeline's id of a signal from its source and the id it was sent with.
 */
export function evaluate(given: {
  readonly crimes: readonly Crime[];
  readonly incidents: readonly IncidentFound[];
  readonly signalIdOf: (source: string, id: string) => string;
}): Evaluation {
  const crimeOf = new Map<string, Crime>();
  for (const crime of given.crimes) {
    for (const { source, id } of crime.signals) crimeOf.set(given.signalIdOf(source, id), crime);
  }
  const incidents = given.incidents.map((incident) => {
    const crimes = new Set(incident.signalIds.flatMap((id) => crimeOf.get(id) ?? []));
    const fits = [...crimes].some((crime) => [crime.category, ...crime.alsoRight].includes(incident.category));
    return { incident, crimes, fits };
  });
  const crimes = given.crimes.map((crime) => {
    const seconds = incidents
      .filter(({ incident, crimes: held }) => held.has(crime) && incident.openedAtMs >= crime.startMs)
      .map(({ incident }) => (incident.openedAtMs - crime.startMs) / 1000);
    const isHeld = incidents.some(({ crimes: held }) => held.has(crime));
    return { crime, isHeld, seconds: seconds.length > 0 ? Math.min(...seconds) : null };
  });

  const row = (name: string, isOfCrime: (crime: Crime) => boolean, isOfIncident: (one: IncidentFound) => boolean) =>
    rowOf({
      name,
      crimes: crimes.filter(({ crime }) => isOfCrime(crime)),
      incidents: incidents.filter(({ incident }) => isOfIncident(incident)),
    });
  const categories = new Set([...given.crimes, ...given.incidents].map(({ category }) => category));
  const kinds = new Set(given.crimes.map(({ kind }) => kind));
  const every = () => true;
  return {
    total: row("all", every, every),
    byCategory: [...categories].sort().map((name) =>
      row(
        name,
        (c) => c.category === name,
        (i) => i.category === name,
      ),
    ),
    byKind: [...kinds].sort().map((name) =>
      row(
        name,
        ({ kind }) => kind === name,
        () => false,
      ),
    ),
    missed: crimes.filter(({ seconds }) => seconds === null).map(({ crime }) => crime.id),
    falseIncidents: incidents.filter(({ crimes: held }) => held.size === 0).map(({ incident }) => incident.id),
  };
}

function rowOf(of: {
  readonly name: string;
  readonly crimes: readonly { readonly seconds: number | null; readonly isHeld: boolean }[]; // null: not found
  readonly incidents: readonly { readonly crimes: ReadonlySet<Crime>; readonly fits: boolean }[];
}): EvaluationRow {
  const seconds = of.crimes.flatMap((crime) => crime.seconds ?? []).sort((a, b) => a - b);
  const right = of.incidents.filter(({ crimes }) => crimes.size > 0);
  return {
    name: of.name,
    crimes: of.crimes.length,
    found: seconds.length,
    merged: of.crimes.filter((crime) => crime.seconds === null && crime.isHeld).length,
    recall: share(seconds.length, of.crimes.length),
    incidents: of.incidents.length,
    right: right.length,
    precision: share(right.length, of.incidents.length),
    categoryRight: share(right.filter(({ fits }) => fits).length, right.length),
    medianSecondsToDetection: quantile(seconds, 0.5),
    p95SecondsToDetection: quantile(seconds, 0.95),
  };
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

/** Nearest rank; null of nothing. */
function quantile(sorted: readonly number[], at: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * at) - 1)] ?? null;
}

const columns = [
  "crimes",
  "found",
  "merged",
  "recall",
  "incidents",
  "right",
  "precision",
  "category",
  "median s",
  "p95 s",
] as const;

/** The evaluation as a table of text, one line a category, a total, and the recall by kind of crime. Ends with a line feed. */
export function formatEvaluation(evaluation: Evaluation): string {
  const rows = [...evaluation.byCategory, evaluation.total].map((row) => [
    row.name,
    String(row.crimes),
    String(row.found),
    String(row.merged),
    percent(row.recall),
    String(row.incidents),
    String(row.right),
    percent(row.precision),
    percent(row.categoryRight),
    inSeconds(row.medianSecondsToDetection),
    inSeconds(row.p95SecondsToDetection),
  ]);
  const kinds = evaluation.byKind.map((row) => [
    row.name,
    String(row.crimes),
    String(row.found),
    String(row.merged),
    percent(row.recall),
    inSeconds(row.medianSecondsToDetection),
  ]);
  const byCategory = table([["category", ...columns], ...rows]);
  return `${byCategory}\n${table([["kind of crime", "crimes", "found", "merged", "recall", "median s"], ...kinds])}`;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)));
  return rows.map((row) => `${line(row).join("  ").trimEnd()}\n`).join("");
}

function percent(value: number | null): string {
  return value === null ? "-" : `${(value * 100).toFixed(1)} %`;
}

function inSeconds(value: number | null): string {
  return value === null ? "-" : value.toFixed(1);
}
