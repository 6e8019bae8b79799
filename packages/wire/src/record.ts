/**
 * A question to the record: who saw, changed, released, decided what, when, why. Every member narrows; none asks for everything.
 * `incident` takes in what belongs to it (its exhibits, packets, grants and the decisions that led to it); `ground` are words that the
 * reason of a person must all contain; `from` is inclusive, `to` exclusive, RFC 3339.
 */
export type AuditQuestion = {
  readonly subject?: string;
  readonly subjectKind?: string;
  readonly incident?: string;
  readonly actor?: string;
  readonly did?: "saw" | "changed" | "released" | "decided";
  readonly kind?: string;
  readonly area?: string;
  readonly verb?: string;
  readonly purpose?: string;
  readonly ground?: string;
  readonly from?: string;
  readonly to?: string;
};

/** An answer of the record as a file with its proofs. `bytes` is null until it is ready. */
export type AuditExportView = {
  readonly id: string;
  readonly says: string; // the question in words
  readonly question: AuditQuestion;
  readonly because: string;
  readonly askedBy: string;
  readonly askedAt: string;
  readonly state: "building" | "ready" | "failed";
  readonly problem: string | null;
  readonly entries: number | null;
  readonly treeSize: number | null;
  readonly readyAt: string | null;
  readonly bytes: number | null;
};

/** A case of misuse: what a rule over the record found, and what people made of it. */
export type MisuseCaseView = {
  readonly id: string;
  readonly rule: string;
  readonly title: string;
  readonly level: string;
  readonly actor: string | null; // who is flagged; null: nobody alone
  readonly says: string;
  readonly grouped: Readonly<Record<string, string>>; // what the counted entries have in common
  readonly counted: number;
  readonly firstAt: string;
  readonly lastAt: string;
  readonly openedAt: string;
  readonly state: "open" | "explained" | "confirmed";
  readonly decidedBy: string | null;
  readonly decidedAt: string | null;
  readonly because: string | null;
};

/** A change of what is in force: settings, thresholds, rules, policies. */
export type ConfigurationStateView = {
  readonly number: number;
  readonly at: string;
  readonly because: string;
  readonly reasonKnown: boolean;
  readonly parts: Readonly<Record<string, string>>; // part to digest
  readonly changes: readonly {
    readonly part: string;
    readonly path: string;
    readonly before: string | null;
    readonly after: string | null;
  }[];
  readonly auditId: string;
};

/** A control with its latest runs, newest first. `ok` null: it never ran. */
export type ControlView = {
  readonly id: string;
  readonly title: string;
  readonly says: string; // what it proves
  readonly everyMinutes: number;
  readonly ok: boolean | null;
  readonly runs: readonly {
    readonly at: string;
    readonly ok: boolean;
    readonly says: string;
    readonly evidence: unknown;
    readonly askedBy: string;
  }[];
};
