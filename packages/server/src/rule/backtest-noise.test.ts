import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { sql } from "kysely";
import type { BacktestDay, Signal } from "@tillwatch/wire";
import type { ScoredSituation } from "../flow.ts";
import { turnDismissals } from "../noise/dismissal-store.ts";
import { insertSilence, markEnded, type NewSilence } from "../noise/silence-store.ts";
import { appendAudit } from "../audit/audit-append.ts";
import { systemChance } from "../platform/chance.ts";
import type { OpenDatabase } from "../schema.ts";
import { backtestStream, endOf } from "../testing/backtest-stream.ts";
import { freshPglite, testOnDatabases } from "../testing/databases.ts";
import { packVoided } from "../testing/filters.ts";
import { testPack } from "../testing/pack.ts";
import { judgedCase, ruleHouse, type RuleHouse } from "../testing/rule-house.ts";
import { ruleText } from "../testing/rules.ts";

const minute = 60_000;
const stream = backtestStream(150);
const startMs = stream[0]?.receivedAtMs ?? 0;
const endMs = endOf(stream);
const beforePayment = ruleText({
  selection: "{ event_type: pos_void, data.after_payment: false }",
  own: "{ category: till_fraud, level: 1, points: 5200, says: A sale was taken back }",
});

type Prepare = (house: RuleHouse) => Promise<void>;

/** A house that was quiet in some way while its shop sent everything, each signal received when it came. */
async function lived(
  context: TestContext,
  database: OpenDatabase,
  { prepare, rules = "" }: { prepare: Prepare; rules?: string },
) {
  const house = await ruleHouse(context, database, { pack: testPack({ rules }), walled: true });
  const { db } = house;
  await sql`insert into organisation (id, name, kind, created_at) values ('home', 'Home', 'retailer', now()) on conflict do nothing`.execute(
    db,
  );
  await sql`insert into site (id, organisation_id, listed) values ('S-1', 'home', true) on conflict do nothing`.execute(
    db,
  );
  await prepare(house);
  return house;
}

async function send({ signal, time }: RuleHouse, signals: readonly Signal[]): Promise<void> {
  for (const one of signals) await signal(one);
  time.nowMs = Math.max(time.nowMs, endMs + 1_000);
}

type Silenced = Partial<NewSilence> & { readonly startsAtMs: number; readonly endsAtMs: number };

async function silenced({ db }: RuleHouse, id: number, given: Silenced): Promise<string> {
  const name = `00000000-0000-4000-8000-0000000000${String(id).padStart(2, "0")}`;
  await db.transaction().execute((tx) =>
    insertSilence(tx, {
      id: name,
      ruleId: null,
      siteId: "S-1",
      zoneId: null,
      deviceId: null,
      category: null,
      level: 1,
      because: "sealed elsewhere",
      madeBy: "user:anna",
      organisationId: "home",
      nowMs: given.startsAtMs,
      ...given,
    }),
  );
  return name;
}

async function backtested({ as, backtests }: RuleHouse, body: object) {
  const started = await as("anna")("/rules/backtests", { days: 30, ...body });
  assert.equal(started.status, 202, started.text);
  await backtests.settled();
  const read = await as("anna")(`/rules/backtests/${started.body.id}`);
  assert.equal(read.body.state, "done", read.text);
  return read.body;
}

/** What the pipeline made: by situation, whether it came to be work, was held back, ranked lower. */
function live({ scored }: RuleHouse) {
  const isOver = ({ score, threshold }: ScoredSituation) => score.severity >= threshold;
  const of = (which: (one: ScoredSituation) => boolean) => new Set(scored.filter(which).map((one) => one.situation.id));
  const incidents = of((one) => isOver(one) && one.score.silenced?.hides !== true);
  const held = of((one) => isOver(one) && one.score.silenced?.hides === true).difference(incidents);
  const lowered = of(({ score }) => score.additions.some(({ code }) => code.startsWith("dismissed.")));
  return { incidents: incidents.size, held: held.size, lowered: lowered.size };
}

const incidentsOf = (days: readonly BacktestDay[], which: "before" | "after" | "made" | "unmade") =>
  days.reduce((sum, { incident }) => sum + incident[which], 0);
const asItRuns = { version: { id: packVoided, number: 0 } };
const changed = { files: [{ file: "rule.yml", rule: beforePayment }] };

/** One rule for a while, and another silence of the whole shop that somebody ended before its time. */
const quietly: Prepare = async (house) => {
  const third = (endMs - startMs) / 3;
  await silenced(house, 1, { ruleId: packVoided, startsAtMs: startMs + third, endsAtMs: startMs + 2 * third });
  const id = await silenced(house, 2, { startsAtMs: startMs + 2 * third, endsAtMs: endMs + 60 * minute });
  const step = { id, actor: "user:anna", because: "sealed elsewhere", nowMs: startMs + 2.4 * third };
  await house.db.transaction().execute((tx) => markEnded(tx, step));
};

testOnDatabases(
  "C10 E04 a backtest holds back what silences of the time held back, from their beginning to their end, and says how much",
  async (database, context) => {
    const house = await lived(context, database, { prepare: quietly });
    await send(house, stream);
    const was = live(house);
    assert.ok(was.held > 0 && was.incidents > 2, JSON.stringify(was));
    const { days, quiet, examples } = await backtested(house, asItRuns);
    assert.deepEqual([incidentsOf(days, "before"), incidentsOf(days, "after")], [was.incidents, was.incidents]);
    assert.deepEqual(quiet, {
      held: { before: was.held, after: was.held },
      lowered: { before: 0, after: 0 },
      unknown: [],
    });
    assert.deepEqual(examples, []);
  },
);

