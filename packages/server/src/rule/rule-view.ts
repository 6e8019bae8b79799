import { createHash } from "node:crypto";
import { correlationIdOf, ruleIdOf, type SigmaCorrelation } from "@tillwatch/sigma";
import type { RuleState } from "@tillwatch/wire";
import type { RuleDeps } from "./change-rule-append.ts";
import { checkRule, kindOfText, testsPass } from "./check-rule.ts";
import { factsOfFilter } from "./check-filter.ts";
import { factsOf, type RuleFacts } from "./rule-facts.ts";
import { diffLines } from "./line-diff.ts";
import type { DayCount } from "./rule-figures-read.ts";
import type { Judged, RuleLife } from "./rule-life.ts";
import { judgedAs, stateOfRule, stateOfVersion } from "./rule-life.ts";
import type { RuleRow, StepRow, VersionRow } from "./rule-store.ts";

/** What a person is shown of one rule in a list. */
export type RuleItem = Omit<RuleFacts, "points"> & {
  readonly origin: "pack" | "written";
  readonly editable: boolean;
  readonly countedBy: readonly string[]; // titles of correlations: only they speak of what it matches
  readonly state: RuleState;
  readonly live: number | null;
  readonly shadow: number | null;
  readonly latest: number;
  readonly asked: { readonly number: number; readonly by: string; readonly at: string } | null;
  readonly days: readonly DayCount[];
  readonly judged: Judged | null;
  readonly shadowJudged: Judged | null;
};

export type Figures = {
  readonly days: ReadonlyMap<string, readonly DayCount[]>;
  readonly live: ReadonlyMap<string, Judged>;
  readonly shadow: ReadonlyMap<string, Judged>;
};

export type Shelf = {
  readonly rows: readonly RuleRow[];
  readonly last: ReadonlyMap<string, VersionRow>;
  readonly figures: Figures;
};

type Deps = Pick<RuleDeps, "holder" | "words">;

/** Every rule that runs, watches, waits or ran, in order of title. */
export function itemsOf(deps: Deps, shelf: Shelf): readonly RuleItem[] {
  const { holder, words } = deps;
  const { rulebook, filters } = holder.current();
  const { rules, parsed } = rulebook;
  const correlations = [...rules.correlations.values()];
  const countedIn = (one: SigmaCorrelation) =>
    parsed.filter(({ id, name }) => one.rules.some((counted) => counted.name === id || counted.name === name));
  const running = new Map([
    ...parsed.map((rule) => [ruleIdOf(rule), factsOf(rule, words)] as const),
    ...correlations.map((one) => [correlationIdOf(one), factsOf(one, words, countedIn(one))] as const),
    ...filters
      .filter(({ shadow }) => !shadow)
      .map(({ id, filter, effect }) => {
        const facts = factsOfFilter(filter, { rules: effect.rules, correlations }, words);
        return [id, facts] as const;
      }),
  ]);
  const countedBy = Map.groupBy(
    correlations.flatMap((one) => countedIn(one).map((rule) => ({ id: ruleIdOf(rule), by: one.title }))),
    ({ id }) => id,
  );
  const rows = new Map(shelf.rows.map((row) => [row.id, row]));
  const ids = new Set([...running.keys(), ...rows.keys()]);
  return [...ids]
    .flatMap((id) => {
      const row = rows.get(id) ?? null;
      const facts = running.get(id) ?? factsOfText(id, textOf(id, { holder, shelf }), deps);
      return [{ id, facts, row }];
    })
    .map(({ id, facts, row }) =>
      itemOf(
        {
          id,
          facts,
          row,
          editable: row !== null || holder.shipped.byId.has(id),
          countedBy: rules.silent.has(id) ? (countedBy.get(id) ?? []).map(({ by }) => by) : [],
        },
        shelf,
      ),
    )
    .toSorted((a, b) => a.title.localeCompare(b.title, "en") || (a.id < b.id ? -1 : 1));
}

function textOf(id: string, { holder, shelf }: { holder: RuleDeps["holder"]; shelf: Shelf }): string {
  return shelf.last.get(id)?.text ?? holder.shipped.byId.get(id)?.text ?? "";
}

