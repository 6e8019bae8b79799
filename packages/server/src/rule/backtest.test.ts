import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { sql } from "kysely";
import type { BacktestDay, Signal } from "@tillwatch/wire";
import { freshPglite, testOnDatabases } from "../testing/databases.ts";
import { backtestStream, counted, endOf } from "../testing/backtest-stream.ts";
import { filterId, filterText } from "../testing/filters.ts";
import { testPack } from "../testing/pack.ts";
import { ruleHouse, type RuleHouse } from "../testing/rule-house.ts";
import { nodeDigest } from "../platform/digest.ts";
import { signalFromRow } from "../signal/parse-signals.ts";
import { signalSubject } from "../subjects.ts";
import { ruleText, writtenId } from "../testing/rules.ts";
import type { ScoredSituation } from "../flow.ts";
import type { OpenDatabase } from "../schema.ts";

const packVoided = "8a3b6f0e-5f1d-4c3a-9d57-1f0a5a9d1c02";
const beforePayment = ruleText({
  selection: "{ event_type: pos_void, data.after_payment: false }",
  own: "{ category: till_fraud, level: 1, points: 5200, says: A sale was taken back }",
});
const everything = ruleText({ selection: "{ event_type: '*' }" }).replace(", service: till", "");

type Sent = { readonly stream: readonly Signal[]; readonly rules?: string };

/** A house whose shop sent everything, received in order, each when it came. */
async function sent(context: TestContext, database: OpenDatabase, { stream, rules = "" }: Sent) {
  const house = await stored(context, database, { stream: [], rules });
  for (const signal of stream) await house.signal(signal);
  house.time.nowMs = Math.max(house.time.nowMs, endOf(stream) + 1_000);
  return house;
}

/** A house whose log holds everything, undecided. */
async function stored(context: TestContext, database: OpenDatabase, { stream, rules = "" }: Sent) {
  const house = await ruleHouse(context, database, { pack: testPack({ rules }), walled: true });
  await sql`insert into site (id, organisation_id, listed) values ('S-1', 'home', true)`.execute(house.db);
  for (const signal of stream) await house.log.append([signal]);
  house.time.nowMs = Math.max(house.time.nowMs, endOf(stream) + 1_000);
  return house;
}

type Body = { readonly days?: number; readonly files?: unknown; readonly version?: unknown };

async function backtested({ as, backtests }: RuleHouse, body: Body, who = "anna") {
  const started = await as(who)("/rules/backtests", { days: 30, ...body });
  assert.equal(started.status, 202, started.text);
  await backtests.settled();
  const read = await as(who)(`/rules/backtests/${started.body.id}`);
  assert.equal(read.status, 200, read.text);
  return read.body;
}

const given = (rule: string) => ({ files: [{ file: "rule.yml", rule }] });
const sum = (
  days: readonly BacktestDay[],
  what: "situation" | "incident",
  which: "before" | "after" | "made" | "unmade",
) => days.reduce((total, day) => total + day[what][which], 0);
const totals = (days: readonly BacktestDay[]) =>
  (["situation", "incident"] as const).map((what) => {
    const of = (which: "before" | "after" | "made" | "unmade") => sum(days, what, which);
    return { before: of("before"), after: of("after"), made: of("made"), unmade: of("unmade") };
  });

/** What the live pipeline made, by the same words. */
function liveTotals(scored: readonly ScoredSituation[]) {
  const situations = new Set(scored.map(({ situation }) => situation.id));
  const incidents = new Set(
    scored.filter(({ score, threshold }) => score.severity >= threshold).map(({ situation }) => situation.id),
  );
  return { situations: situations.size, incidents: incidents.size };
}

testOnDatabases(
  "C10 a backtest of the rule that runs now makes and unmakes nothing, and counts what the pipeline made",
  async (database, context) => {
    const house = await sent(context, database, { stream: backtestStream() });
    const live = liveTotals(house.scored);
    assert.ok(live.situations > 5 && live.incidents > 2 && live.incidents < live.situations, JSON.stringify(live));
    const result = await backtested(house, { version: { id: packVoided, number: 0 } });
    assert.equal(result.state, "done");
    assert.equal(result.signals, 90);
    const [first] = backtestStream()
      .map(({ receivedAtMs }) => receivedAtMs)
      .toSorted((a, b) => a - b);
    assert.equal(result.since, new Date(first ?? 0).toISOString(), "nothing was received before, so rates begin there");
    assert.equal(result.rulesBefore === result.rulesAfter || result.examples.length === 0, true);
    assert.deepEqual(totals(result.days), [
      { before: live.situations, after: live.situations, made: 0, unmade: 0 },
      { before: live.incidents, after: live.incidents, made: 0, unmade: 0 },
    ]);
    assert.deepEqual(result.examples, []);
  },
);

