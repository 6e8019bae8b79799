import { pipelineRig, rigHorizonMs, rigLateAfterMs } from "./pipeline-rig.ts";
import type { TestContext } from "node:test";
import { sql } from "kysely";
import { Directory } from "../enrich/directory.ts";
import { pointsIn } from "../app/rules.ts";
import { savePackContent } from "../decision/decision-store.ts";
import type { LoadedPack } from "../pack/load-pack.ts";
import { systemChance } from "../platform/chance.ts";
import { silentLog } from "../platform/log.ts";
import { ruleRoutes } from "../rule/rule-http.ts";
import { Backtests } from "../rule/backtest-run.ts";
import { RulebookHolder } from "../rule/rulebook-store.ts";
import type { OpenDatabase } from "../schema.ts";
import type { SignalLog } from "../signal/signal-log-store.ts";
import { noonMs } from "./canonical.ts";
import { testAccess } from "./access.ts";
import { testPack } from "./pack.ts";
import { testServer } from "./server.ts";
import { who } from "./town.ts";

const people = [
  who("anna", ["home", "analyst"]),
  who("bob", ["home", "analyst"]),
  who("ida", ["home", "investigator"]),
  who("tired", ["home", "analyst"], { steppedUpAtMs: null }),
  who("boss", ["home", "administrator"]),
  who("clerk", ["home", "colleague"]),
  who("bound", ["home", "analyst"], { sites: ["S-1"] }),
  who("stranger", ["other", "analyst"]),
  who("program", ["home", "analyst"], {
    kind: "service",
    token: "service:ci",
    scopes: ["rule:write", "rule:activate"],
  }),
];

/** `walled`: everybody sees his own organisation alone, as in the application. */
export type HouseGiven = { readonly pack?: LoadedPack; readonly walled?: boolean };

export const ruleBar = { share: 0.8, verdictsMin: 2 };

/** Log, pipeline, rules and their routes over one database; the stages after the score only remember what they were given. */
export async function ruleHouse(
  context: TestContext,
  database: OpenDatabase,
  { pack = testPack(), walled = false }: HouseGiven = {},
) {
  const { db } = database;
  const time = { nowMs: noonMs + 3_600_000 };
  const clock = () => time.nowMs;
  const rig = await pipelineRig(database, { pack, clock });
  const { fields, log, scored } = rig;
  context.after(() => log.close());
  await savePackContent(db, pack.contents, time.nowMs);
  const deps = { db, pack, clock, log: silentLog };
  const holder = new RulebookHolder(deps);
  await holder.refresh();
  const workerOf = (rules: RulebookHolder, owner: string) => rig.worker(owner, () => rules.current());
  const words = {
    categories: new Set(pack.taxonomy.categories.map(({ code }) => code)),
    pointsOf: pointsIn(pack.weights),
  };
  const backtests = new Backtests({
    db,
    fields,
    pack,
    running: () => holder.current(),
    directory: () => new Directory(pack.directory),
    lateAfterMs: rigLateAfterMs,
    horizonMs: rigHorizonMs,
    clock,
    chance: systemChance,
    log: silentLog,
  });
  context.after(() => backtests.close());
  const { app } = await testServer(context, {
    db,
    access: testAccess(db, { clock, walled, sites: [{ id: "S-1", region: null }] }),
    clock,
    credentials: people,
    routes: [ruleRoutes({ db, holder, words, bar: ruleBar, clock, chance: systemChance, vault: fields }, backtests)],
  });
  const as = (name: string) => async (path: string, body?: object) => {
    const answer = await app.inject({
      method: body === undefined ? "GET" : "POST",
      url: `/api/v1${path}`,
      headers: { authorization: `Bearer ${name}` },
      ...(body === undefined ? {} : { payload: body }),
    });
    return { status: answer.statusCode, body: answer.json(), text: answer.body };
  };
  const worker = workerOf(holder, "worker-1");
  const signal = async (...signals: Parameters<SignalLog["append"]>[0]) => {
    await log.append(signals);
    await worker.drain();
  };
  const otherProcess = () => new RulebookHolder(deps);
  return { db, as, holder, log, scored, worker, workerOf, signal, time, otherProcess, pack, rig, backtests };
}

export type RuleHouse = Awaited<ReturnType<typeof ruleHouse>>;

/** A case that holds a signal, and what somebody said of it. */
export async function judgedCase(
  { db }: Pick<RuleHouse, "db">,
  given: { readonly n: number; readonly signalId: string; readonly verdict: string; readonly by: string },
): Promise<void> {
  const id = `00000000-0000-4000-8000-${String(given.n).padStart(12, "0")}`;
  await sql`insert into organisation (id, name, kind, created_at) values ('home', 'Home', 'retailer', now()) on conflict do nothing`.execute(
    db,
  );
  await sql`insert into site (id, organisation_id, listed) values ('S-1', 'home', true) on conflict do nothing`.execute(
    db,
  );
  await sql`insert into taxonomy values ('t1', '{}', 'x', now()) on conflict do nothing`.execute(db);
  await sql`
    insert into incident (id, ref, state, level, category, taxonomy_version, site_id, occurred_at, opened_at, updated_at, severity,
      signal_count, evidence, person_fields, version)
    values (${id}, ${`TW-${given.n}`}, 'open', 1, 'till_fraud', 't1', 'S-1', now(), now(), now(), 0.9, 1, '[]', '[]', 1)
    on conflict do nothing`.execute(db);
  await sql`insert into incident_signal values (${id}, ${given.signalId}, 'why', now(), false) on conflict do nothing`.execute(
    db,
  );
  await sql`
    insert into incident_verdict (id, incident_id, verdict, because, author, at, category, machine_severity)
    values (${systemChance.uuid()}, ${id}, ${given.verdict}, null, ${given.by}, now(), 'till_fraud', 0.9)`.execute(db);
}
