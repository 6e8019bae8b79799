import assert from "node:assert/strict";
import { sql } from "kysely";
import { noonMs, signalOf } from "../testing/canonical.ts";
import { testOnDatabases } from "../testing/databases.ts";
import { exitAlarm, noiseHouse, shopRules, voidedSale } from "../testing/noise-house.ts";
import { testPack } from "../testing/pack.ts";

const minute = 60_000;

testOnDatabases(
  "D12 an incident opens only after so many signals of a rule within so many minutes; before that nobody is told",
  async (database, context) => {
    const pack = testPack();
    const after = { signals: 3, minutes: 10 };
    const weighed = { points: 8000, after, because: "one void is a customer who changed his mind" };
    const weights = { ...pack.weights, rule_weights: { [shopRules.voided]: weighed } };
    const house = await noiseHouse(context, database, { ...pack, weights });
    const states = async () => (await house.cases()).map(({ state }) => state);
    const voidAt = (n: number, minutes: number) => voidedSale(`void-${n}`, noonMs + minutes * minute);
    await house.signal(voidAt(1, 0));
    await house.signal(voidAt(2, 4));
    assert.ok(!(await states()).includes("open"));
    await house.signal(voidAt(3, 15));
    assert.ok(!(await states()).includes("open"), "the third is too late: fifteen minutes are more than ten");
    assert.deepEqual(house.told, []);
    await house.signal(voidAt(4, 16));
    await house.signal(voidAt(5, 17));
    assert.deepEqual(
      (await states()).filter((state) => state === "open"),
      ["open"],
      "three within ten minutes",
    );
    assert.equal(house.told.length, 1);
  },
);

testOnDatabases(
  "D13 the same event twice is one, and another event of the same kind is kept and linked to the same case",
  async (database, context) => {
    const house = await noiseHouse(context, database);
    const first = exitAlarm("same", noonMs);
    await house.signal(first, voidedSale("void", noonMs + minute));
    await house.signal(first);
    await house.signal(exitAlarm("same", noonMs));
    const links = async () => {
      const { rows } = await sql<{ signal_id: string; joined_because: string }>`
        select signal_id::text, joined_because from incident_signal order by corrected_at, signal_id`.execute(house.db);
      return rows;
    };
    assert.equal((await links()).length, 2, "a repeat is acknowledged and dropped");
    const related = signalOf({
      type: "eas_alarm",
      name: "another",
      deviceId: "G-1",
      atMs: noonMs + 2 * minute,
      data: { direction: "out" },
    });
    await house.signal(related);
    const linked = await links();
    assert.equal(linked.length, 3, "it alarms again, and both are kept");
    assert.equal(linked.find(({ signal_id }) => signal_id === related.id)?.joined_because, "same_device");
    assert.equal((await house.cases()).length, 1, "in one case");
  },
);

testOnDatabases(
  "O09 a period of the trading calendar asks for its threshold in its window only, and the case and the record say so",
  async (database, context) => {
    const pack = testPack();
    const period = { id: null, name: "Sale", sites: ["*"], note: null, fromMs: noonMs, toMs: noonMs + 60 * minute };
    const directory = { ...pack.directory, calendar: [period] };
    const calendar = { Sale: { incident_threshold: 0.995, says: "a sale asks for more" } };
    const house = await noiseHouse(context, database, {
      ...pack,
      directory,
      weights: { ...pack.weights, calendar },
    });
    await house.signal(exitAlarm("in", noonMs + minute), voidedSale("in", noonMs + 2 * minute));
    assert.deepEqual(
      (await house.cases()).map(({ state }) => state),
      ["watch"],
      "0.993 is not enough in the sale",
    );
    await house.signal(exitAlarm("out", noonMs - 60 * minute), voidedSale("out", noonMs - 59 * minute));
    assert.deepEqual(
      (await house.cases()).map(({ state }) => state).toSorted(),
      ["open", "watch"],
      "of before, come late",
    );
    const made = (await house.entries("decision.made")).map(({ body }) => JSON.parse(body));
    assert.deepEqual(
      made
        .map(({ threshold, calendar: name, threshold_usual: usual }) => [threshold, name, usual])
        .toSorted(([first], [second]) => second - first),
      [
        [0.995, "Sale", 0.9],
        [0.9, undefined, undefined],
      ],
    );
    const { rows } = await sql<{ says: string }>`
      select says from incident_timeline where kind = 'score' and position('asks for' in says) > 0`.execute(house.db);
    assert.match(rows[0]?.says ?? "", /; Sale asks for 0\.995 instead of 0\.90?\.$/);
    assert.equal(rows.length, 1);
  },
);
