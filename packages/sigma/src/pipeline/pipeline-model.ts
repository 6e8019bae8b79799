import type { Place } from "../problem.ts";
import type { Condition } from "../read/condition.ts";
import type { FieldNames, Selection, SigmaLogsource } from "../read/rule-model.ts";

/**
 * A field pipeline: what is changed in rules so that they fit the events of one source. The file's form is that of pySigma's
 * processing pipelines, of which what concerns names, conditions and log sources is understood and all else refused.
 */
export type SigmaPipeline = {
  readonly file: string;
  readonly line: number; // on which its document begins, from 1
  readonly name: string | null;
  /** Pipelines are applied in the order of their priorities, least first; of equal ones in the order in which they are given. */
  readonly priority: number;
  readonly steps: readonly PipelineStep[];
};

export type PipelineStep = {
  readonly id: string | null;
  readonly place: Place;
  /** Which rules it changes; null: all. */
  readonly rules: Gate<RuleCondition> | null;
  /** Which fields of these it changes; null: all. */
  readonly fields: Gate<FieldCondition> | null;
  readonly change: PipelineChange;
};

/** Named conditions, and how they are joined. */
export type Gate<T> = { readonly conditions: ReadonlyMap<string, T>; readonly expression: Condition };

export type RuleCondition =
  | { readonly kind: "logsource"; readonly logsource: SigmaLogsource }
  | { readonly kind: "contains_field"; readonly field: string }
  | { readonly kind: "tag"; readonly tag: string }
  | { readonly kind: "processing_item_applied"; readonly id: string }
  | { readonly kind: "is_sigma_rule" }
  | { readonly kind: "is_sigma_correlation_rule" };

export type FieldCondition = { readonly includes: boolean; readonly fits: (field: string) => boolean };

export type PipelineChange =
  | { readonly kind: "names"; readonly namesOf: (field: string) => FieldNames | null }
  | { readonly kind: "condition"; readonly name: string; readonly selection: Selection; readonly negated: boolean }
  | { readonly kind: "logsource"; readonly logsource: SigmaLogsource }
  | { readonly kind: "drop_items" }
  | { readonly kind: "refuse_rule"; readonly message: string }
  | { readonly kind: "refuse_items"; readonly message: string };