for (const [says, rules] of [
  ["rule", beforePayment],
  ["correlation", counted],
] as const) {
  testOnDatabases(
    `C10 C11 a backtest of a new ${says} makes what the pipeline makes of the same signals where it runs`,
    async (database, context) => {
      const stream = backtestStream();
      const house = await sent(context, database, { stream });
      const other = await freshPglite();
      context.after(() => other.close());
      const where = await sent(context, other, { stream, rules });
      const [before, after] = [liveTotals(house.scored), liveTotals(where.scored)];
      assert.ok(after.incidents > before.incidents, "the rule does something to these signals");
      const { days, examples } = await backtested(house, given(rules));
      const [situation, incident] = totals(days);
      assert.deepEqual([situation?.before, situation?.after], [before.situations, after.situations]);
      assert.deepEqual([incident?.before, incident?.after], [before.incidents, after.incidents]);
      for (const one of [situation, incident]) {
        assert.equal((one?.before ?? 0) + (one?.made ?? 0) - (one?.unmade ?? 0), one?.after, "the counts add up");
      }
      assert.ok((incident?.made ?? 0) > 0);
      const members = new Set(
        where.scored
          .filter(({ score, threshold }) => score.severity >= threshold)
          .flatMap(({ situation: { members: all } }) => all.map(({ signalId }) => signalId)),
      );
      const incidents = examples.filter(
        (one: { what: string; kind: string }) => one.what === "incident" && one.kind === "made",
      );
      assert.equal(incidents.length, incident?.made);
      for (const { signals } of incidents) for (const { id } of signals) assert.ok(members.has(id), id);
    },
  );
}

testOnDatabases(
  "C10 what a rule's change takes away is told as unmade, with the signals and the case that it is about",
  async (database, context) => {
    const house = await sent(context, database, { stream: backtestStream() });
    const never = ruleText({ id: packVoided, selection: "{ event_type: pos_void, data.after_payment: never }" });
    const { days, examples } = await backtested(house, given(never));
    const [, incident] = totals(days);
    assert.ok((incident?.unmade ?? 0) > (incident?.made ?? 0), JSON.stringify(incident));
    assert.ok(
      examples.every((one: { kind: string; signals: unknown[] }) => one.kind === "unmade" && one.signals.length > 0),
    );
  },
);

testOnDatabases(
  "C10 C11 a backtest of a filter says what it would unmake: what the pipeline does not make of the same signals where it runs",
  async (database, context) => {
    const stream = backtestStream();
    const filter = filterText({ selection: "{ data.after_payment: true }", tests: null });
    const house = await sent(context, database, { stream });
    const other = await freshPglite();
    context.after(() => other.close());
    const where = await sent(context, other, { stream, rules: filter });
    const [before, after] = [liveTotals(house.scored), liveTotals(where.scored)];
    assert.ok(after.incidents < before.incidents, "the filter does something to these signals");
    const { days, examples } = await backtested(house, given(filter));
    const [situation, incident] = totals(days);
    assert.deepEqual([situation?.before, situation?.after], [before.situations, after.situations]);
    assert.deepEqual([incident?.before, incident?.after], [before.incidents, after.incidents]);
    assert.ok((incident?.unmade ?? 0) > 0);
    assert.ok(examples.some((one: { kind: string; what: string }) => one.kind === "unmade" && one.what === "incident"));
    const drafted = await house.as("anna")("/rules", { rule: filter, because: "voids are not of interest" });
    assert.equal(drafted.status, 201, drafted.text);
    const kept = await backtested(house, { version: { id: filterId, number: 1 } });
    assert.deepEqual([kept.days, kept.subjects[0]?.number], [days, 1]);
  },
);

