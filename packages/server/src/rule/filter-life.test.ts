import assert from "node:assert/strict";
import { sql } from "kysely";
import type { Signal } from "@tillwatch/wire";
import { replayDecision } from "../decision/replay-decision.ts";
import { counted } from "../testing/backtest-stream.ts";
import { noonMs, signalOf } from "../testing/canonical.ts";
import { testOnDatabases } from "../testing/databases.ts";
import { filterId, filterTests, filterText, packVoided } from "../testing/filters.ts";
import { testPack } from "../testing/pack.ts";
import { judgedCase, ruleHouse, type RuleHouse } from "../testing/rule-house.ts";
import { ruleText, writtenId } from "../testing/rules.ts";

const why = { because: "the till of the training room is no till" };
const minute = 60_000;
const path = `/rules/${filterId}`;
const voided = (n: number, training: boolean) =>
  signalOf({
    type: "pos_void",
    name: `void-${n}`,
    deviceId: "T-1",
    atMs: noonMs + n * minute,
    data: { after_payment: true, training },
  });

type Asks = ReturnType<RuleHouse["as"]>;
type Answer = Awaited<ReturnType<Asks>>;

const codeOf = ({ status, body }: Answer) => [status, body.code];

async function done(answer: Promise<Answer>): Promise<string> {
  const { status, body, text } = await answer;
  assert.ok(status === 200 || status === 201, text);
  return body.kind;
}

async function watching(as: Asks, text = filterText()): Promise<void> {
  await done(as("/rules", { rule: text, ...why }));
  await done(as(`${path}/versions/1/shadow`, why));
}

async function signed(as: Asks, number = 1): Promise<string> {
  const { sha256 } = (await as(`${path}/versions/${number}`)).body;
  return done(as(`${path}/versions/${number}/sign`, { sha256, ...why }));
}

/** What the last signals made the pipeline detect, by rule. */
async function detected({ signal, scored }: RuleHouse, ...signals: readonly Signal[]) {
  const count = scored.length;
  await signal(...signals);
  const ids = new Set<string>(signals.map(({ id }) => id));
  return scored
    .slice(count)
    .flatMap(({ situation }) => situation.members)
    .filter(({ signalId }) => ids.has(signalId))
    .flatMap(({ detections }) => detections.map(({ ruleId }) => ruleId));
}

