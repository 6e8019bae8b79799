/**
 * Sigma detection engine: single-event rules of Sigma 2.1, in plain TypeScript without I/O.
 *
 * `parseRules` reads rule files, `compileRules` makes them ready, `RuleSet.evaluate` says which rules match an event and
 * why, `runRuleTests` runs the tests that a rule carries.
 */
export { parseRules } from "./parse-rules.ts";
export { compileRules, ruleIdOf, type EventLogsource, type RuleSet, type SigmaMatch } from "./compile-rules.ts";
export type { Because } from "./compile-rule.ts";
export { runRuleTests, type RuleTestResult } from "./rule-tests.ts";
export type { Placeholders } from "./placeholder.ts";
export { sigmaProblemCodes, type SigmaProblem, type SigmaProblemCode } from "./problem.ts";
export type { Result } from "./result.ts";
export type { JsonObject, JsonValue } from "./json.ts";
export type { RuleTestCase, RuleTestCases, SigmaLevel, SigmaLogsource, SigmaRule, SigmaStatus } from "./rule-model.ts";
