import type { Place } from "../problem.ts";
import type { Detection, RuleTestCases, SigmaLogsource } from "./rule-model.ts";

/** A filter as its file says it: what must hold besides a rule's own condition (Sigma filters specification 2.1). */
export type SigmaFilter = {
  readonly file: string;
  readonly line: number; // on which its document begins, from 1
  readonly id: string | null;
  readonly name: string | null;
  readonly title: string;
  readonly description: string | null;
  readonly logsource: SigmaLogsource;
  /** Ids or names of the rules that it narrows, with where the file names them; null: every rule of the log source. */
  readonly rules: readonly { readonly name: string; readonly place: Place }[] | null;
  readonly detection: Detection;
  /** `match`: events that every rule which it narrows goes on matching; `noMatch`: events that they match without it, and not with it. */
  readonly tests: RuleTestCases;
};