testOnDatabases(
  "C11 C09 C04 a filter over what pages goes from draft over shadow and always a second signature to running, hides then, and is rolled back in one call",
  async (database, context) => {
    const house = await ruleHouse(context, database);
    const { as, db, holder } = house;
    const [anna, bob] = [as("anna"), as("bob")];
    const before = holder.current().versions.rules;
    await watching(anna);
    const four = [1, 2, 3, 4].map((n) => voided(n * 60, n < 4));
    for (const one of four) assert.deepEqual(await detected(house, one), [packVoided], "what watches hides nothing");
    assert.equal(holder.current().versions.rules, before);
    const { rows: hits } = await sql<{ id: string }>`select signal_id::text as id from rule_hit order by at`.execute(
      db,
    );
    assert.deepEqual(
      hits.map(({ id }) => id),
      four.slice(0, 3).map(({ id }) => id),
      "what it would hide is listed",
    );
    for (const [n, verdict] of ["false", "false", "true"].entries())
      await judgedCase(house, { n: n + 1, signalId: four[n]?.id ?? "", verdict, by: "user:ida" });
    const listed = (await bob("/rules")).body.items.find((one: { id: string }) => one.id === filterId);
    assert.deepEqual(
      [listed.kind, listed.state, listed.pages, listed.narrows],
      ["filter", "shadow", true, ["Paid sale voided"]],
    );
    assert.deepEqual(listed.shadowJudged, { right: 2, wrong: 1 }, "it is right to hide what people called false");
    await judgedCase(house, { n: 3, signalId: four[2]?.id ?? "", verdict: "false", by: "user:ida" });
    assert.equal(await done(anna(`${path}/versions/1/activate`, why)), "signature_asked", "whatever its precision");
    assert.deepEqual(codeOf(await anna(`${path}/versions/1/sign`, { sha256: "0".repeat(64), ...why })), [
      403,
      "rule_second_person_needed",
    ]);
    assert.deepEqual(await detected(house, voided(300, true)), [packVoided], "and hides nothing before it is signed");
    assert.equal(await signed(bob), "activated");

    assert.deepEqual(await detected(house, voided(400, true)), []);
    assert.deepEqual(await detected(house, voided(500, false)), [packVoided]);
    const shown = (await bob(path)).body;
    assert.deepEqual([shown.state, shown.live, shown.judged, shown.editable], ["active", 1, null, true]);
    assert.deepEqual(
      shown.days.map((day: { live: number; shadow: number }) => [day.live, day.shadow]),
      [[1, 4]],
    );
    assert.deepEqual(shown.steps[0].judged, { right: 3, wrong: 0 });
    assert.deepEqual([shown.steps[0].actor, shown.steps[0].signedBy], ["user:anna", "user:bob"]);
    const { rows } = await sql<{ id: string }>`select id::text from decision`.execute(db);
    for (const { id } of rows) assert.equal((await replayDecision(db, id)).kind, "same");

    assert.equal(await done(anna(`${path}/roll-back`, why)), "rolled_back");
    assert.equal(holder.current().versions.rules, before, "the very same rules as before");
    assert.deepEqual(await detected(house, voided(600, true)), [packVoided]);
    const { rows: entries } = await sql<{ kind: string }>`
      select kind from audit_entry where subject_kind = 'rule'`.execute(db);
    assert.deepEqual(entries.map(({ kind }) => kind).toSorted(), [
      "rule.activated",
      "rule.drafted",
      "rule.rolled_back",
      "rule.shadowed",
      "rule.signature_asked",
    ]);
    await done(
      anna(`${path}/versions`, {
        rule: filterText({ selection: "{ data.training|contains: true }" }),
        base: 1,
        ...why,
      }),
    );
    const { author, diff, against } = (await bob(`${path}/versions/2`)).body;
    const changed = diff.filter(({ kind }: { kind: string }) => kind !== "same");
    assert.deepEqual([author, against, changed.length], ["user:anna", 1, 2]);
  },
);

testOnDatabases(
  "C09 U02 a filter neither watches nor runs without tests that pass both ways and prove something, nor where it breaks what its rules prove",
  async (database, context) => {
    const own = ruleText();
    const { as } = await ruleHouse(context, database, { pack: testPack({ rules: own }) });
    const anna = as("anna");
    await done(anna("/rules", { rule: filterText({ tests: null }), ...why }));
    let base = 1;
    const refusedFor = async (rule: string) => {
      await done(anna(`${path}/versions`, { rule, base, ...why }));
      base += 1;
      const { body } = await anna(`${path}/versions/${base}/shadow`, why);
      return [body.code, body.detail] as const;
    };
    assert.equal((await anna(`${path}/versions/1/shadow`, why)).body.code, "rule_tests_missing");
    const onlyHides = filterTests.replace(/ {2}match:.*\n/, "");
    assert.equal((await refusedFor(filterText({ tests: onlyHides })))[0], "rule_tests_missing");
    const idle = filterTests.replaceAll("pos_void", "pos_sale");
    const [code, says] = await refusedFor(filterText({ tests: idle }));
    assert.equal(code, "rule_tests_failing");
    assert.match(says, /no rule that it narrows matches it without the filter/);
    const fromACamera = filterTests.replaceAll("kind: till", "kind: camera");
    assert.equal((await refusedFor(filterText({ tests: fromACamera })))[0], "rule_tests_failing");
    assert.equal((await refusedFor(filterText({ selection: "{ data.training: false }" })))[0], "rule_tests_failing");
    const [broad, broken] = await refusedFor(
      filterText({
        rules: "any",
        selection: "{ data.loud|exists: false }",
        tests: filterTests.replace("after_payment: true }", "after_payment: true, loud: true }"),
      }),
    );
    assert.equal(broad, "rule_tests_failing");
    assert.match(broken, /"A paid sale was taken back: after payment" \(passes without this filter, and not with it\)/);
  },
);

