import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { sql } from "kysely";
import { replayDecision } from "../decision/replay-decision.ts";
import type { OpenDatabase } from "../schema.ts";
import { noonMs, signalOf } from "../testing/canonical.ts";
import { testOnDatabases } from "../testing/databases.ts";
import {
  exitAlarm,
  jammedRule,
  noiseHouse,
  panicPressed,
  shopRules,
  voidedSale,
  type NoiseHouse,
} from "../testing/noise-house.ts";
import { testPack } from "../testing/pack.ts";
import { hiddenBy } from "./silence-hit-store.ts";

const minute = 60_000;

const inHouse =
  (run: (house: NoiseHouse) => Promise<void>) =>
  async (database: OpenDatabase, context: TestContext): Promise<void> =>
    run(await noiseHouse(context, database));

const states = async (house: NoiseHouse) => (await house.cases()).map(({ state }) => state);

/** Every decision, computed again from its record. */
async function replayed({ db }: NoiseHouse): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`select id::text from decision order by at, id`.execute(db);
  const kinds: string[] = [];
  for (const { id } of rows) kinds.push((await replayDecision(db, id)).kind);
  assert.ok(kinds.length > 0);
  return kinds;
}

testOnDatabases(
  "E17 without a silence the same signals open an incident and somebody is told",
  inHouse(async (house) => {
    await house.signal(exitAlarm("a", noonMs + minute), voidedSale("b", noonMs + 2 * minute));
    assert.deepEqual(await states(house), ["open"]);
    assert.deepEqual(
      house.told.map(({ event }) => event),
      ["incident.opened"],
    );
    assert.deepEqual(await house.entries("silence.hid"), []);
  }),
);

testOnDatabases(
  "E17 D01 what a silence covers is a case on the watch list: recorded, nobody is told, and the decision replays the same",
  inHouse(async (house) => {
    const id = await house.silence();
    await house.signal(exitAlarm("a", noonMs + minute), voidedSale("b", noonMs + 2 * minute));
    const [held, ...more] = await house.cases();
    assert.ok(held !== undefined && more.length === 0);
    assert.equal(held.state, "watch");
    assert.ok(held.severity > 0.9, "its severity is what it is: nothing is made smaller");
    assert.deepEqual(house.told, []);
    assert.equal(house.changes.at(-1)?.incident.silenced, true);
    const silenced = house.scored.at(-1)?.score.silenced;
    assert.deepEqual([silenced?.by, silenced?.hides], [[id], true]);
    assert.ok((silenced?.severity ?? 1) < 0.9);
    const [hid, ...others] = await hiddenBy(house.db, id, 10);
    assert.deepEqual([hid?.incidentId, hid?.kind, hid?.signals, others.length], [held.id, "held", 2, 0]);
    const entries = await house.entries("silence.hid");
    assert.deepEqual(
      entries.map(({ subject_id, because, organisation_id }) => [subject_id, because, organisation_id]),
      [[id, "a silence covers it", "home"]],
    );
    assert.equal(JSON.parse(entries[0]?.body ?? "{}").incidentId, held.id);
    const [opened] = await house.entries("incident.watch_opened");
    assert.match(opened?.because ?? "", /^severity 0\.\d+ reaches 0\.\d+ and is silenced$/);
    assert.deepEqual(JSON.parse(opened?.body ?? "{}").silences, [id]);
    assert.deepEqual([...new Set(await replayed(house))], ["same"]);
  }),
);

testOnDatabases(
  "E17 what comes beside a silenced rule opens the case as soon as it would by itself",
  inHouse(async (house) => {
    await house.silence();
    await house.signal(exitAlarm("a", noonMs + minute), voidedSale("b", noonMs + 2 * minute));
    assert.deepEqual(await states(house), ["watch"]);
    await house.signal(panicPressed("c", noonMs + 3 * minute));
    assert.deepEqual(await states(house), ["open"]);
    assert.deepEqual(
      house.told.map(({ event }) => event),
      ["incident.opened"],
    );
    assert.deepEqual([...new Set(await replayed(house))], ["same"]);
  }),
);

testOnDatabases(
  "E17 a silence of the whole shop holds back no panic button, and nothing of level 3 with it",
  inHouse(async (house) => {
    const id = await house.silence({ ruleId: null, level: 2 });
    await house.sign(id, noonMs);
    await house.signal(exitAlarm("a", noonMs + minute), voidedSale("b", noonMs + 2 * minute));
    assert.deepEqual(await states(house), ["watch"]);
    await house.signal(panicPressed("c", noonMs + 20 * minute));
    assert.deepEqual((await states(house)).toSorted(), ["open", "watch"]);
    assert.equal(house.told.length, 1);
    assert.equal((await hiddenBy(house.db, id, 10)).length, 1);
  }),
);

