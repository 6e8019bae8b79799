/** What verifying an export of the record says, in the order of trust: the first failure is the cause and not a consequence. */
export const exportChecks = [
  "zip structure",
  "claim",
  "checkpoint",
  "seal",
  "files",
  "entries in the log",
  "bodies",
  "count",
  "answers the question",
  "nothing left out",
] as const;
export type ExportCheckName = (typeof exportChecks)[number];

export type ExportCheck = { readonly name: ExportCheckName; readonly ok: boolean; readonly detail: string };

export type ExportReport = {
  readonly verdict: "verified" | "broken" | "unusable";
  readonly checks: readonly ExportCheck[];
  readonly firstProblem?: string;
  /** The question in words, once it could be read. */
  readonly question?: string;
  /** Key of the log, and whether the verifier gave it or the export itself names it. */
  readonly key?: { readonly vkey: string; readonly source: "given" | "export" };
};

/** Collects checks; only the first failure of each is kept. */
export class ExportFindings {
  readonly #details = new Map<ExportCheckName, { ok: boolean; detail: string }>();

  pass(name: ExportCheckName, detail: string): void {
    if (!this.#details.has(name)) this.#details.set(name, { ok: true, detail });
  }

  fail(name: ExportCheckName, detail: string): void {
    if (this.#details.get(name)?.ok !== false) this.#details.set(name, { ok: false, detail });
  }

  list(): ExportCheck[] {
    return exportChecks.flatMap((name) => {
      const found = this.#details.get(name);
      return found === undefined ? [] : [{ name, ...found }];
    });
  }
}
