/** Every way in which a rule file can be refused. Each code stands in docs/errors/sigma.md with its remedy. */
export const sigmaProblemCodes = [
  "sigma_all_needs_list",
  "sigma_base64offset_too_short",
  "sigma_cidr_malformed",
  "sigma_condition_aggregation",
  "sigma_condition_quantifier",
  "sigma_condition_selection_unknown",
  "sigma_condition_syntax",
  "sigma_condition_too_large",
  "sigma_correlation_field_unknown",
  "sigma_correlation_malformed",
  "sigma_correlation_not_supported_yet",
  "sigma_correlation_ring",
  "sigma_correlation_rule_unknown",
  "sigma_correlation_too_long",
  "sigma_correlation_type_unsupported",
  "sigma_detection_malformed",
  "sigma_document_action_not_supported",
  "sigma_document_not_a_map",
  "sigma_encoding_needs_plain_text",
  "sigma_expansion_too_large",
  "sigma_field_name_malformed",
  "sigma_file_empty",
  "sigma_file_too_large",
  "sigma_filter_malformed",
  "sigma_filter_not_supported_yet",
  "sigma_filter_rule_unfit",
  "sigma_filter_rule_unknown",
  "sigma_id_malformed",
  "sigma_key_missing",
  "sigma_level_unknown",
  "sigma_logsource_malformed",
  "sigma_metadata_malformed",
  "sigma_modifier_combination",
  "sigma_modifier_order",
  "sigma_modifier_repeated",
  "sigma_modifier_unknown",
  "sigma_modifier_value_type",
  "sigma_null_in_list",
  "sigma_number_not_exact",
  "sigma_pipeline_malformed",
  "sigma_pipeline_rule_empty",
  "sigma_pipeline_rule_refused",
  "sigma_pipeline_unsupported",
  "sigma_placeholder_empty",
  "sigma_placeholder_malformed",
  "sigma_placeholder_unknown",
  "sigma_regex_too_large",
  "sigma_regex_unsupported",
  "sigma_rule_id_duplicate",
  "sigma_selection_empty",
  "sigma_selection_malformed",
  "sigma_status_unknown",
  "sigma_taxonomy_unknown",
  "sigma_tests_malformed",
  "sigma_timeframe_not_supported",
  "sigma_too_many_problems",
  "sigma_value_ambiguous",
  "sigma_value_empty",
  "sigma_value_malformed",
  "sigma_value_too_long",
  "sigma_yaml_duplicate_key",
  "sigma_yaml_key_malformed",
  "sigma_yaml_syntax",
  "sigma_yaml_too_large",
] as const;
export type SigmaProblemCode = (typeof sigmaProblemCodes)[number];

/** Why a rule was refused. Line and column count from 1, columns in UTF-16 code units. */
export type SigmaProblem = {
  readonly code: SigmaProblemCode;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly remedy: string;
};

/** Where something stands in its file; both count from 1. */
export type Place = { readonly line: number; readonly column: number };

export type Complaint = { readonly code: SigmaProblemCode; readonly message: string; readonly remedy: string };

export const problemsMax = 200;

/** Collects all problems of one file, so that an author sees them at once. */
export class Problems {
  readonly found: SigmaProblem[] = [];
  readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  add(place: Place, complaint: Complaint): void {
    if (this.found.length > problemsMax) return;
    const last: Complaint = {
      code: "sigma_too_many_problems",
      message: `More than ${problemsMax} problems; the rest is not listed.`,
      remedy: "Correct the problems listed so far and check again.",
    };
    const { code, message, remedy } = this.found.length === problemsMax ? last : complaint;
    this.found.push({ code, file: this.file, line: place.line, column: place.column, message, remedy });
  }
}

/** Text of a rule inside a message: quoted, shortened, control characters visible. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}
