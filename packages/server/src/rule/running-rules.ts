import { compile, parseSigma, type FilterEffect, type SigmaFilter, type SigmaProblem } from "@tillwatch/sigma";
import { ok, type Result } from "@tillwatch/wire";
import type { DecisionVersions } from "../decision/decision-record.ts";
import type { PackContent } from "../decision/decision-store.ts";
import type { LoadedRules } from "../detect/detect.ts";
import { versionOf, type LoadedPack } from "../pack/load-pack.ts";
import { loadRules, rulesOfFiles, type RuleFile, type Rulebook } from "../pack/load-rules.ts";
import { headOf, kindOfText } from "./check-rule.ts";

/** What the store says of one rule: the texts of what runs and what watches, null where none does or it is the pack's file. */
export type StoredRule = {
  readonly id: string;
  readonly live: number | null;
  readonly liveText: string | null;
  readonly shadow: number | null;
  readonly shadowText: string | null;
};

/** Everything that a batch is detected with, as one value: a batch takes it once and keeps it to its end. */
export type RunningRules = {
  readonly revision: number; // of the store
  readonly rulebook: Rulebook;
  readonly versions: DecisionVersions;
  readonly content: PackContent;
  /** Of every stored rule that runs, the number of its version; a rule that is not here runs as shipped. */
  readonly numbers: ReadonlyMap<string, number>;
  readonly shadow: ShadowRules | null;
  /** What filters keep out, those that run and those that watch. */
  readonly filters: readonly FilterWatch[];
};

/** What one version of a filter does to the rules that run. One that watches is asked as if it ran, in place of the version that does. */
export type FilterWatch = {
  readonly id: string;
  readonly number: number; // 0: as shipped
  readonly shadow: boolean;
  readonly filter: SigmaFilter;
  readonly effect: FilterEffect;
};

/** What watches, with windows of its own; `rules` holds nothing else. `numbers`: of the versions, by id of rule or correlation. */
export type ShadowRules = { readonly rules: LoadedRules; readonly numbers: ReadonlyMap<string, number> };

/** The pack alone, with nothing stored. */
export function asShipped(pack: LoadedPack): RunningRules {
  const content = pack.contents.find(({ kind }) => kind === "rules");
  if (content === undefined) throw new TypeError("a loaded pack has its rules among its contents");
  const { rulebook, versions } = pack;
  const numbers = new Map<string, number>();
  return { revision: 0, rulebook, versions, content, numbers, shadow: null, filters: filtersIn(rulebook, numbers) };
}

/** A rule of the pack that has its file to itself (a correlation: with what it counts), and so can be replaced or retired here. */
export type PackRule = { readonly id: string; readonly file: string; readonly text: string };

export type PackRules = {
  readonly files: readonly RuleFile[];
  readonly byId: ReadonlyMap<string, PackRule>;
};

export function packRulesOf(pack: LoadedPack): PackRules {
  const files = JSON.parse(asShipped(pack).content.body) as readonly RuleFile[];
  const byId = new Map<string, PackRule>();
  for (const { file, text } of files) {
    const parsed = parseSigma(text, file);
    if (!parsed.ok) continue; // it loaded as a whole before: cannot be
    const id = headOf(parsed.value)?.of.id ?? null;
    if (id !== null) byId.set(id, { id, file, text });
  }
  return { files, byId };
}

/**
 * The rulebook that pack and store come to, compiled whole, or everything that is wrong with it. The same pack and the same texts
 * have the same version everywhere, and where the store changes nothing it is the pack's own.
 */
export function compose(
  pack: LoadedPack,
  shipped: PackRules,
  { stored, revision }: { readonly stored: readonly StoredRule[]; readonly revision: number },
): Result<RunningRules, readonly SigmaProblem[]> {
  const files = filesOf(shipped, stored);
  const body = JSON.stringify(files);
  const version = versionOf("rules", body);
  const loaded = version === pack.versions.rules ? ok(pack.rulebook) : loadRules(files, version, pack.rulebook);
  if (!loaded.ok) return loaded;
  const numbers = new Map(stored.flatMap(({ id, live }) => (live === null || live === 0 ? [] : [[id, live]])));
  const running = { rulebook: loaded.value, files };
  const watching = watchingOf(shipped, stored);
  const shadow = shadowOf(watching.rules, running);
  if (!shadow.ok) return shadow;
  const filters = watchedFilters(watching.filters, running);
  if (!filters.ok) return filters;
  return ok({
    revision,
    rulebook: loaded.value,
    versions: { ...pack.versions, rules: version },
    content: { kind: "rules", version, body },
    numbers,
    shadow: shadow.value,
    filters: [...filtersIn(loaded.value, numbers), ...filters.value],
  });
}

