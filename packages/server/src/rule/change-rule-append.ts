import { createHash } from "node:crypto";
import { homeOrganisation, ok, refused, type JsonObject, type Result, type RuleProblem } from "@tillwatch/wire";
import type { NamesDeps } from "../access/names-read.ts";
import { appendAudit } from "../audit/audit-append.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { Db, DbOrTx, Tx } from "../schema.ts";
import { checkRule, kindOfText, testsPass, type CheckedRule } from "./check-rule.ts";
import { factsOfFilter } from "./check-filter.ts";
import type { RuleWords } from "./rule-facts.ts";
import { countLines } from "./line-diff.ts";
import {
  activate,
  bringBack,
  endShadow,
  judgedAs,
  retire,
  rolledBack,
  sign,
  toShadow,
  wayBack,
  type Judged,
  type LifeRefusal,
  type PrecisionBar,
  type RuleLife,
} from "./rule-life.ts";
import { judgedShadow } from "./rule-figures-read.ts";
import {
  insertRule,
  insertStep,
  insertVersion,
  liveChanges,
  saveLife,
  signedVersions,
  storedRule,
  versionOfRule,
  type NewStep,
  type RuleRow,
  type StepKind,
  type VersionRow,
} from "./rule-store.ts";
import { lockRulebook, raiseRevision, type RulebookHolder } from "./rulebook-store.ts";
import { saysOf, type FilterWatch, type RunningRules } from "./running-rules.ts";

export type RuleDeps = {
  readonly db: Db;
  readonly holder: RulebookHolder;
  readonly words: RuleWords;
  readonly bar: PrecisionBar;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly vault: NamesDeps["vault"]; // opens names of people
};

export type RuleRefusal =
  | LifeRefusal
  | { readonly code: "rule_unknown" }
  | { readonly code: "rule_id_taken" }
  | { readonly code: "rule_id_changed" }
  | { readonly code: "rule_kind_changed" }
  | { readonly code: "filter_unsigned"; readonly says: string }
  | { readonly code: "rule_file_shared" }
  | { readonly code: "rule_unchanged" }
  | { readonly code: "rule_version_changed"; readonly latest: number }
  | { readonly code: "rule_signed_text_differs" }
  | { readonly code: "rule_tests_missing" }
  | { readonly code: "rule_tests_failing"; readonly says: string }
  | { readonly code: "rule_refused"; readonly problems: readonly RuleProblem[] }
  | { readonly code: "rule_does_not_fit"; readonly says: string };

export type By = { readonly actor: string; readonly because: string };
/** `live`: what runs from now on. */
export type Changed = {
  readonly id: string;
  readonly number: number;
  readonly kind: StepKind;
  readonly live: number | null;
};
type Outcome = Result<Changed, RuleRefusal>;

/** Thrown inside a transaction so that nothing of it stays; `changing` turns it into a value. */
class Refused extends Error {
  readonly refusal: RuleRefusal;

  constructor(refusal: RuleRefusal) {
    super(refusal.code);
    this.refusal = refusal;
  }
}

/** A new rule, or another version of one: `base` is the last version that its author saw, null for a new rule. It only waits. */
export function draftRule(
  deps: RuleDeps,
  { id, text, base, ...by }: By & { readonly id: string | null; readonly text: string; readonly base: number | null },
): Promise<Outcome> {
  return changing(deps, async (tx) => {
    const { facts } = await checkedText(tx, deps, text);
    if (id !== null && facts.id !== id) throw new Refused({ code: "rule_id_changed" });
    const rule = id === null ? await newRule(tx, deps, facts.id) : await found(tx, deps, id);
    if (base !== null && base !== rule.latest) throw new Refused({ code: "rule_version_changed", latest: rule.latest });
    const before = await textBefore(tx, deps, rule);
    if (before === text) throw new Refused({ code: "rule_unchanged" });
    // A filter in the place of a rule would end the rule; and what guards the one is not what guards the other.
    const was = before === null ? null : kindOfText(before);
    if (was !== null && (was === "filter") !== (facts.kind === "filter"))
      throw new Refused({ code: "rule_kind_changed" });
    const number = rule.latest + 1;
    const version = { number, title: facts.title, text, sha256: sha256(text), author: by.actor, because: by.because };
    await insertVersion(tx, rule.id, { ...version, nowMs: deps.clock() });
    const { added, removed } = countLines(before ?? "", text);
    const body = { lines_added: added, lines_removed: removed, before_sha256: before === null ? null : sha256(before) };
    const step = { kind: "drafted" as const, number, liveBefore: rule.live, liveAfter: rule.live, ...by };
    await note(tx, deps, { rule, step, version, body });
    return { id: rule.id, number, kind: "drafted", live: rule.live };
  });
}