testOnDatabases(
  "C09 a filter is refused that is not understood, names no rule that runs, takes another's id or would take a rule's place",
  async (database, context) => {
    const { as } = await ruleHouse(context, database);
    const anna = as("anna");
    const codes = async (rule: string) => {
      const { body } = await anna("/rules/check", { rule });
      return body.problems.map(({ code }: { code: string }) => code);
    };
    assert.deepEqual(await codes(filterText({ id: "not-a-uuid" })), ["rule_id_missing"]);
    assert.deepEqual(await codes(filterText({ product: "windows" })), ["rule_product_foreign"]);
    assert.deepEqual(await codes(filterText({ rules: "[nobody]" })), ["sigma_filter_rule_unknown"]);
    assert.deepEqual(await codes(filterText({ service: "camera" })), ["sigma_filter_rule_unfit"]);
    assert.deepEqual(await codes(filterText({ service: "fridge", rules: "any" })), ["rule_filter_idle"]);
    assert.deepEqual(await codes(`${filterText()}---\n${ruleText()}`), ["rule_one_document"]);
    assert.deepEqual(await codes(filterText().replace("condition: not training", "condition: not trainings")), [
      "sigma_condition_selection_unknown",
    ]);
    const { body } = await anna("/rules/check", { rule: filterText({ service: null, rules: "any" }) });
    assert.deepEqual(
      [body.ok, body.facts.kind, body.facts.narrows.length, body.facts.triageLevel],
      [true, "filter", 4, 3],
    );

    assert.deepEqual(codeOf(await anna("/rules", { rule: filterText({ id: packVoided }), ...why })), [
      409,
      "rule_id_taken",
    ]);
    const asRule = await anna(`/rules/${packVoided}/versions`, {
      rule: filterText({ id: packVoided }),
      base: 0,
      ...why,
    });
    assert.deepEqual(codeOf(asRule), [409, "rule_kind_changed"]);
    await done(anna("/rules", { rule: filterText(), ...why }));
    const asFilter = await anna(`${path}/versions`, { rule: ruleText({ id: filterId }), base: 1, ...why });
    assert.deepEqual(codeOf(asFilter), [409, "rule_kind_changed"]);
    assert.deepEqual(codeOf(await anna("/rules", { rule: filterText(), ...why })), [409, "rule_id_taken"]);
    assert.deepEqual(codeOf(await as("program")(`${path}/versions/1/activate`, why)), [403, "access_refused"]);
    assert.deepEqual(codeOf(await as("tired")(`${path}/versions/1/activate`, why)), [403, "step_up_required"]);
    assert.deepEqual(codeOf(await as("clerk")("/rules/check", { rule: filterText() })), [403, "access_refused"]);
  },
);

const quiet = ruleText({ own: "{ category: till_fraud, level: 1, points: 0, says: Noted }" });
const overQuiet = filterText({ rules: `[${writtenId}]` });

testOnDatabases(
  "C11 a filter over what pages nobody runs without a signature, and by no way comes to hide what pages without one",
  async (database, context) => {
    const house = await ruleHouse(context, database, { pack: testPack({ rules: quiet }) });
    const { as } = house;
    const [anna, bob] = [as("anna"), as("bob")];
    await watching(anna, overQuiet);
    assert.equal(await done(anna(`${path}/versions/1/activate`, why)), "activated");
    assert.deepEqual(new Set(await detected(house, voided(1, true))), new Set([packVoided]));
    // The rule below it begins to page.
    const loud = ruleText();
    await done(bob(`/rules/${writtenId}/versions`, { rule: loud, base: 0, ...why }));
    await done(bob(`/rules/${writtenId}/versions/1/shadow`, why));
    await done(bob(`/rules/${writtenId}/versions/1/activate`, why));
    const { sha256 } = (await anna(`/rules/${writtenId}/versions/1`)).body;
    const sign = () => anna(`/rules/${writtenId}/versions/1/sign`, { sha256, ...why });
    const hidden = await sign();
    assert.deepEqual(codeOf(hidden), [409, "filter_unsigned"]);
    assert.match(hidden.body.detail, /"Voids in training" would hide what pages/);
    await done(anna(`${path}/retire`, why));
    await done(sign());
    assert.equal(await done(anna(`${path}/roll-back`, why)), "signature_asked", "nor by the way back");
    await done(anna(`${path}/versions/1/shadow`, why));
    assert.equal(await done(anna(`${path}/versions/1/activate`, why)), "signature_asked");
    assert.equal(await signed(bob), "activated");
    await done(anna(`${path}/retire`, why));
    assert.equal(await done(anna(`${path}/roll-back`, why)), "signature_asked", "signed once, and retired since");
    assert.equal(await signed(bob), "activated");
  },
);

