import type { FastifyInstance, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { backtestStates, unknownQuiet } from "@tillwatch/wire";
import { actorOf } from "../access/authenticate-http.ts";
import { callersDb, organisationDb } from "../access/callers-db.ts";
import { problem } from "../api/problem.ts";
import { typed } from "../api/typed.ts";
import type { RuleFile } from "../pack/load-rules.ts";
import type { Db } from "../schema.ts";
import type { Backtests, BacktestRefusal } from "./backtest-run.ts";
import { askToCancel, linkedSignals, storedBacktests, type BacktestRow } from "./backtest-store.ts";
import { ruleTextMax } from "./check-rule.ts";

const tags = ["rules"];
const reading = { access: { action: "rule:read", on: "installation" } } as const;
const writing = { access: { action: "rule:write", on: "installation" } } as const;
const params = Type.Object({ id: Type.String({ format: "uuid" }) });
const instant = Type.String({ format: "date-time" });
const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);
const count = Type.Integer({ minimum: 0 });

export const backtestDaysMax = 90;
const filesMax = 1_000;

const days = Type.Integer({ minimum: 1, maximum: backtestDaysMax, description: "of signals received until now" });
const files = Type.Array(
  Type.Object(
    {
      file: Type.String({ minLength: 1, maxLength: 200, description: "a name for problems" }),
      rule: Type.String({ minLength: 1, maxLength: ruleTextMax, description: "rules, correlations, filters in YAML" }),
    },
    { additionalProperties: false },
  ),
  { minItems: 1, maxItems: filesMax, description: "each takes the place of what runs with the same ids, or is added" },
);
const version = Type.Object(
  { id: Type.String({ format: "uuid" }), number: Type.Integer({ minimum: 0, maximum: 1_000_000 }) },
  { additionalProperties: false, description: "a stored version of a rule; 0: the pack's file" },
);
const body = Type.Union([
  Type.Object({ days, files }, { additionalProperties: false }),
  Type.Object({ days, version }, { additionalProperties: false }),
]);

const counts = Type.Object({ before: count, after: count, made: count, unmade: count });
const day = Type.Object({ day: Type.String(), situation: counts, incident: counts });
const signal = Type.Object({
  id: Type.String(),
  type: Type.String(),
  at: instant,
  incidentId: nullable(Type.String()),
  incidentRef: nullable(Type.String()),
});
const example = Type.Object({
  kind: Type.Enum(["made", "unmade"]),
  what: Type.Enum(["situation", "incident"]),
  at: instant,
  siteId: Type.String(),
  severity: Type.Number(),
  level: Type.Integer(),
  category: Type.String(),
  rules: Type.Array(Type.String()),
  signals: Type.Array(signal, { description: "evidence, the first few; those that are gone since are left out" }),
  held: Type.Optional(Type.Literal(true, { description: "a silence held it back from being an incident" })),
});
const sides = Type.Object({ before: count, after: count });
const quiet = Type.Object({
  held: Type.Object(sides.properties, { description: "situations that a silence held back from being incidents" }),
  lowered: Type.Object(sides.properties, { description: "situations that ranked lower after dismissals" }),
  unknown: Type.Array(Type.Enum([...unknownQuiet]), {
    description: "what of the past is not stored, so that it was taken as it is now",
  }),
});
const subject = Type.Object({
  id: Type.String(),
  title: Type.String(),
  number: nullable(Type.Integer({ description: "of the stored version; null: the text was handed in" })),
  sha256: Type.String(),
});
const fields = {
  id: Type.String(),
  state: Type.Enum([...backtestStates]),
  askedBy: Type.String(),
  askedAt: instant,
  from: instant,
  to: instant,
  rulesBefore: Type.String(),
  rulesAfter: Type.String(),
  outdated: Type.Boolean({ description: "other rules run by now than those that it was compared with" }),
  subjects: Type.Array(subject),
  share: Type.Number({ description: "of the log that was read, 0 to 1" }),
  signals: count,
  endedAt: nullable(instant),
  fault: nullable(Type.String()),
};
const listed = Type.Object(fields);
const whole = Type.Object({
  ...fields,
  days: Type.Array(day, { description: "days of receipt, in UTC; days without anything are left out" }),
  examples: Type.Array(example),
  since: nullable(
    Type.String({
      format: "date-time",
      description: "receipt of the first signal that was counted; null: not known, or none",
    }),
  ),
  quiet: nullable(quiet),
});

export type BacktestRouteDeps = {
  readonly db: Db;
  readonly backtests: Backtests;
  readonly rulesNow: () => string; // version of the rulebook that runs
  readonly textOf: (id: string, number: number) => Promise<string | null>;
};

/** Ask what a change of rules would have made and unmade, follow it, read it, end it. */
export function backtestRoutes(instance: FastifyInstance, deps: BacktestRouteDeps): void {
  startRoute(instance, deps);
  readRoutes(instance, deps);
  const cancel = {
    tags,
    operationId: "cancelBacktest",
    summary: "Ends a backtest before its end",
    params,
    response: { 202: Type.Object({ id: Type.String() }) },
  };
  typed(instance).post(
    "/api/v1/rules/backtests/:id/cancel",
    { schema: cancel, config: writing },
    async (request, reply) => {
      const { id } = await found(deps, request, request.params.id);
      if (!(await askToCancel(deps.db, id)))
        throw problem(409, "backtest_not_running", "the backtest has ended already");
      return reply.code(202).send({ id });
    },
  );
}