/** Lets a version watch: what it matches is counted and listed, and does nothing else. Its tests must pass. */
export function watchRule(
  deps: RuleDeps,
  { id, number, ...by }: By & { id: string; number: number },
): Promise<Outcome> {
  return changing(deps, async (tx) => {
    const rule = await found(tx, deps, id);
    const life = must(toShadow(rule, number));
    const version = await versionFor(tx, deps, { id, number });
    await tested(tx, deps, version);
    return move(tx, deps, { rule, life, version, step: { kind: "shadowed", number, ...by } });
  });
}

export function stopWatching(deps: RuleDeps, { id, ...by }: By & { id: string }): Promise<Outcome> {
  return changing(deps, async (tx) => {
    const rule = await found(tx, deps, id);
    const life = must(endShadow(rule));
    const number = rule.shadow ?? 0;
    const version = await versionFor(tx, deps, { id, number });
    return move(tx, deps, { rule, life, version, step: { kind: "shadow_ended", number, ...by } });
  });
}

/** Lets what watches run, or asks for the second signature that it needs first. Its tests must pass. */
export function activateRule(
  deps: RuleDeps,
  { id, number, ...by }: By & { id: string; number: number },
): Promise<Outcome> {
  return changing(deps, async (tx) => {
    const rule = await found(tx, deps, id);
    const version = await versionFor(tx, deps, { id, number });
    // Whoever wrote it or wants it to run is no judge of it.
    const cases = await judgedShadow(tx, { id, number }, { but: [by.actor, version.author] });
    const { kind, pages } = (await tested(tx, deps, version)).facts;
    const judged = judgedAs(kind, cases);
    const life = must(activate(rule, number, { by: by.actor, kind, pages, judged, bar: deps.bar }));
    return move(tx, deps, { rule, life, version, step: { kind: life.kind, number, judged, ...by } });
  });
}

/** The second signature under exactly this text: it runs from now on. */
export function signRule(
  deps: RuleDeps,
  { id, number, sha256: signed, ...by }: By & { id: string; number: number; sha256: string },
): Promise<Outcome> {
  return changing(deps, async (tx) => {
    const rule = await found(tx, deps, id);
    const version = await versionFor(tx, deps, { id, number });
    const life = must(sign(rule, number, { by: by.actor, author: version.author }));
    if (version.sha256 !== signed) throw new Refused({ code: "rule_signed_text_differs" });
    const { kind } = (await tested(tx, deps, version)).facts;
    const judged = judgedAs(kind, await judgedShadow(tx, { id, number }, { but: [by.actor, version.author] }));
    const asked = rule.asked?.by ?? by.actor;
    const step = { kind: "activated" as const, number, judged, ...by, actor: asked, signedBy: by.actor };
    return move(tx, deps, { rule, life, version, step });
  });
}

export function retireRule(deps: RuleDeps, { id, ...by }: By & { id: string }): Promise<Outcome> {
  return changing(deps, async (tx) => {
    const rule = await found(tx, deps, id);
    const life = must(retire(rule));
    const { number } = life;
    const version = await versionFor(tx, deps, { id, number });
    return move(tx, deps, { rule, life, version, step: { kind: "retired", number, ...by } });
  });
}

/**
 * Back to what ran before, or to a version that ran at some time, in one step. What was retired or rolled back itself is let run as any version:
 * its tests must pass, and it takes precision or a second signature.
 */
export function rollBackRule(
  deps: RuleDeps,
  { id, to, ...by }: By & { id: string; to?: number | undefined },
): Promise<Outcome> {
  return changing(deps, async (tx) => {
    const rule = await found(tx, deps, id);
    const back = must(wayBack(rule, await liveChanges(tx, id), to));
    const number = back.live ?? rule.live ?? 0;
    const version = await versionFor(tx, deps, { id, number });
    if (!back.guarded) {
      const life = rolledBack(rule, back.live);
      return move(tx, deps, { rule, life, version, step: { kind: "rolled_back", number, ...by } });
    }
    const cases = await judgedShadow(tx, { id, number }, { but: [by.actor, version.author] });
    const { kind, pages } = (await tested(tx, deps, version)).facts;
    const judged = judgedAs(kind, cases);
    const life = bringBack(rule, number, { by: by.actor, kind, pages, judged, bar: deps.bar });
    return move(tx, deps, { rule, life, version, step: { kind: life.kind, number, judged, ...by } });
  });
}