testOnDatabases(
  "C11 a filter over a rule that is only counted pages as its correlation does, and the correlation counts what it leaves",
  async (database, context) => {
    const house = await ruleHouse(context, database, { pack: testPack({ rules: counted }) });
    const { as } = house;
    const [anna, bob] = [as("anna"), as("bob")];
    const refund = (n: number, training: boolean) =>
      signalOf({ type: "pos_refund", name: `r-${n}`, deviceId: "T-1", atMs: noonMs + n * minute, data: { training } });
    const event = (training: boolean) =>
      `{ event_type: pos_refund, device: { id: T-1, kind: till }, data: { training: ${training} } }`;
    const tests = `tests: { match: [{ title: a customer, event: ${event(false)} }], no_match: [{ title: in training, event: ${event(true)} }] }\n`;
    await watching(anna, filterText({ rules: "[goods_back]", tests }));
    assert.equal(await done(anna(`${path}/versions/1/activate`, why)), "signature_asked");
    await signed(bob);
    assert.deepEqual(await detected(house, refund(1, true), refund(2, false), refund(3, true)), []);
    assert.deepEqual(await detected(house, refund(4, false)), [writtenId]);
    const { days } = (await anna(path)).body;
    assert.deepEqual(
      days.map(({ live }: { live: number }) => live),
      [2],
    );
  },
);

testOnDatabases(
  "C09 a rule that a running filter names is not taken away below it, what watches is narrowed by it, and a pack's own filter is listed and changed like a rule",
  async (database, context) => {
    const house = await ruleHouse(context, database, { pack: testPack({ rules: filterText() }) });
    const { as } = house;
    const [anna, bob] = [as("anna"), as("bob")];
    const shown = (await anna(path)).body;
    assert.deepEqual(
      [shown.kind, shown.origin, shown.state, shown.live, shown.editable],
      ["filter", "pack", "active", 0, true],
    );
    assert.deepEqual(await detected(house, voided(1, true)), []);
    const away = await anna(`/rules/${packVoided}/retire`, why);
    assert.deepEqual(codeOf(away), [422, "rule_does_not_fit"]);
    await done(anna("/rules", { rule: ruleText(), ...why }));
    await done(anna(`/rules/${writtenId}/versions/1/shadow`, why));
    const wide = filterText({ rules: "any" });
    await done(anna(`${path}/versions`, { rule: wide, base: 0, ...why }));
    await done(anna(`${path}/versions/1/shadow`, why));
    await house.signal(voided(2, true));
    const hits = async () => {
      const { rows } = await sql<{ rule: string; n: number }>`
        select rule_id as rule, count(*)::int4 as n from rule_hit group by 1 order by 1`.execute(house.db);
      return rows.map(({ rule, n }) => [rule, n]);
    };
    assert.deepEqual(
      await hits(),
      [
        [writtenId, 1],
        [filterId, 1],
      ],
      "the shipped one does not narrow it, and the wide one would hide the same as it",
    );
    await done(anna(`${path}/versions/1/activate`, why));
    await signed(bob);
    await house.signal(voided(3, true));
    assert.deepEqual(
      await hits(),
      [
        [writtenId, 1],
        [filterId, 1],
      ],
      "now it is narrowed too",
    );
    assert.equal(await done(bob(`${path}/roll-back`, { to: 0, ...why })), "rolled_back");
    assert.equal(await done(bob(`${path}/retire`, why)), "retired");
    assert.deepEqual(await detected(house, voided(60, true)), [packVoided]);
  },
);