/** Of a rule that does not run. What is kept was understood once; a later program may refuse it, and then the title is all there is. */
function factsOfText(id: string, text: string, { words, holder }: Deps): RuleFacts {
  const checked = checkRule(text, words, holder.current());
  if (checked.ok) return checked.value.facts;
  const title = /^title: *(.*)$/m.exec(text)?.[1] ?? id;
  const kind = kindOfText(text) ?? "rule";
  const unknown = { level: null, category: "other", triageLevel: 1, points: null, service: null, narrows: [] };
  return { kind, id, title, ...unknown, pages: true };
}

const shippedLife: RuleLife = { latest: 0, live: 0, shadow: null, asked: null, everLive: new Set([0]) };

type Known = {
  readonly id: string;
  readonly facts: RuleFacts;
  readonly row: RuleRow | null;
  readonly editable: boolean;
  readonly countedBy: readonly string[];
};

function itemOf({ id, facts, row, editable, countedBy }: Known, { figures }: Shelf): RuleItem {
  const life = row ?? shippedLife;
  const { points: _, ...shown } = facts;
  return {
    ...shown,
    id,
    origin: row?.origin ?? "pack",
    editable,
    countedBy,
    state: stateOfRule(life),
    live: life.live,
    shadow: life.shadow,
    latest: life.latest,
    asked: row === null || row.asked === null ? null : { ...row.asked, at: (row.askedAt ?? new Date(0)).toISOString() },
    days: figures.days.get(id) ?? [],
    // What a filter keeps out comes before nobody, so nobody judges it while it runs.
    judged: life.live === null || facts.kind === "filter" ? null : (figures.live.get(id) ?? { right: 0, wrong: 0 }),
    shadowJudged: life.shadow === null ? null : judgedAs(facts.kind, figures.shadow.get(id)),
  };
}

/** A text as it would be judged now: what is wrong with it, and what came of its tests. */
export function checkView(text: string, { words, holder }: Deps) {
  const checked = checkRule(text, words, holder.current());
  if (!checked.ok) return { ok: false, facts: null, problems: checked.error, tests: [] };
  const { facts, tests } = checked.value;
  return { ok: testsPass(tests), facts, problems: [], tests };
}

export type KeptText = Pick<VersionRow, "number" | "text" | "sha256" | "author" | "because"> & {
  readonly at: Date | null;
};

/** The pack's file as version 0: nobody here wrote it, and when is in the pack's own history. */
export function shippedText(holder: RuleDeps["holder"], id: string): KeptText | null {
  const file = holder.shipped.byId.get(id);
  if (file === undefined) return null;
  const sha256 = createHash("sha256").update(file.text, "utf8").digest("hex");
  return { number: 0, text: file.text, sha256, author: "pack", because: `shipped as ${file.file}`, at: null };
}

type Compared = {
  readonly id: string;
  readonly life: RuleLife;
  readonly kept: KeptText;
  readonly before: KeptText | null;
};

export function versionView({ id, life, kept, before }: Compared, deps: Deps) {
  const { number, text, sha256, author, because, at } = kept;
  return {
    id,
    number,
    state: stateOfVersion(life, number),
    text,
    sha256,
    author,
    because,
    at: at?.toISOString() ?? null,
    check: checkView(text, deps),
    against: before?.number ?? null,
    diff: before === null ? [] : diffLines(before.text, text),
  };
}

export function stepView(step: StepRow) {
  const { kind, number, liveBefore, liveAfter, actor, signedBy, because, right, wrong, at } = step;
  const judged = right === null || wrong === null ? null : { right, wrong };
  return { kind, number, liveBefore, liveAfter, actor, signedBy, because, judged, at: at.toISOString() };
}

export function versionLine(life: RuleLife, { number, title, sha256, author, because, at }: VersionRow) {
  return { number, state: stateOfVersion(life, number), title, sha256, author, because, at: at.toISOString() };
}

export const lifeOf = (row: RuleRow | null): RuleLife => row ?? shippedLife;
