import type { FastifyInstance, FastifyPluginAsync } from "fastify";
import { problem } from "../api/problem.ts";
import { typed } from "../api/typed.ts";
import { actorOf } from "../access/authenticate-http.ts";
import { namesOf } from "../access/names-read.ts";
import { callersDb } from "../access/callers-db.ts";
import type { ActionName } from "../access/actions.ts";
import { isTaken, type RuleDeps } from "./change-rule-append.ts";
import { backtestRoutes } from "./backtest-http.ts";
import type { Backtests } from "./backtest-run.ts";
import { takenId } from "./check-rule.ts";
import { changeRoutes } from "./change-rule-http.ts";
import { diffLines } from "./line-diff.ts";
import { hitsByDay, judgedLive, judgedShadows, listedHits } from "./rule-figures-read.ts";
import {
  againstQuery,
  checkBody,
  checkShape,
  hitsShape,
  listShape,
  ruleParams,
  ruleShape,
  versionParams,
  versionShape,
} from "./rule-schema.ts";
import { wayBack } from "./rule-life.ts";
import {
  lastVersions,
  liveChanges,
  stepsOf,
  storedRule,
  storedRules,
  versionOfRule,
  versionsOf,
} from "./rule-store.ts";
import {
  checkView,
  itemsOf,
  lifeOf,
  shippedText,
  stepView,
  versionLine,
  versionView,
  type KeptText,
} from "./rule-view.ts";

export const ruleTags = ["rules"];
const listedDays = 14;
const listedHitsMax = 100;

/** What a route about rules asks: they are the installation's, so it is asked about the installation. */
export function asksOfRules(action: ActionName) {
  return { access: { action, on: "installation" as const } };
}

/** The rules of detection: what runs, watches and waits, how each does, and every change of them. */
export function ruleRoutes(deps: RuleDeps, backtests: Backtests): FastifyPluginAsync {
  return async (app) => {
    listRoute(app, deps);
    ruleRoute(app, deps);
    versionRoutes(app, deps);
    checkRoute(app, deps);
    changeRoutes(app, deps);
    backtestRoutes(app, {
      db: deps.db,
      backtests,
      rulesNow: () => deps.holder.current().versions.rules,
      textOf: async (id, number) => (await textAt(deps, id, number))?.text ?? null,
    });
  };
}

function listRoute(instance: FastifyInstance, deps: RuleDeps): void {
  const schema = {
    tags: ruleTags,
    operationId: "listRules",
    summary: "Rules with their life, matches and precision",
    response: { 200: listShape },
  };
  typed(instance).get("/api/v1/rules", { schema, config: asksOfRules("rule:read") }, async () => {
    const fromDay = firstDay(deps);
    const { holder, bar } = deps;
    const { versions, revision } = holder.current();
    const rulebook = { version: versions.rules, revision, fault: holder.fault };
    return { items: await items(deps), fromDay, bar, rulebook };
  });
}

function firstDay({ clock }: RuleDeps): string {
  return new Date(clock() - (listedDays - 1) * 86_400_000).toISOString().slice(0, 10);
}

/** All of them, or one: the figures are asked for all at once, because a question costs the same. */
async function items(deps: RuleDeps) {
  const { db, clock } = deps;
  const rows = await storedRules(db);
  const last = await lastVersions(db);
  const figures = {
    days: await hitsByDay(db, { fromDay: firstDay(deps) }),
    live: await judgedLive(db, clock()),
    shadow: await judgedShadows(db),
  };
  return itemsOf(deps, { rows, last, figures });
}