/** One change of rules at a time. What it comes to was composed whole inside the transaction, and is taken by this process at once. */
async function changing(deps: RuleDeps, work: (tx: Tx) => Promise<Changed>): Promise<Outcome> {
  try {
    const done = await deps.db.transaction().execute(async (tx) => {
      await lockRulebook(tx);
      return work(tx);
    });
    await deps.holder.refresh();
    return ok(done);
  } catch (fault) {
    if (fault instanceof Refused) return refused(fault.refusal);
    throw fault;
  }
}

type Move = {
  readonly rule: RuleRow;
  readonly life: Pick<RuleLife, "live" | "shadow" | "asked">;
  readonly version: Version;
  readonly step: By & { kind: StepKind; number: number; judged?: Judged; signedBy?: string };
};

async function move(tx: Tx, deps: RuleDeps, { rule, life, version, step }: Move): Promise<Changed> {
  const nowMs = deps.clock();
  await saveLife(tx, rule.id, { ...life, nowMs });
  let book: JsonObject = {};
  if (life.live !== rule.live || life.shadow !== rule.shadow) {
    await raiseRevision(tx);
    const made = await deps.holder.composed(tx);
    if (!made.ok) throw new Refused({ code: "rule_does_not_fit", says: saysOf(made.error) });
    await signedFilters(tx, deps, { made: made.value, signing: step.signedBy === undefined ? null : rule.id });
    book = { rules: made.value.versions.rules };
  }
  await note(tx, deps, {
    rule,
    step: { ...step, liveBefore: rule.live, liveAfter: life.live },
    version,
    body: { ...book, shadow_before: rule.shadow, shadow_after: life.shadow },
  });
  return { id: rule.id, number: step.number, kind: step.kind, live: life.live };
}

type Composed = { readonly made: RunningRules; readonly signing: string | null };

/**
 * No filter narrows what pages without a second person's signature under its version, by whatever way it comes to that: its own activation, a way
 * back, or a rule that runs again below it. What did so before this change (other weights, an older program) hinders no other change.
 */
async function signedFilters(tx: Tx, { holder, words }: RuleDeps, { made, signing }: Composed): Promise<void> {
  const over = pagingFilters(made, words).filter(({ id, number }) => number > 0 && id !== signing);
  if (over.length === 0) return;
  const before = new Set(pagingFilters(holder.current(), words).map(({ id, number }) => `${id} ${number}`));
  const signed = await signedVersions(tx);
  const open = over.find(({ id, number }) => !signed.has(`${id} ${number}`) && !before.has(`${id} ${number}`));
  if (open !== undefined) throw new Refused({ code: "filter_unsigned", says: open.filter.title });
}

function pagingFilters({ filters, rulebook }: RunningRules, words: RuleWords): readonly FilterWatch[] {
  const correlations = [...rulebook.rules.correlations.values()];
  return filters.filter(
    ({ shadow, filter, effect }) =>
      !shadow && factsOfFilter(filter, { rules: effect.rules, correlations }, words).pages,
  );
}

type Version = Pick<VersionRow, "number" | "text" | "sha256" | "author">;
type Noted = {
  readonly rule: RuleRow;
  readonly step: Omit<NewStep, "nowMs">;
  readonly version: Version;
  readonly body: JsonObject;
};

/** The step beside the rule, and on the record with digests: the texts are kept, so the difference can be proven from them. */
async function note(tx: Tx, { clock, chance }: RuleDeps, { rule, step, version, body }: Noted): Promise<void> {
  const nowMs = clock();
  await insertStep(tx, rule.id, { ...step, nowMs });
  const { kind, number, liveBefore, liveAfter, judged, signedBy } = step;
  const entry = {
    kind: `rule.${kind}`,
    actor: signedBy ?? step.actor,
    subject: { kind: "rule", id: rule.id },
    because: step.because,
    atMs: nowMs,
    organisationId: homeOrganisation,
    body: {
      version: number,
      text_sha256: version.sha256,
      author: version.author,
      live_before: liveBefore,
      live_after: liveAfter,
      ...(judged === null || judged === undefined
        ? {}
        : { verdicts_right: judged.right, verdicts_wrong: judged.wrong }),
      ...(signedBy === null || signedBy === undefined ? {} : { asked_by: step.actor, signed_by: signedBy }),
      ...body,
    },
  };
  await appendAudit(tx, [entry], chance);
}

