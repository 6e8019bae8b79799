import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { sql } from "kysely";
import type { Signal } from "@tillwatch/wire";
import { backtestStream, counted } from "../testing/backtest-stream.ts";
import { noonMs, signalOf } from "../testing/canonical.ts";
import { freshPglite, testOnDatabases } from "../testing/databases.ts";
import { testPack } from "../testing/pack.ts";
import { judgedCase, ruleHouse, type HouseGiven, type RuleHouse } from "../testing/rule-house.ts";
import { writtenId } from "../testing/rules.ts";
import type { OpenDatabase } from "../schema.ts";

const minute = 60_000;
const why = { because: "many refunds are the pattern of the month" };
const refund = "{ event_type: pos_refund, device: { id: T-1, kind: till } }";
const tests = `tests:
  match: [{ title: two, events: [{ repeat: 2, event: ${refund} }] }]
  no_match: [{ title: one, events: [{ event: ${refund} }] }]
`;
const twice = counted + tests;
const refunded = (n: number, atMs = noonMs + n * minute) =>
  signalOf({ type: "pos_refund", name: `refund-${n}`, deviceId: "T-1", atMs });

/** A house in which `text`, a correlation of `writtenId`, watches. */
async function watchingHouse(context: TestContext, database: OpenDatabase, given: HouseGiven & { text?: string } = {}) {
  const house = await ruleHouse(context, database, given);
  await watch(house, given.text ?? twice);
  return house;
}

async function watch({ as }: RuleHouse, text: string, base: number | null = null): Promise<void> {
  const anna = as("anna");
  const written = await anna(base === null ? "/rules" : `/rules/${writtenId}/versions`, {
    rule: text,
    ...(base === null ? {} : { base }),
    ...why,
  });
  assert.equal(written.status, 201, written.text);
  const done = await anna(`/rules/${writtenId}/versions/${written.body.number}/shadow`, why);
  assert.equal(done.status, 200, done.text);
}

async function listed({ db }: Pick<RuleHouse, "db">): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select signal_id::text as id from rule_hit where rule_id = ${writtenId} order by at, signal_id`.execute(db);
  return rows.map(({ id }) => id);
}

async function countedHits({ db }: Pick<RuleHouse, "db">): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select coalesce(sum(hits), 0)::int4 as n from rule_day where rule_id = ${writtenId} and shadow`.execute(db);
  return rows[0]?.n ?? 0;
}

testOnDatabases(
  "C11 C08 a correlation that watches is listed with what completed it and judged by its cases, and no decision, situation or score knows of it",
  async (database, context) => {
    const house = await watchingHouse(context, database);
    const bob = house.as("bob");
    const version = house.holder.current().versions.rules;
    const three = [refunded(1), refunded(2), refunded(70)];
    await house.signal(...three);
    assert.deepEqual(await listed(house), [three[1]?.id], "the second completes the row, the third begins another");
    assert.equal(house.scored.length, 0);
    assert.equal(house.holder.current().versions.rules, version);
    for (const table of ["situation", "situation_member", "decision"]) {
      const { rows } = await sql<{ n: number }>`select count(*)::int4 as n from ${sql.table(table)}`.execute(house.db);
      assert.equal(rows[0]?.n, 0, table);
    }
    await judgedCase(house, { n: 1, signalId: three[1]?.id ?? "", verdict: "true", by: "user:ida" });
    const item = (await bob("/rules")).body.items.find((one: { id: string }) => one.id === writtenId);
    assert.deepEqual([item.state, item.kind, item.shadowJudged], ["shadow", "correlation", { right: 1, wrong: 0 }]);
    assert.deepEqual(
      item.days.map(({ live, shadow }: { live: number; shadow: number }) => [live, shadow]),
      [[0, 1]],
    );
    assert.equal((await bob(`/rules/${writtenId}/versions/1/hits`)).body.items[0]?.signalId, three[1]?.id);
    const shown = (await bob(`/rules/${writtenId}`)).body;
    assert.deepEqual([shown.kind, shown.shadow, shown.shadowJudged], ["correlation", 1, { right: 1, wrong: 0 }]);
  },
);

