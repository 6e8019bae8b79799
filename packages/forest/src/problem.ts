/** Every way in which training data or a model file can be refused. Each code stands in docs/errors/model.md with its remedy. */
export const forestProblemCodes = [
  "model_digest_wrong",
  "model_features_malformed",
  "model_file_too_large",
  "model_format_unknown",
  "model_json_syntax",
  "model_member_missing",
  "model_member_unknown",
  "model_rows_too_few",
  "model_too_large",
  "model_tree_malformed",
  "model_value_malformed",
] as const;
export type ForestProblemCode = (typeof forestProblemCodes)[number];

/** Why training data or a file was refused. `place` is a path into it (`forest.trees[3].left[5]`); "" is the whole. */
export type ForestProblem = {
  readonly code: ForestProblemCode;
  readonly place: string;
  readonly message: string;
  readonly remedy: string;
};

const remedies: Readonly<Record<ForestProblemCode, string>> = {
  model_digest_wrong:
    "The file was changed after it was written. Take the original again, or train anew with `tillwatch model train`.",
  model_features_malformed: "Name 1 to 256 features, each once, in small letters, digits and underscores.",
  model_file_too_large: "A model file has at most 32 MiB. Train with fewer trees or a smaller sample.",
  model_format_unknown: "Use a file that `tillwatch model train` of this or an earlier release wrote.",
  model_json_syntax: "The file is no JSON: it was cut off or edited. Take the original again.",
  model_member_missing: "Add the member, or train anew with `tillwatch model train`.",
  model_member_unknown: "Remove the member: what is not known is not guessed at.",
  model_rows_too_few: "Give more windows: a longer time, or more sites.",
  model_too_large: "Train with fewer trees or a smaller sample.",
  model_tree_malformed: "The tree is no tree. Take the original again, or train anew with `tillwatch model train`.",
  model_value_malformed: "Correct the value, or train anew with `tillwatch model train`.",
};

export function forestProblem(code: ForestProblemCode, place: string, message: string): ForestProblem {
  return { code, place, message, remedy: remedies[code] };
}
