import type {
  BacktestDay,
  BacktestExample,
  BacktestQuiet,
  BacktestState,
  RuleKind,
  RuleProblem,
  RuleState,
  RuleTest,
} from "@tillwatch/wire";

/** Cases that people called true and false, of those that hold a signal which the rule matched. */
export type Judged = { readonly right: number; readonly wrong: number };

export type Day = { readonly day: string; readonly live: number; readonly shadow: number };

/** A rule as the list shows it. `live` and `shadow` are numbers of versions; 0 is the pack's file as shipped. */
export type RuleItem = {
  readonly kind: RuleKind;
  readonly id: string;
  readonly title: string;
  readonly origin: "pack" | "written";
  readonly editable: boolean;
  readonly countedBy: readonly string[]; // titles of correlations: only they speak of what it matches
  readonly state: RuleState;
  readonly live: number | null;
  readonly shadow: number | null;
  readonly latest: number;
  readonly asked: { readonly number: number; readonly by: string; readonly at: string } | null;
  readonly level: string | null;
  readonly category: string;
  readonly triageLevel: number;
  readonly service: string | null;
  readonly pages: boolean;
  readonly narrows: readonly string[]; // of a filter: titles of rules
  readonly days: readonly Day[];
  readonly judged: Judged | null;
  readonly shadowJudged: Judged | null;
};

export type Bar = { readonly share: number; readonly verdictsMin: number };

export type RuleList = {
  readonly items: readonly RuleItem[];
  readonly fromDay: string;
  readonly bar: Bar;
  readonly rulebook: { readonly version: string; readonly revision: number; readonly fault: string | null };
};

export type VersionLine = {
  readonly number: number;
  readonly state: RuleState;
  readonly title: string;
  readonly sha256: string;
  readonly author: string;
  readonly because: string;
  readonly at: string | null;
};

export type Step = {
  readonly kind: "drafted" | "shadowed" | "shadow_ended" | "signature_asked" | "activated" | "retired" | "rolled_back";
  readonly number: number;
  readonly liveBefore: number | null;
  readonly liveAfter: number | null;
  readonly actor: string;
  readonly signedBy: string | null;
  readonly because: string;
  readonly judged: Judged | null;
  readonly at: string;
};

export type Rule = RuleItem & {
  readonly versions: readonly VersionLine[];
  readonly steps: readonly Step[];
  readonly back: { readonly live: number | null; readonly guarded: boolean } | null; // where a way back leads; null: nowhere
  readonly names: Readonly<Record<string, string>>;
};

export type Check = {
  readonly ok: boolean;
  readonly facts: {
    readonly kind: RuleKind;
    readonly title: string;
    readonly pages: boolean;
    readonly narrows: readonly string[];
  } | null;
  readonly problems: readonly RuleProblem[];
  readonly tests: readonly RuleTest[];
  readonly diff?: readonly DiffLine[] | null; // against the version that was named; null or absent: none was, or nothing differs
};

export type DiffLine = { readonly kind: "same" | "removed" | "added"; readonly text: string };

export type Version = {
  readonly id: string;
  readonly number: number;
  readonly state: RuleState;
  readonly text: string;
  readonly sha256: string;
  readonly author: string;
  readonly because: string;
  readonly at: string | null;
  readonly check: Check;
  readonly against: number | null;
  readonly diff: readonly DiffLine[];
};

export type Hit = {
  readonly signalId: string;
  readonly siteId: string;
  readonly at: string;
  readonly incidentId: string | null;
  readonly incidentRef: string | null;
  readonly type: string | null; // of the signal; null: it is gone, or not this reader's
  readonly deviceId: string | null;
};

/** `live`: what runs from now on. */
export type Changed = {
  readonly id: string;
  readonly number: number;
  readonly kind: Step["kind"];
  readonly live: number | null;
};

/** What is backtested: a text as it was typed, or a version that is kept. */
export type BacktestAsked =
  | { readonly files: readonly { readonly file: string; readonly rule: string }[] }
  | { readonly version: { readonly id: string; readonly number: number } };

/** An example with its signals as this person may see them. */
export type Example = Omit<BacktestExample, "signalIds"> & {
  readonly signals: readonly {
    readonly id: string;
    readonly type: string;
    readonly at: string;
    readonly incidentId: string | null;
    readonly incidentRef: string | null;
  }[];
};

export type Backtest = {
  readonly id: string;
  readonly state: BacktestState;
  readonly from: string;
  readonly to: string;
  readonly outdated: boolean;
  readonly share: number;
  readonly signals: number;
  readonly fault: string | null;
  readonly days: readonly BacktestDay[];
  readonly examples: readonly Example[];
  readonly since: string | null; // receipt of the first signal; null: not known, or there is none
  readonly quiet: BacktestQuiet | null; // null: from before silences and dismissals were heeded
};

/** A backtest in the list: what it was about. */
export type BacktestLine = Pick<Backtest, "id" | "state"> & {
  readonly subjects: readonly { readonly id: string; readonly number: number | null; readonly sha256: string }[];
};