testOnDatabases(
  "C11 A11 after a restart in the middle of a row what watches counts on from the log, and each match is listed and counted once",
  async (database, context) => {
    const house = await watchingHouse(context, database);
    await house.worker.close();
    const stored = [0, 1, 2, 60, 61].map((n) => refunded(n));
    for (const [n, one] of stored.entries()) {
      const rules = house.otherProcess();
      await rules.refresh();
      const worker = house.workerOf(rules, `process-${n}`);
      await house.log.append([one]);
      await worker.drain();
      await worker.close();
    }
    assert.deepEqual(await listed(house), [stored[1]?.id, stored[4]?.id]);
    assert.equal(await countedHits(house), 2);
  },
);

testOnDatabases(
  "C11 A11 a batch that fails leaves no match behind, and when it succeeds each is there once",
  async (database, context) => {
    const house = await watchingHouse(context, database);
    await house.signal(refunded(1));
    house.rig.failures = 2;
    await house.log.append([refunded(2), refunded(3)]);
    for (let n = 0; n < 5; n++) await house.worker.drain();
    assert.deepEqual(await listed(house), [refunded(2).id]);
    assert.equal(await countedHits(house), 1);
  },
);

testOnDatabases(
  "C11 what a correlation matched while it watched is what it finds in the same signals when it runs",
  async (database, context) => {
    const stream: readonly Signal[] = backtestStream(120);
    const watching = await watchingHouse(context, database);
    for (const one of stream) await watching.signal(one);
    const other = await freshPglite();
    context.after(() => other.close());
    const running = await ruleHouse(context, other, { pack: testPack({ rules: twice }) });
    for (const one of stream) await running.signal(one);
    const found = new Set(
      running.scored.flatMap(({ situation }) =>
        situation.members.flatMap(({ signalId, detections }) =>
          detections.some(({ ruleId }) => ruleId === writtenId) ? [signalId] : [],
        ),
      ),
    );
    assert.ok(found.size > 2, `${found.size}`);
    assert.deepEqual(new Set(await listed(watching)), found);
    assert.equal(await countedHits(watching), found.size);
  },
);

testOnDatabases(
  "C11 C08 a version that watches beside the running one counts by its own windows, and neither loses what it counted when the other changes",
  async (database, context) => {
    const house = await ruleHouse(context, database, {
      pack: testPack({ rules: twice.replace("gte: 2", "gte: 3").replace("repeat: 2", "repeat: 3") }),
    });
    const anna = house.as("anna");
    await house.signal(refunded(1));
    await watch(house, twice, 0);
    await house.signal(refunded(2));
    assert.deepEqual(await listed(house), [refunded(2).id], "what came before it watched is in the log, and counts");
    assert.equal(house.scored.length, 0);
    const ended = await anna(`/rules/${writtenId}/end-shadow`, why);
    assert.equal(ended.status, 200, ended.text);
    await house.signal(refunded(3));
    assert.equal(house.scored.length, 1, "three in a row, whatever watched meanwhile");
    assert.deepEqual(await listed(house), [refunded(2).id]);
    assert.equal(house.worker.counted.length > 0, true);
    assert.ok(house.worker.counted.every(({ losses }) => Object.values(losses).every((lost) => lost === 0)));
  },
);

testOnDatabases(
  "C11 B08 the windows of what watches are bounded like all others, and what they lose is counted",
  async (database, context) => {
    const house = await watchingHouse(context, database);
    const late = refunded(1);
    await house.signal({ ...late, receivedAtMs: late.receivedAtMs + 20 * minute }, refunded(40));
    assert.deepEqual(await listed(house), []);
    const losses = house.worker.counted.map((one) => one.losses.late);
    assert.equal(Math.max(...losses), 1);
    const hits = house.worker.counted.reduce((sum, { size }) => sum + size.hits, 0);
    assert.equal(hits, 1);
  },
);