/** In order of file; a stored version takes the place of the pack's file of its rule. */
function filesOf(shipped: PackRules, stored: readonly StoredRule[]): readonly RuleFile[] {
  const files = new Map(shipped.files.map((one) => [one.file, one]));
  for (const { id, live, liveText } of stored) {
    if (live === 0) continue;
    const file = fileOf(shipped, id);
    if (liveText === null) files.delete(file);
    else files.set(file, { file, text: liveText });
  }
  return inOrder(files.values());
}

function inOrder(files: Iterable<RuleFile>): readonly RuleFile[] {
  return [...files].toSorted((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0));
}

/** `files` with these in place of their own. */
function replacing(files: readonly RuleFile[], others: readonly RuleFile[]): readonly RuleFile[] {
  return inOrder(new Map([...files, ...others].map((one) => [one.file, one])).values());
}

type Watching = RuleFile & { readonly id: string; readonly number: number };

function watchingOf(shipped: PackRules, stored: readonly StoredRule[]) {
  const all = stored.flatMap(({ id, shadow, shadowText }): readonly Watching[] =>
    shadow === null || shadowText === null ? [] : [{ id, number: shadow, file: fileOf(shipped, id), text: shadowText }],
  );
  const isFilter = ({ text }: Watching) => kindOfText(text) === "filter";
  return { rules: all.filter((one) => !isFilter(one)), filters: all.filter(isFilter) };
}

type Files = { readonly rulebook: Rulebook; readonly files: readonly RuleFile[] };

/** What watches, as it would run: narrowed by the filters that run, which takes what they name together with it. */
function shadowOf(
  watching: readonly Watching[],
  { rulebook, files }: Files,
): Result<ShadowRules | null, readonly SigmaProblem[]> {
  if (watching.length === 0) return ok(null);
  const alone = watching.map(({ file, text }) => ({ file, text }));
  const filtering = new Set(rulebook.detector.documents.filters.map(({ file }) => file));
  // Windows are filled by it: the same texts under the same filters go on counting, whatever else changes.
  const narrowing = files.filter(({ file }) => filtering.has(file));
  const version = versionOf("shadow", JSON.stringify([alone, narrowing]));
  const loaded = loadRules(filtering.size > 0 ? replacing(files, alone) : alone, version, rulebook);
  if (!loaded.ok) return loaded;
  const rules = rulesOfFiles(loaded.value, new Set(alone.map(({ file }) => file)), version);
  return ok({ rules, numbers: new Map(watching.map(({ id, number }) => [id, number])) });
}

/** Those that run. One of a file that it shares, without an id of its own, is nobody's to watch. */
function filtersIn({ detector }: Rulebook, numbers: ReadonlyMap<string, number>): readonly FilterWatch[] {
  return detector.documents.filters.flatMap((filter): readonly FilterWatch[] => {
    const { id } = filter;
    if (id === null) return [];
    return [{ id, number: numbers.get(id) ?? 0, shadow: false, filter, effect: detector.effectOf(filter) }];
  });
}

function watchedFilters(
  watching: readonly Watching[],
  { rulebook, files }: Files,
): Result<readonly FilterWatch[], readonly SigmaProblem[]> {
  const made: FilterWatch[] = [];
  for (const { id, number, file, text } of watching) {
    const compiled = compile(replacing(files, [{ file, text }]), { previous: rulebook.detector });
    if (!compiled.ok) return compiled;
    const filter = compiled.value.documents.filters.find((one) => one.file === file);
    if (filter === undefined) throw new Error(`the filter ${id} compiled and is not there`);
    made.push({ id, number, shadow: true, filter, effect: compiled.value.effectOf(filter) });
  }
  return ok(made);
}

/** The pack's, or one of its own. */
function fileOf(shipped: PackRules, id: string): string {
  return shipped.byId.get(id)?.file ?? `rules/written/${id}.yml`;
}

/** A sentence for each problem, for a log or an answer. */
export function saysOf(problems: readonly SigmaProblem[]): string {
  return problems
    .slice(0, 5)
    .map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`)
    .join("; ");
}