function startRoute(instance: FastifyInstance, deps: BacktestRouteDeps): void {
  const schema = {
    tags,
    operationId: "startBacktest",
    summary: "Starts a backtest of changed rules on the stored signals of the asker's sites",
    body,
    response: { 202: Type.Object({ id: Type.String() }) },
  };
  typed(instance).post("/api/v1/rules/backtests", { schema, config: writing }, async (request, reply) => {
    const asked = request.body;
    const given =
      "files" in asked
        ? { files: asked.files.map(({ file, rule }) => ({ file: `given/${file}`, text: rule })), number: null }
        : { files: await filesOf(deps, asked.version), number: asked.version.number };
    const { token: by } = actorOf(request);
    const started = await deps.backtests.start({ ...given, days: asked.days, by, scope: request.scope });
    if (!started.ok) throw answerOf(started.error);
    return reply.code(202).header("location", `/api/v1/rules/backtests/${started.value}`).send({ id: started.value });
  });
}

async function filesOf(
  { textOf }: BacktestRouteDeps,
  { id, number }: { readonly id: string; readonly number: number },
): Promise<readonly RuleFile[]> {
  const text = await textOf(id, number);
  if (text === null) throw problem(404, "rule_version_unknown", "the rule has no such version");
  return [{ file: `rules/written/${id}.yml`, text }];
}

function answerOf(refusal: BacktestRefusal) {
  switch (refusal.code) {
    case "backtest_running":
      return problem(409, refusal.code, "another backtest runs, and they go one at a time", {
        remedy: "Wait for it, or end it: GET /api/v1/rules/backtests lists it.",
      });
    case "backtest_rules_refused": {
      const [first] = refusal.problems;
      const more = refusal.problems.length > 1 ? ` (and ${refusal.problems.length - 1} more)` : "";
      const place = first === undefined ? "" : `${first.file}:${first.line}:${first.column}: ${first.message}${more}`;
      return problem(422, first?.code ?? refusal.code, place, {
        pointer: "/files",
        ...(first && { remedy: first.remedy }),
      });
    }
  }
}

function readRoutes(instance: FastifyInstance, deps: BacktestRouteDeps): void {
  const app = typed(instance);
  const list = {
    tags,
    operationId: "listBacktests",
    summary: "The latest backtests, newest first",
    response: { 200: Type.Object({ items: Type.Array(listed) }) },
  };
  app.get("/api/v1/rules/backtests", { schema: list, config: reading }, async (request) => {
    const rows = await storedBacktests(organisationDb(deps.db, request));
    return { items: rows.map((row) => lineOf(row, deps)) };
  });
  const one = {
    tags,
    operationId: "readBacktest",
    summary: "How far a backtest is, and what came of it: examples at the sites that you may see",
    params,
    response: { 200: whole },
  };
  app.get("/api/v1/rules/backtests/:id", { schema: one, config: reading }, async (request) => {
    const row = await found(deps, request, request.params.id);
    return { ...lineOf(row, deps), ...(await resultOf(callersDb(deps.db, request), row)) };
  });
}

async function found({ db }: BacktestRouteDeps, request: FastifyRequest, id: string): Promise<BacktestRow> {
  const [row] = await storedBacktests(organisationDb(db, request), id);
  if (row === undefined) throw problem(404, "backtest_unknown", "there is no backtest with this id");
  return row;
}

function lineOf(row: BacktestRow, { rulesNow }: BacktestRouteDeps) {
  const { id, state, askedBy, rulesBefore, rulesAfter, subjects, share, signals, fault } = row;
  return {
    id,
    state,
    askedBy,
    askedAt: row.askedAt.toISOString(),
    from: row.fromAt.toISOString(),
    to: row.toAt.toISOString(),
    rulesBefore,
    rulesAfter,
    outdated: rulesNow() !== rulesBefore,
    subjects: [...subjects],
    share,
    signals,
    endedAt: row.endedAt?.toISOString() ?? null,
    fault,
  };
}

/** The examples whose first signal the reader may see: what he may not, and what was deleted since, is left out. */
async function resultOf(asker: Db, { result }: BacktestRow) {
  if (result === null) return { days: [], examples: [], since: null, quiet: null };
  const ids = result.examples.flatMap(({ signalIds }) => signalIds);
  const seen = new Map((await linkedSignals(asker, ids)).map((one) => [one.signalId, one]));
  const examples = result.examples.flatMap(({ signalIds, ...one }) => {
    const signals = signalIds.flatMap((id) => {
      const known = seen.get(id);
      if (known === undefined) return [];
      const { type, at, incidentId, incidentRef } = known;
      return [{ id, type, at: at.toISOString(), incidentId, incidentRef }];
    });
    return signals.length === 0 ? [] : [{ ...one, rules: [...one.rules], signals }];
  });
  const { days: counted, quiet: heeded = null, since = null } = result;
  const told = heeded === null ? null : { ...heeded, unknown: [...heeded.unknown] };
  return { days: [...counted], examples, since, quiet: told };
}
