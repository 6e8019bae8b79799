import { CorrelationSet, type CorrelationOptions } from "./correlate/correlation-set.ts";
import { compileKnownRules, noPlaceholders, type RuleSet } from "./match/compile-rules.ts";
import { RuleMemory } from "./match/rule-memory.ts";
import type { SigmaProblem } from "./problem.ts";
import { applyPipelines } from "./pipeline/apply-pipelines.ts";
import type { SigmaPipeline } from "./pipeline/pipeline-model.ts";
import { applyFilters, isFor, narrowedBy } from "./read/apply-filters.ts";
import type { SigmaFilter } from "./read/filter-model.ts";
import { parseSigma, type SigmaDocuments } from "./read/parse-rules.ts";
import type { Placeholders } from "./read/placeholder.ts";
import type { SigmaRule } from "./read/rule-model.ts";
import { ok, refused, type Result } from "./result.ts";

/** A text of Sigma with the name by which problems call it. */
export type SigmaFile = { readonly file: string; readonly text: string };

export type CompileOptions = {
  readonly placeholders?: Placeholders;
  readonly correlations?: CorrelationOptions;
  /** What makes the rules fit the events of their sources; applied after the filters, which are changed with their rules. */
  readonly pipelines?: readonly SigmaPipeline[];
  /**
   * What was compiled before: files that are the same, by name and text, are not read again, and their rules are not made ready again. What
   * comes out is the same as without. Rules that filters or pipelines change are made ready each time.
   */
  readonly previous?: Detector;
};

/** Everything that some files say, ready to run. */
export type Detector = {
  /** As the files say it; `rules` already narrowed by the filters, and with the correlations changed by the pipelines. */
  readonly documents: SigmaDocuments;
  readonly ruleSet: RuleSet;
  /** A new state of the correlations, which begins to count with the next event. */
  readonly startCorrelating: () => CorrelationSet;
  /** What one of its filters does, by itself. Made ready anew with each call. */
  readonly effectOf: (filter: SigmaFilter) => FilterEffect;
};

/** The rules that a filter narrows, ready to run without it and with it. All other filters narrow them in both. */
export type FilterEffect = {
  readonly rules: readonly SigmaRule[];
  readonly without: RuleSet;
  readonly with: RuleSet;
};

/**
 * Reads, checks and compiles files of Sigma as one set: all of them or, with every problem listed by file, line and column, none.
 *
 * ```ts
 * const detector = compile([{ file: "rules.yml", text }]);
 * if (!detector.ok) throw new Error(detector.error[0]?.message);
 * const correlations = detector.value.startCorrelating();
 * const matches = detector.value.ruleSet.evaluate(event);
 * const changes = correlations.add({ atMs: Date.parse(event.time), ref: event.id, event, matches });
 * ```
 *
 * `matches` holds rules of `correlations.silentRules` as well, which only serve to be counted. No I/O, no clock; never throws.
 */
export function compile(
  files: readonly SigmaFile[],
  options: CompileOptions = {},
): Result<Detector, readonly SigmaProblem[]> {
  const known = options.previous === undefined ? undefined : memories.get(options.previous);
  const readings = new Map<string, Reading>();
  const parsed = files.map(({ file, text }) => {
    const name = `${file}\0${text}`;
    const reading = known?.readings.get(name) ?? parseSigma(text, file);
    readings.set(name, reading);
    return reading;
  });
  const problems = parsed.flatMap((one) => (one.ok ? [] : one.error));
  if (problems.length > 0) return refused(problems);
  const all = <T>(of: (documents: SigmaDocuments) => readonly T[]) =>
    parsed.flatMap((one) => (one.ok ? of(one.value) : []));
  const filters = all((one) => one.filters);
  const written = all((one) => one.rules);
  const narrowed = applyFilters(written, filters);
  if (!narrowed.ok) return narrowed;
  const fitting = applyPipelines(
    { rules: narrowed.value, correlations: all((one) => one.correlations) },
    options.pipelines ?? [],
  );
  if (!fitting.ok) return fitting;
  const { rules, correlations } = fitting.value;
  const ready = known === undefined || known.ready.isWorn(rules.length) ? new RuleMemory() : known.ready;
  const ruleSet = compileKnownRules(rules, options.placeholders ?? noPlaceholders, ready);
  if (!ruleSet.ok) return ruleSet;
  const start = () => CorrelationSet.compile(correlations, rules, options.correlations);
  const first = start();
  if (!first.ok) return first;
  const startCorrelating = () => {
    const started = start();
    if (!started.ok) throw new Error("what compiled before compiles again");
    return started.value;
  };
  const readyWith = (meant: readonly SigmaRule[], narrowing: readonly SigmaFilter[]): RuleSet => {
    const fit = applyPipelines({ rules: narrowedBy(meant, narrowing), correlations: [] }, options.pipelines ?? []);
    const set = fit.ok ? compileKnownRules(fit.value.rules, options.placeholders ?? noPlaceholders, ready) : fit;
    if (!set.ok) throw new Error("what compiled before compiles again");
    return set.value;
  };
  const effectOf = (filter: SigmaFilter): FilterEffect => {
    const meant = written.filter((rule) => isFor(filter, rule));
    const others = filters.filter((one) => one !== filter);
    return { rules: meant, without: readyWith(meant, others), with: readyWith(meant, filters) };
  };
  const documentsRead = { rules, correlations, filters };
  const detector = { documents: documentsRead, ruleSet: ruleSet.value, startCorrelating, effectOf };
  memories.set(detector, { readings, ready });
  return ok(detector);
}

type Reading = Result<SigmaDocuments, readonly SigmaProblem[]>;

/** What a detector was made of, by name and text of its files; goes with it. */
type Memory = { readonly readings: ReadonlyMap<string, Reading>; readonly ready: RuleMemory };
const memories = new WeakMap<Detector, Memory>();