testOnDatabases(
  "C10 E04 what a new rule would have made under silences of the time is what the pipeline makes where it runs under them",
  async (database, context) => {
    const house = await lived(context, database, { prepare: quietly });
    await send(house, stream);
    const other = await freshPglite();
    context.after(() => other.close());
    const where = await lived(context, other, { prepare: quietly, rules: beforePayment });
    await send(where, stream);
    const [was, would] = [live(house), live(where)];
    assert.ok(would.held > was.held && would.incidents > was.incidents, JSON.stringify([was, would]));
    const { days, quiet } = await backtested(house, changed);
    assert.deepEqual([incidentsOf(days, "before"), incidentsOf(days, "after")], [was.incidents, would.incidents]);
    assert.deepEqual(quiet.held, { before: was.held, after: would.held });
  },
);

testOnDatabases(
  "C10 E04 a situation that would have differed and that a silence held back is listed as that, and as no incident",
  async (database, context) => {
    const always: Prepare = async (house) => {
      await silenced(house, 1, { startsAtMs: startMs - 60 * minute, endsAtMs: endMs + 60 * minute });
    };
    const house = await lived(context, database, { prepare: always });
    for (const signal of stream) await house.log.append([signal]);
    house.time.nowMs = endMs + 1_000;
    const { quiet, examples } = await backtested(house, changed);
    type Example = { what: string; held?: boolean };
    assert.ok(quiet.held.after > quiet.held.before);
    assert.ok(
      examples.some(({ held }: Example) => held === true),
      JSON.stringify(examples),
    );
    assert.ok(examples.every(({ what, held }: Example) => what === "situation" || held === undefined));
    // It ended before any of this: nothing is held back.
    await sql`alter table silence disable trigger silence_is_kept`.execute(house.db);
    await sql`update silence set ends_at = starts_at + interval '1 second'`.execute(house.db);
    const loud = await backtested(house, changed);
    assert.deepEqual(loud.quiet.held, { before: 0, after: 0 });
    assert.ok(incidentsOf(loud.days, "made") > 0);
  },
);

testOnDatabases(
  "C10 E04 a backtest lowers what dismissals of the time lowered: by the verdicts of then, and not while they were switched off",
  async (database, context) => {
    const middleMs = startMs + (endMs - startMs) / 2;
    const lateMs = startMs + (3 * (endMs - startMs)) / 4;
    const house = await lived(context, database, { prepare: async () => {} });
    const { db } = house;
    const say = async (n: number, verdict: "true" | "false", atMs: number) => {
      await judgedCase(house, { n, signalId: stream[n]?.id ?? "", verdict, by: "user:ida" });
      await sql`update incident_verdict set at = ${new Date(atMs)}::timestamptz where at > now() - interval '1 hour'`.execute(
        db,
      );
      const incidentId = `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
      await sql`
        insert into rule_verdict (incident_id, rule_id, site_id, zone_id, verdict, at)
        values (${incidentId}::uuid, ${packVoided}, 'S-1', 'checkout', ${verdict}, ${new Date(atMs)}::timestamptz)
        on conflict (incident_id, rule_id) do update set verdict = excluded.verdict, at = excluded.at`.execute(db);
    };
    const turn = async (isOn: boolean, nowMs: number) =>
      db.transaction().execute(async (tx) => {
        await turnDismissals(tx, { isOn, nowMs, by: "user:anna" });
        const subject = { kind: "installation", id: "dismissals" };
        const kind = isOn ? "dismissal.switched_on" : "dismissal.switched_off";
        await appendAudit(
          tx,
          [{ kind, actor: "user:anna", subject, because: "tried", atMs: nowMs, body: {} }],
          systemChance,
        );
      });
    const upTo = async (fromMs: number, toMs: number) =>
      send(
        house,
        stream.filter(({ receivedAtMs }) => receivedAtMs > fromMs && receivedAtMs <= toMs),
      );
    for (const n of [1, 2, 3, 4]) await say(n, "false", startMs - n * minute);
    await upTo(0, middleMs);
    const first = live(house).lowered;
    await turn(false, middleMs + 1);
    await upTo(middleMs, lateMs);
    assert.ok(first > 0 && live(house).lowered === first, `${first}`);
    await turn(true, lateMs + 1);
    await say(1, "true", lateMs + 2); // takes back every dismissal before it
    await upTo(lateMs, endMs);
    assert.equal(live(house).lowered, first);
    const { quiet, days } = await backtested(house, asItRuns);
    assert.deepEqual(quiet, { held: { before: 0, after: 0 }, lowered: { before: first, after: first }, unknown: [] });
    assert.equal(incidentsOf(days, "before"), live(house).incidents);
    // As an older program may have left it.
    await sql`delete from dismissal_switch`.execute(db);
    await db.transaction().execute((tx) => turnDismissals(tx, { isOn: false, nowMs: endMs, by: "user:anna" }));
    assert.deepEqual((await backtested(house, asItRuns)).quiet.unknown, ["dismissal_switch"]);
  },
);