testOnDatabases(
  "C10 a backtest writes no situation, decision, case or hit, and is on the record with digests",
  async (database, context) => {
    const house = await stored(context, database, { stream: backtestStream(40) });
    const tables = [
      "situation",
      "situation_member",
      "decision",
      "incident",
      "rule_hit",
      "rule_day",
      "log_cursor",
      "rule",
      "rule_version",
    ];
    const state = async () =>
      Promise.all(
        tables.map(async (table) => {
          const { rows } = await sql<{
            all: string;
          }>`select json_agg(t order by t::text)::text as all from ${sql.table(table)} t`.execute(house.db);
          return rows[0]?.all;
        }),
      );
    const before = await state();
    await backtested(house, given(everything));
    assert.deepEqual(await state(), before);
    const { rows } = await sql<{ actor: string; body: { documents: { id: string; sha256: string }[] } }>`
    select actor, body::json as body from audit_entry where kind = 'rule.backtested'`.execute(house.db);
    assert.equal(rows.length, 1);
    assert.equal(rows[0]?.actor, "user:anna");
    assert.match(rows[0]?.body.documents[0]?.sha256 ?? "", /^[0-9a-f]{64}$/);
  },
);

testOnDatabases(
  "C10 a rule that matches everything, and no signal at all, are backtested too",
  async (database, context) => {
    const house = await sent(context, database, { stream: backtestStream() });
    const all = await backtested(house, given(everything));
    const [situation] = totals(all.days);
    assert.ok((situation?.after ?? 0) > 0);
    assert.ok(all.examples.length <= 50);
    const none = await backtested(house, { ...given(everything), days: 30 });
    assert.deepEqual(none.days, all.days, "twice the same");
    house.time.nowMs += 90 * 86_400_000;
    const later = await backtested(house, { ...given(everything), days: 1 });
    assert.deepEqual([later.state, later.signals, later.since, later.days, later.examples], ["done", 0, null, [], []]);
  },
);

testOnDatabases(
  "C10 N01 signals of other organisations are not read, and their people do not see what was asked here",
  async (database, context) => {
    const house = await stored(context, database, { stream: backtestStream(40) });
    const { db } = house;
    await sql`insert into organisation (id, name, kind, reference_letters, created_at) values ('other', 'Other', 'retailer', 'OT', now())`.execute(
      db,
    );
    await sql`insert into site (id, organisation_id, listed) values ('S-2', 'other', true)`.execute(db);
    await house.log.append(backtestStream(40, "S-2"));
    const result = await backtested(house, given(everything));
    assert.equal(result.signals, 40);
    assert.ok(result.examples.every((one: { siteId: string }) => one.siteId === "S-1"));
    const seen = await house.as("boss")(`/rules/backtests/${result.id}`);
    assert.equal(seen.status, 200, "who answers for the installation reads it");
    for (const name of ["clerk", "bound", "stranger"]) {
      const [read, list] = [
        await house.as(name)(`/rules/backtests/${result.id}`),
        await house.as(name)("/rules/backtests"),
      ];
      assert.deepEqual([read.status, list.status], [403, 403], name);
    }
    for (const name of ["boss", "clerk", "bound", "stranger"]) {
      const { status } = await house.as(name)("/rules/backtests", { days: 1, ...given(everything) });
      assert.equal(status, 403, name);
    }
    // Whose signals an example is about may have changed hands since.
    await sql`update site set organisation_id = 'other' where id = 'S-1'`.execute(db);
    const { body } = await house.as("anna")(`/rules/backtests/${result.id}`);
    assert.deepEqual(body.examples, []);
  },
);