function ruleRoute(instance: FastifyInstance, deps: RuleDeps): void {
  const schema = {
    tags: ruleTags,
    operationId: "getRule",
    summary: "One rule with its versions and every step of its life",
    params: ruleParams,
    response: { 200: ruleShape },
  };
  typed(instance).get("/api/v1/rules/:id", { schema, config: asksOfRules("rule:read") }, async (request) => {
    const { id } = request.params;
    const item = (await items(deps)).find((one) => one.id === id);
    if (item === undefined) throw unknownRule();
    const life = lifeOf(await storedRule(deps.db, id));
    const shipped = shippedText(deps.holder, id);
    const versions = (await versionsOf(deps.db, id)).map((version) => versionLine(life, version));
    const zero = shipped === null ? [] : [versionLine(life, { ...shipped, title: item.title, at: new Date(0) })];
    const steps = (await stepsOf(deps.db, id)).map(stepView);
    const listed = [...versions, ...zero.map((line) => ({ ...line, at: null }))];
    const named = [
      ...steps.flatMap(({ actor, signedBy }) => [actor, signedBy ?? actor]),
      ...listed.map((one) => one.author),
    ];
    const actors = item.asked === null ? named : [...named, item.asked.by];
    const names = await namesOf(deps, actorOf(request), { actors, subjects: [] });
    const back = wayBack(life, await liveChanges(deps.db, id));
    return { ...item, versions: listed, steps, names, back: back.ok ? back.value : null };
  });
}

function versionRoutes(instance: FastifyInstance, deps: RuleDeps): void {
  const app = typed(instance);
  const version = {
    tags: ruleTags,
    operationId: "getRuleVersion",
    summary: "The text of a version, what came of its tests, and what it changes",
    params: versionParams,
    querystring: againstQuery,
    response: { 200: versionShape },
  };
  const config = asksOfRules("rule:read");
  app.get("/api/v1/rules/:id/versions/:number", { schema: version, config }, async (request) => {
    const { id, number } = request.params;
    const kept = await textAt(deps, id, number);
    if (kept === null) throw unknownVersion();
    const against = request.query.against ?? number - 1;
    const before = await textAt(deps, id, against);
    if (before === null && request.query.against !== undefined) throw unknownVersion();
    return versionView({ id, life: lifeOf(await storedRule(deps.db, id)), kept, before }, deps);
  });
  const hits = {
    tags: ruleTags,
    operationId: "listRuleHits",
    summary: "The last signals that a watching version matched, at the sites that you may see",
    params: versionParams,
    response: { 200: hitsShape },
  };
  app.get("/api/v1/rules/:id/versions/:number/hits", { schema: hits, config }, async (request) => {
    const { id, number } = request.params;
    if ((await textAt(deps, id, number)) === null) throw unknownVersion();
    const listed = await listedHits(callersDb(deps.db, request), { id, number }, listedHitsMax);
    return { items: listed.map((hit) => ({ ...hit, at: hit.at.toISOString() })) };
  });
}

async function textAt({ db, holder }: RuleDeps, id: string, number: number): Promise<KeptText | null> {
  if (number < 0) return null;
  return number === 0 ? shippedText(holder, id) : versionOfRule(db, id, number);
}

function checkRoute(instance: FastifyInstance, deps: RuleDeps): void {
  const schema = {
    tags: ruleTags,
    operationId: "checkRule",
    summary: "Reads a rule file and runs the tests that it carries; nothing is kept",
    body: checkBody,
    response: { 200: checkShape },
  };
  typed(instance).post("/api/v1/rules/check", { schema, config: asksOfRules("rule:write") }, async (request) => {
    const { rule, against, isNew = false } = request.body;
    const before = against === undefined ? null : await textAt(deps, against.id, against.number);
    if (before === null && against !== undefined) throw unknownVersion();
    const diff = before === null || before.text === rule ? null : [...diffLines(before.text, rule)];
    const view = checkView(rule, deps);
    const taken = isNew && view.facts !== null && (await isTaken(deps, deps.db, view.facts.id));
    return taken ? { ok: false, facts: null, problems: [takenId(rule)], tests: [], diff } : { ...view, diff };
  });
}

export function unknownRule() {
  return problem(404, "rule_unknown", "there is no rule with this id");
}

export function unknownVersion() {
  return problem(404, "rule_version_unknown", "the rule has no such version");
}
