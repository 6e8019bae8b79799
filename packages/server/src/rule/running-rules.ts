import { parseSigma, type SigmaProblem } from "@tillwatch/sigma";
import { ok, type Result } from "@tillwatch/wire";
import type { DecisionVersions } from "../decision/decision-record.ts";
import type { PackContent } from "../decision/decision-store.ts";
import type { LoadedRules } from "../detect/detect.ts";
import { versionOf, type LoadedPack } from "../pack/load-pack.ts";
import { loadRules, rulesOfFiles, type RuleFile, type Rulebook } from "../pack/load-rules.ts";
import { headOf } from "./check-rule.ts";

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
};

/** What watches, with windows of its own; `rules` holds nothing else. `numbers`: of the versions, by id of rule or correlation. */
export type ShadowRules = { readonly rules: LoadedRules; readonly numbers: ReadonlyMap<string, number> };

/** The pack alone, with nothing stored. */
export function asShipped(pack: LoadedPack): RunningRules {
  const content = pack.contents.find(({ kind }) => kind === "rules");
  if (content === undefined) throw new TypeError("a loaded pack has its rules among its contents");
  const { rulebook, versions } = pack;
  return { revision: 0, rulebook, versions, content, numbers: new Map(), shadow: null };
}

/** A rule of the pack that has its file to itself (a correlation: with what it counts), and so can be replaced or retired here. */
export type PackRule = { readonly id: string; readonly file: string; readonly text: string };

export type PackRules = {
  readonly files: readonly RuleFile[];
  readonly byId: ReadonlyMap<string, PackRule>;
  readonly filtered: boolean; // some file narrows rules of others
};

export function packRulesOf(pack: LoadedPack): PackRules {
  const files = JSON.parse(asShipped(pack).content.body) as readonly RuleFile[];
  const byId = new Map<string, PackRule>();
  let filtered = false;
  for (const { file, text } of files) {
    const parsed = parseSigma(text, file);
    if (!parsed.ok) continue; // it loaded as a whole before: cannot be
    filtered ||= parsed.value.filters.length > 0;
    const id = headOf(parsed.value)?.id ?? null;
    if (id !== null) byId.set(id, { id, file, text });
  }
  return { files, byId, filtered };
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
  const files = filesOf(shipped, stored, "live");
  const body = JSON.stringify(files);
  const version = versionOf("rules", body);
  const loaded = version === pack.versions.rules ? ok(pack.rulebook) : loadRules(files, version, pack.rulebook);
  if (!loaded.ok) return loaded;
  const shadow = shadowOf(shipped, stored);
  if (!shadow.ok) return shadow;
  const numbers = new Map(stored.flatMap(({ id, live }) => (live === null || live === 0 ? [] : [[id, live]])));
  return ok({
    revision,
    rulebook: loaded.value,
    versions: { ...pack.versions, rules: version },
    content: { kind: "rules", version, body },
    numbers,
    shadow: shadow.value,
  });
}

/** In order of file; a stored version takes the place of the pack's file of its rule. */
function filesOf(shipped: PackRules, stored: readonly StoredRule[], which: "live" | "shadow"): readonly RuleFile[] {
  const files = new Map(shipped.files.map((one) => [one.file, one]));
  for (const rule of stored) {
    const watches = which === "shadow" && rule.shadow !== null;
    const text = watches ? rule.shadowText : rule.liveText;
    if (!watches && rule.live === 0) continue;
    const file = fileOf(shipped, rule.id);
    if (text === null) files.delete(file);
    else files.set(file, { file, text });
  }
  return [...files.values()].toSorted((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0));
}

/** What watches, as it would run: narrowed by the same filters, which then takes all rules together. */
function shadowOf(
  shipped: PackRules,
  stored: readonly StoredRule[],
): Result<ShadowRules | null, readonly SigmaProblem[]> {
  const watching = stored.flatMap(({ id, shadow, shadowText }) =>
    shadow === null || shadowText === null ? [] : [{ id, number: shadow, text: shadowText }],
  );
  if (watching.length === 0) return ok(null);
  const alone = watching.map(({ id, text }) => ({ file: fileOf(shipped, id), text }));
  const files = shipped.filtered ? filesOf(shipped, stored, "shadow") : alone;
  // Windows are filled by it: the same texts under the same filters go on counting, whatever else changes.
  const version = versionOf("shadow", JSON.stringify([alone, shipped.filtered ? files : []]));
  const loaded = loadRules(files, version);
  if (!loaded.ok) return loaded;
  const rules = rulesOfFiles(loaded.value, new Set(alone.map(({ file }) => file)), version);
  return ok({ rules, numbers: new Map(watching.map(({ id, number }) => [id, number])) });
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