testOnDatabases(
  "E17 tampering is held back by what another person signed, and from then on alone",
  async (database, context) => {
    const house = await noiseHouse(context, database, testPack({ rules: jammedRule }));
    const id = await house.silence({ ruleId: null, deviceId: "G-1", level: 2 });
    await house.sign(id, noonMs + 10 * minute);
    const jam = (name: string, atMs: number) => signalOf({ type: "eas_gate_jammed", name, deviceId: "G-1", atMs });
    await house.signal(jam("before", noonMs + 9 * minute));
    assert.deepEqual(await states(house), ["open"]);
    await house.signal(jam("after", noonMs + 40 * minute));
    assert.deepEqual((await states(house)).toSorted(), ["open", "watch"]);
    assert.equal(house.told.length, 1);
    assert.deepEqual([...new Set(await replayed(house))], ["same"]);
  },
);

testOnDatabases(
  "E17 event time decides: what happened in the window is covered when it comes late, what happened outside never",
  inHouse(async (house) => {
    const id = await house.silence({ startsAtMs: noonMs, endsAtMs: noonMs + 10 * minute });
    const receivedAtMs = noonMs + 50 * minute;
    await house.signal(
      exitAlarm("late", noonMs + 9 * minute, { receivedAtMs }),
      voidedSale("late-void", noonMs + 9 * minute),
    );
    assert.deepEqual(await states(house), ["watch"]);
    // Its end is half-open: what happens at that very instant is told.
    await house.signal(exitAlarm("at-its-end", noonMs + 40 * minute), voidedSale("at-its-end", noonMs + 40 * minute));
    assert.deepEqual((await states(house)).toSorted(), ["open", "watch"]);
    assert.equal((await hiddenBy(house.db, id, 10)).length, 1);
  }),
);

testOnDatabases(
  "E17 a silence that was ended covers what happened before its end, and nothing after",
  inHouse(async (house) => {
    const id = await house.silence();
    await house.end(id, noonMs + 5 * minute);
    await house.signal(exitAlarm("a", noonMs + 4 * minute), voidedSale("b", noonMs + 4 * minute));
    assert.deepEqual(await states(house), ["watch"]);
    await house.signal(exitAlarm("c", noonMs + 30 * minute), voidedSale("d", noonMs + 30 * minute));
    assert.deepEqual((await states(house)).toSorted(), ["open", "watch"]);
    assert.equal(house.told.length, 1);
  }),
);

testOnDatabases(
  "E17 what a silence covers goes on in an open case without telling anybody, and is listed",
  inHouse(async (house) => {
    await house.signal(exitAlarm("a", noonMs - 3 * minute), voidedSale("b", noonMs - 2 * minute));
    assert.equal(house.told.length, 1);
    const id = await house.silence();
    await house.signal(exitAlarm("again", noonMs + minute));
    assert.equal(house.changes.at(-1)?.silenced, true);
    assert.equal(house.told.length, 1, "nobody is told again");
    const hidden = await hiddenBy(house.db, id, 10);
    assert.deepEqual(
      hidden.map(({ kind, state, signals }) => [kind, state, signals]),
      [["quiet", "open", 1]],
    );
    await house.signal(voidedSale("another", noonMs + 2 * minute));
    assert.equal(house.told.length, 2, "what is not covered is told");
  }),
);

testOnDatabases(
  "E17 N09 a silence of another organisation, of another rule or of another device covers nothing here",
  inHouse(async (house) => {
    await sql`insert into organisation (id, name, kind, created_at) values ('other', 'Other', 'retailer', now())`.execute(
      house.db,
    );
    await house.silence({ organisationId: "other", siteId: null, ruleId: shopRules.exit });
    await house.silence({ ruleId: shopRules.lingering });
    await house.silence({ deviceId: "T-1" });
    await house.silence({ zoneId: "checkout" });
    await house.silence({ category: "till_fraud" });
    await house.signal(exitAlarm("a", noonMs + minute), voidedSale("b", noonMs + 2 * minute));
    assert.deepEqual(await states(house), ["open"]);
    assert.equal(house.scored.at(-1)?.score.silenced, undefined);
  }),
);

testOnDatabases(
  "E17 D08 rows of silences are kept as they were made: no longer end, no other rule, no deletion",
  inHouse(async ({ db, silence, end, sign }) => {
    const id = await silence({ level: 2 });
    const refused = async (change: ReturnType<typeof sql>) =>
      assert.rejects(change.execute(db), (fault: Error) => /kept as it was made/.test(fault.message));
    await refused(sql`update silence set ends_at = ends_at + interval '1 day' where id = ${id}::uuid`);
    await refused(sql`update silence set rule_id = null where id = ${id}::uuid`);
    await refused(sql`delete from silence where id = ${id}::uuid`);
    await sign(id, noonMs);
    await refused(
      sql`update silence set signed_at = null, signed_by = null, signed_because = null where id = ${id}::uuid`,
    );
    await end(id, noonMs + minute);
    await refused(
      sql`update silence set ended_at = ${new Date(noonMs + 2 * minute)}::timestamptz where id = ${id}::uuid`,
    );
    // Nobody signs under himself, whatever way he takes.
    const own = await silence({ level: 2 });
    await assert.rejects(
      sql`update silence set signed_at = now(), signed_by = 'user:anna', signed_because = 'x' where id = ${own}::uuid`.execute(
        db,
      ),
      /check/,
    );
  }),
);