testOnDatabases(
  "C10 one backtest at a time; it is canceled, stopped with its process, and told as lost where that died",
  async (database, context) => {
    const house = await stored(context, database, { stream: backtestStream(40) });
    const { as, db, backtests } = house;
    const anna = as("anna");
    const start = () => anna("/rules/backtests", { days: 30, ...given(everything) });
    await sql`
    insert into rule_backtest (id, state, asked_by, asked_at, from_at, to_at, rules_before, rules_after, subjects, alive_at)
    values ('00000000-0000-4000-8000-000000000001', 'running', 'user:x', now(), now(), now(), 'a', 'b', '[]', now())`.execute(
      db,
    );
    const second = await start();
    assert.deepEqual([second.status, second.body.code], [409, "backtest_running"]);
    const cancel = (id: string) => anna(`/rules/backtests/${id}/cancel`, {});
    assert.equal((await cancel("00000000-0000-4000-8000-000000000001")).status, 202);
    assert.equal((await cancel("00000000-0000-4000-8000-000000000002")).status, 404);
    // Its process is gone: nobody hears that it shall end, and the next one starts all the same.
    await sql`update rule_backtest set alive_at = now() - interval '1 minute'`.execute(db);
    const third = await start();
    assert.equal(third.status, 202, third.text);
    await backtests.settled();
    const { items } = (await anna("/rules/backtests")).body;
    assert.deepEqual(items.map((one: { state: string }) => one.state).toSorted(), ["done", "stopped"]);
    const over = await cancel(third.body.id);
    assert.deepEqual([over.status, over.body.code], [409, "backtest_not_running"]);
    const fourth = await start();
    await backtests.close();
    const { body } = await anna(`/rules/backtests/${fourth.body.id}`);
    assert.deepEqual([body.state, body.days, body.examples], ["stopped", [], []]);
  },
);

testOnDatabases(
  "C10 a backtest keeps to the rules that it began with, and says when others run by now",
  async (database, context) => {
    const house = await sent(context, database, { stream: backtestStream() });
    const anna = house.as("anna");
    const retire = () => anna(`/rules/${packVoided}/retire`, { because: "while a backtest runs" });
    const started = await anna("/rules/backtests", { days: 30, ...given(beforePayment) });
    const retired = await retire();
    assert.equal(retired.status, 200, retired.text);
    await house.backtests.settled();
    const { body } = await anna(`/rules/backtests/${started.body.id}`);
    assert.equal(body.outdated, true);
    assert.equal(sum(body.days, "incident", "before"), liveTotals(house.scored).incidents, "as it was when it began");
    const again = await backtested(house, given(beforePayment));
    assert.equal(again.outdated, false);
    assert.ok(sum(again.days, "incident", "before") < liveTotals(house.scored).incidents);
  },
);

testOnDatabases(
  "C10 J09 what people wrote is read by a changed rule while it is sealed, and not once it is erased",
  async (database, context) => {
    const house = await ruleHouse(context, database, { walled: true });
    const { db, log, rig, time } = house;
    await sql`insert into site (id, organisation_id, listed) values ('S-1', 'home', true)`.execute(db);
    const row = {
      incident_id: "R-1",
      timestamp_utc: new Date(time.nowMs - 60_000).toISOString(),
      store_id: "S-1",
      category: "other",
      summary: "somebody left with an umbrella",
    };
    const report = signalFromRow(row, { receivedAtMs: time.nowMs - 60_000, digest: nodeDigest, channel: {} });
    assert.ok(report.ok);
    await log.append([report.value]);
    const umbrella = ruleText({
      service: "person",
      selection: "{ data.summary|contains: umbrella }",
      own: "{ category: violence, level: 3, points: 9000, says: An umbrella was named }",
    });
    const found = await backtested(house, given(umbrella));
    assert.equal(sum(found.days, "incident", "made"), 1);
    assert.doesNotMatch(JSON.stringify(found), /left with/);
    await rig.fields.purge(db, signalSubject(report.value.id), "no longer needed");
    const erased = await backtested(house, given(umbrella));
    assert.deepEqual([erased.signals, sum(erased.days, "situation", "made")], [1, 0]);
  },
);

testOnDatabases(
  "C10 rules that do not load are refused with their place, and nothing is begun",
  async (database, context) => {
    const { as, db } = await ruleHouse(context, database);
    const anna = as("anna");
    const start = (body: object) => anna("/rules/backtests", { days: 30, ...body });
    const refusedWith = async (body: object) => {
      const { status, body: said } = await start(body);
      return [status, said.code, said.pointer];
    };
    assert.deepEqual(await refusedWith(given("title: [")), [422, "sigma_yaml_syntax", "/files"]);
    assert.equal((await start({ version: { id: writtenId, number: 3 } })).body.code, "rule_version_unknown");
    for (const body of [{}, { files: [] }, { ...given(beforePayment), days: 0 }, { ...given(beforePayment), days: 91 }])
      assert.equal((await start(body)).status, 400, JSON.stringify(body));
    const { rows } = await sql<{ id: string }>`select id::text from rule_backtest`.execute(db);
    assert.deepEqual(rows, []);
  },
);
