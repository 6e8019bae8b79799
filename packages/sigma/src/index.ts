/**
 * Sigma detection engine: rules, correlations and filters of Sigma 2.1, in plain TypeScript without I/O.
 *
 * `compile` reads and checks files and makes them ready, upon what was compiled before where that is given; `RuleSet.evaluate` says which rules match an event and why;
 * `CorrelationSet.add` what they amount to over time; `runRuleTests`, `runCorrelationTests` and `runFilterTests` run the tests that they carry. The
 * steps of `compile` are there by themselves too: `parseSigma`, `applyFilters`, `applyPipelines`, `compileRules`, `CorrelationSet.compile`.
 */
export {
  CorrelationSet,
  type CorrelationChange,
  type CorrelationFinding,
  type CorrelationLosses,
  type CorrelationOptions,
  type CorrelationPart,
  type CorrelationState,
  type CountedEvent,
} from "./correlate/correlation-set.ts";
export { correlationIdOf } from "./correlate/correlation-plan.ts";
export { runCorrelationTests, type CorrelationTestResult } from "./correlate/correlation-tests.ts";
export type { SigmaCorrelation } from "./read/correlation-model.ts";
export { compile, type CompileOptions, type Detector, type FilterEffect, type SigmaFile } from "./compile.ts";
export { applyPipelines } from "./pipeline/apply-pipelines.ts";
export { parsePipelines } from "./pipeline/parse-pipeline.ts";
export { readyPipeline, readyPipelines } from "./pipeline/ready-pipelines.ts";
export type { SigmaPipeline } from "./pipeline/pipeline-model.ts";
export { applyFilters } from "./read/apply-filters.ts";
export type { SigmaFilter } from "./read/filter-model.ts";
export { parseRules, parseSigma, type SigmaDocuments } from "./read/parse-rules.ts";
export { compileRules, ruleIdOf, type EventLogsource, type RuleSet, type SigmaMatch } from "./match/compile-rules.ts";
export type { Because } from "./match/compile-rule.ts";
export { runFilterTests, type FilterTestResult } from "./match/filter-tests.ts";
export { runRuleTests, type RuleTestResult } from "./match/rule-tests.ts";
export type { Placeholders } from "./read/placeholder.ts";
export { sigmaProblemCodes, type SigmaProblem, type SigmaProblemCode } from "./problem.ts";
export type { Result } from "./result.ts";
export type { JsonObject, JsonValue } from "./json.ts";
export type {
  RuleTestCase,
  RuleTestCases,
  SigmaLevel,
  SigmaLogsource,
  SigmaRule,
  SigmaStatus,
} from "./read/rule-model.ts";
