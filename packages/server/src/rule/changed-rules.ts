import { createHash } from "node:crypto";
import {
  compile,
  correlationIdOf,
  parseSigma,
  ruleIdOf,
  type SigmaDocuments,
  type SigmaProblem,
} from "@tillwatch/sigma";
import { ok, type Result } from "@tillwatch/wire";
import { detectView, type LoadedRules, type OpenedTexts } from "../detect/detect.ts";
import type { EnrichedSignal } from "../flow.ts";
import { versionOf } from "../pack/load-pack.ts";
import { loadRules, type RuleFile } from "../pack/load-rules.ts";
import type { RunningRules } from "./running-rules.ts";

export type Rules = Pick<RunningRules, "rulebook" | "versions">;

export type ChangedRules = Rules & {
  /** Of what was handed in: rules, correlations and filters. */
  readonly documents: readonly { readonly id: string; readonly title: string; readonly sha256: string }[];
  /** Ids of what runs and reads otherwise, is gone, or is new. Empty: the same rules. */
  readonly touched: ReadonlySet<string>;
  /**
   * Whether what is new matches a signal. Where it does not, and nothing that is touched matched before, both rulebooks say the same
   * of it, and windows count the same. null: that cannot be told signal by signal, because something touched is counted, counts or narrows.
   */
  readonly delta: ((signal: EnrichedSignal, texts: OpenedTexts) => boolean) | null;
};

type Read = { readonly file: RuleFile; readonly documents: SigmaDocuments };

/**
 * What runs, changed by these files: each takes the place of every file that holds a document which it holds too, and the others are added. All
 * of it loads, or it is refused with every problem by file, line and column.
 */
export function changedRules(
  running: RunningRules,
  files: readonly RuleFile[],
): Result<ChangedRules, readonly SigmaProblem[]> {
  const given: Read[] = [];
  for (const file of files) {
    const parsed = parseSigma(file.text, file.file);
    if (!parsed.ok) return parsed;
    given.push({ file, documents: parsed.value });
  }
  const taken = new Set(given.flatMap(({ documents }) => namesOf(documents).map(({ id }) => id)));
  const present = (JSON.parse(running.content.body) as readonly RuleFile[]).flatMap((file): readonly Read[] => {
    const parsed = parseSigma(file.text, file.file);
    return parsed.ok ? [{ file, documents: parsed.value }] : [];
  });
  const isReplaced = ({ documents }: Read) => namesOf(documents).some(({ id }) => taken.has(id));
  const replaced = present.filter(isReplaced);
  const kept = present.filter((one) => !isReplaced(one));
  const all = [...kept, ...given]
    .map(({ file }) => file)
    .toSorted((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0));
  const version = versionOf("rules", JSON.stringify(all));
  const loaded = loadRules(all, version);
  if (!loaded.ok) return loaded;
  const [gone, fresh] = [readingOtherwise(replaced, given), readingOtherwise(given, replaced)];
  const touched = new Set([...gone, ...fresh].flatMap(({ documents }) => namesOf(documents).map(({ id }) => id)));
  const documents = given.flatMap(({ file, documents: read }) => {
    const sha256 = createHash("sha256").update(file.text, "utf8").digest("hex");
    return namesOf(read).map((one) => ({ ...one, sha256 }));
  });
  const delta = deltaOf({ gone, fresh, kept }, loaded.value.rules);
  return ok({ rulebook: loaded.value, versions: { ...running.versions, rules: version }, documents, touched, delta });
}

/** Those of `left` whose text no file of `right` has. */
function readingOtherwise(left: readonly Read[], right: readonly Read[]): readonly Read[] {
  const texts = new Set(right.map(({ file }) => file.text));
  return left.filter(({ file }) => !texts.has(file.text));
}

type Change = { readonly gone: readonly Read[]; readonly fresh: readonly Read[]; readonly kept: readonly Read[] };

function deltaOf({ gone, fresh, kept }: Change, rules: LoadedRules): ChangedRules["delta"] {
  const changed = [...gone, ...fresh];
  const isPlain = ({ documents }: Read) => documents.correlations.length === 0 && documents.filters.length === 0;
  const counted = new Set([...rules.correlations.values()].flatMap((one) => one.rules.map(({ name }) => name)));
  const isCounted = ({ documents }: Read) =>
    documents.rules.some(({ id, name }) => [id, name].some((word) => word !== null && counted.has(word)));
  if (!changed.every(isPlain) || changed.some(isCounted)) return null;
  const narrowing = kept.filter(({ documents }) => documents.filters.length > 0);
  const compiled = compile([...fresh, ...narrowing].map(({ file }) => file));
  if (!compiled.ok) return null; // a filter that names a rule of another file: ask both
  const asked = { ...rules, ruleSet: compiled.value.ruleSet, silent: new Set<string>() };
  return ({ signal, service, view }, texts) =>
    detectView({ signalId: signal.id, service, view }, asked, texts).length > 0;
}

function namesOf({ rules, correlations, filters }: SigmaDocuments) {
  return [
    ...rules.map((one) => ({ id: ruleIdOf(one), title: one.title })),
    ...correlations.map((one) => ({ id: correlationIdOf(one), title: one.title })),
    ...filters.map(({ id, name, title }) => ({ id: id ?? name ?? title, title })),
  ];
}
