import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SigmaProblemCode } from "../problem.ts";
import { parsePipelines } from "./parse-pipeline.ts";

describe("refusals", () => {
  const step = (text: string) => `transformations:\n  - ${text}\n`;
  const refused: readonly (readonly [SigmaProblemCode, string])[] = [
    ["sigma_file_empty", ""],
    ["sigma_yaml_syntax", "name: [\n"],
    ["sigma_pipeline_malformed", "- a\n"],
    ["sigma_pipeline_malformed", "name: p\n"],
    ["sigma_pipeline_malformed", "transformations: {}\n"],
    ["sigma_pipeline_malformed", "priority: high\ntransformations: []\n"],
    ["sigma_pipeline_unsupported", "vars: {a: b}\ntransformations: []\n"],
    ["sigma_pipeline_unsupported", "finalizers: []\ntransformations: []\n"],
    ["sigma_pipeline_malformed", step("text")],
    ["sigma_pipeline_malformed", step("{mapping: {a: b}}")],
    ["sigma_pipeline_unsupported", step("{type: replace_string, regex: a, replacement: b}")],
    ["sigma_pipeline_unsupported", step("{type: toString}")],
    ["sigma_pipeline_malformed", step("{type: field_name_mapping}")],
    ["sigma_pipeline_malformed", step("{type: field_name_mapping, mapping: {a: []}}")],
    ["sigma_pipeline_malformed", step("{type: field_name_mapping, mapping: {a: {b: c}}}")],
    ["sigma_pipeline_unsupported", step("{type: field_name_mapping, mapping: {a: b}, mode: x}")],
    [
      "sigma_pipeline_unsupported",
      step("{type: field_name_mapping, mapping: {a: b}, detection_item_conditions: [{type: is_null}]}"),
    ],
    ["sigma_pipeline_malformed", step("{type: field_name_prefix}")],
    ["sigma_pipeline_malformed", step("{type: add_condition}")],
    ["sigma_selection_malformed", step("{type: add_condition, conditions: text}")],
    ["sigma_modifier_unknown", step("{type: add_condition, conditions: {a|b: c}}")],
    ["sigma_pipeline_unsupported", step("{type: add_condition, conditions: {a: $product}, template: true}")],
    ["sigma_pipeline_malformed", step("{type: change_logsource}")],
    ["sigma_pipeline_malformed", step("{type: rule_failure}")],
    ["sigma_pipeline_malformed", step("{type: field_name_prefix, prefix: a, rule_cond_op: or}")],
    ["sigma_pipeline_malformed", step("{type: field_name_prefix, prefix: a, rule_conditions: []}")],
    ["sigma_pipeline_malformed", step("{type: field_name_prefix, prefix: a, rule_conditions: [text]}")],
    ["sigma_pipeline_malformed", step("{type: field_name_prefix, prefix: a, rule_conditions: [{type: logsource}]}")],
    [
      "sigma_pipeline_malformed",
      step("{type: field_name_prefix, prefix: a, rule_cond_op: xor, rule_conditions: [{type: tag, tag: a}]}"),
    ],
    [
      "sigma_pipeline_malformed",
      step("{type: field_name_prefix, prefix: a, rule_cond_expr: b, rule_conditions: {a: {type: tag, tag: a}}}"),
    ],
    [
      "sigma_pipeline_unsupported",
      step("{type: field_name_prefix, prefix: a, rule_conditions: [{type: rule_attribute, attribute: level}]}"),
    ],
    [
      "sigma_pipeline_unsupported",
      step("{type: field_name_prefix, prefix: a, rule_conditions: [{type: include_fields, fields: a}]}"),
    ],
    [
      "sigma_regex_unsupported",
      step(
        "{type: field_name_prefix, prefix: a, field_name_conditions: [{type: include_fields, mode: re, fields: '('}]}",
      ),
    ],
    [
      "sigma_pipeline_malformed",
      step("{type: rule_failure, message: a, field_name_conditions: [{type: include_fields, fields: a}]}"),
    ],
  ];
  for (const [code, text] of refused) {
    test(`C09 a pipeline that is not understood is refused: ${code} ${JSON.stringify(text)}`, () => {
      const parsed = parsePipelines(text, "p.yml");
      assert.ok(!parsed.ok);
      assert.deepEqual([...new Set(parsed.error.map((problem) => problem.code))], [code], JSON.stringify(parsed.error));
      for (const { line, column, remedy } of parsed.error) assert.ok(line >= 1 && column >= 1 && remedy !== "");
    });
  }
});
