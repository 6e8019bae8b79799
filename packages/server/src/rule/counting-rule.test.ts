import assert from "node:assert/strict";
import { counted } from "../testing/backtest-stream.ts";
import { noonMs, signalOf } from "../testing/canonical.ts";
import { testOnDatabases } from "../testing/databases.ts";
import { ruleHouse } from "../testing/rule-house.ts";
import { writtenId } from "../testing/rules.ts";

const why = { because: "many refunds are the pattern of the month" };
const refund = "{ event_type: pos_refund, device: { id: T-1, kind: till } }";
const tests = (few: number) => `tests:
  match: [{ title: two, events: [{ repeat: 2, event: ${refund} }] }]
  no_match: [{ title: one, events: [{ repeat: ${few}, event: ${refund} }] }]
`;
const refunded = (n: number) =>
  signalOf({ type: "pos_refund", name: `refund-${n}`, deviceId: "T-1", atMs: noonMs + n * 60_000 });

testOnDatabases(
  "C09 C11 C04 a correlation goes from draft to running only through its tests, counts then, and is listed with what it counts",
  async (database, context) => {
    const { as, signal, scored } = await ruleHouse(context, database);
    const [anna, bob] = [as("anna"), as("bob")];
    const path = `/rules/${writtenId}`;
    const drafted = await anna("/rules", { rule: counted, ...why });
    assert.deepEqual([drafted.status, drafted.body.id], [201, writtenId], drafted.text);
    const refusedWith = async (number: number) => (await anna(`${path}/versions/${number}/shadow`, why)).body.code;
    assert.equal(await refusedWith(1), "rule_tests_missing");
    const version = async (rule: string, base: number) => anna(`${path}/versions`, { rule, base, ...why });
    assert.equal((await version(counted + tests(2), 1)).status, 201);
    assert.equal(await refusedWith(2), "rule_tests_failing");
    assert.equal((await version(counted + tests(1), 2)).status, 201);
    assert.equal((await anna(`${path}/versions/3/shadow`, why)).status, 200);
    await signal(refunded(1), refunded(2));
    assert.equal(scored.length, 0, "what watches opens nothing");
    assert.equal((await anna(`${path}/versions/3/activate`, why)).body.kind, "signature_asked");
    const { sha256 } = (await bob(`${path}/versions/3`)).body;
    assert.equal((await bob(`${path}/versions/3/sign`, { sha256, ...why })).status, 200);
    await signal(refunded(40), refunded(41));
    const found = scored.flatMap(({ situation }) => situation.members.flatMap((one) => one.detections));
    assert.deepEqual([...new Set(found.map(({ ruleTitle }) => ruleTitle))], ["Many refunds at one till"]);
    type Item = { title: string; kind: string; countedBy: string[]; editable: boolean; days: { live: number }[] };
    const { items } = (await anna("/rules")).body as { items: Item[] };
    const listed = (title: string) => items.find((one) => one.title === title);
    const counts = listed("Many refunds at one till");
    assert.deepEqual([counts?.kind, counts?.editable, counts?.days[0]?.live], ["correlation", true, found.length]);
    assert.deepEqual(listed("Goods were taken back")?.countedBy, ["Many refunds at one till"]);
  },
);