function must<T>(result: Result<T, LifeRefusal>): T {
  if (!result.ok) throw new Refused(result.error);
  return result.value;
}

/** Whether a rule with this id is in the pack, or was written here. */
export async function isTaken({ holder }: Pick<RuleDeps, "holder">, db: DbOrTx, id: string): Promise<boolean> {
  const runs = holder.shipped.byId.has(id) || isRunning(holder.current(), id);
  return runs || (await storedRule(db, id)) !== null;
}

async function newRule(tx: Tx, deps: RuleDeps, id: string): Promise<RuleRow> {
  if (await isTaken(deps, tx, id)) throw new Refused({ code: "rule_id_taken" });
  await insertRule(tx, { id, origin: "written", nowMs: deps.clock() });
  return again(tx, id);
}

/** A rule of the pack gets its line in the store when somebody first does something about it. */
async function found(tx: Tx, { holder, clock }: RuleDeps, id: string): Promise<RuleRow> {
  const stored = await storedRule(tx, id);
  if (stored !== null) return stored;
  if (!holder.shipped.byId.has(id)) {
    const shared = isRunning(holder.current(), id);
    throw new Refused({ code: shared ? "rule_file_shared" : "rule_unknown" });
  }
  await insertRule(tx, { id, origin: "pack", nowMs: clock() });
  return again(tx, id);
}

function isRunning({ rulebook, filters }: RunningRules, id: string): boolean {
  return rulebook.rules.meanings.has(id) || filters.some((one) => one.id === id);
}

async function again(tx: Tx, id: string): Promise<RuleRow> {
  const row = await storedRule(tx, id);
  if (row === null) throw new Error(`rule ${id} was just inserted`);
  return row;
}

async function versionFor(
  tx: Tx,
  { holder }: RuleDeps,
  { id, number }: { id: string; number: number },
): Promise<Version> {
  if (number === 0) {
    const text = holder.shipped.byId.get(id)?.text ?? "";
    return { number, text, sha256: sha256(text), author: "pack" };
  }
  const version = await versionOfRule(tx, id, number);
  if (version === null) throw new Refused({ code: "rule_version_unknown" });
  return version;
}

async function textBefore(tx: Tx, { holder }: RuleDeps, rule: RuleRow): Promise<string | null> {
  if (rule.latest === 0) return holder.shipped.byId.get(rule.id)?.text ?? null;
  return (await versionOfRule(tx, rule.id, rule.latest))?.text ?? null;
}

/** A filter is read beside the rules that the store holds now: this process may have taken others a moment ago. */
async function checkedText(tx: Tx, { words, holder }: RuleDeps, text: string): Promise<CheckedRule> {
  const composed = kindOfText(text) === "filter" ? await holder.composed(tx) : ok(holder.current());
  if (!composed.ok) throw new Refused({ code: "rule_does_not_fit", says: saysOf(composed.error) });
  const checked = checkRule(text, words, composed.value);
  if (!checked.ok) throw new Refused({ code: "rule_refused", problems: checked.error });
  return checked.value;
}

/** The same check as when it was handed in: the program, the taxonomy, the weights and what it narrows may have changed since. */
async function tested(tx: Tx, deps: RuleDeps, version: Version): Promise<CheckedRule> {
  const checked = await checkedText(tx, deps, version.text);
  const { tests } = checked;
  if (testsPass(tests)) return checked;
  const failing = tests.filter((one) => !one.ok);
  // What the pack ships runs by the pack's own word, with or without tests in the file.
  if (failing.length === 0 && version.number === 0) return checked;
  if (failing.length === 0) throw new Refused({ code: "rule_tests_missing" });
  const says = failing.map(({ title, expected, note: why }) => `"${title}" (${why ?? `expected ${expected}`})`);
  throw new Refused({ code: "rule_tests_failing", says: says.slice(0, 5).join(", ") });
}

function sha256(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}
