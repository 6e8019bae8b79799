import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { sql } from "kysely";
import { noonMs, signalOf } from "../testing/canonical.ts";
import { testOnDatabases } from "../testing/databases.ts";
import { judgedCase, ruleHouse, type RuleHouse } from "../testing/rule-house.ts";
import { failing, ruleText, writtenId } from "../testing/rules.ts";
import { replayDecision } from "../decision/replay-decision.ts";
import type { OpenDatabase } from "../schema.ts";

const why = { because: "voids after payment are the pattern of the month" };
const minute = 60_000;
const packVoided = "8a3b6f0e-5f1d-4c3a-9d57-1f0a5a9d1c02";
const voided = (n: number) =>
  signalOf({
    type: "pos_void",
    name: `void-${n}`,
    deviceId: "T-1",
    atMs: noonMs + n * minute,
    data: { after_payment: true },
  });

type Asks = ReturnType<RuleHouse["as"]>;

async function drafted(as: Asks, text = ruleText()): Promise<void> {
  const made = await as("/rules", { rule: text, ...why });
  assert.equal(made.status, 201, made.text);
  assert.deepEqual(made.body, { id: writtenId, number: 1, kind: "drafted", live: null });
}

async function watching(as: Asks, number = 1): Promise<void> {
  const done = await as(`/rules/${writtenId}/versions/${number}/shadow`, why);
  assert.equal(done.status, 200, done.text);
}

const refusedWith = (answer: { status: number; body: { code: string } }) => [answer.status, answer.body.code];

async function kinds({ db }: RuleHouse): Promise<readonly string[]> {
  const { rows } = await sql<{ kind: string }>`select kind from audit_entry where subject_kind = 'rule'`.execute(db);
  return rows.map(({ kind }) => kind).sort();
}

const inHouse =
  (run: (house: RuleHouse) => Promise<void>) =>
  async (database: OpenDatabase, context: TestContext): Promise<void> =>
    run(await ruleHouse(context, database));

testOnDatabases(
  "C09 C11 C04 a rule goes from draft over shadow and a second signature to running, and decisions name the exact rules",
  inHouse(async (house) => {
    const { as, signal, scored, db } = house;
    const [anna, bob] = [as("anna"), as("bob")];
    const before = house.holder.current().versions.rules;
    await drafted(anna);
    await signal(voided(1));
    assert.equal(
      scored.at(-1)?.score.additions.filter(({ kind }) => kind === "detection").length ?? 1,
      1,
      "a draft sees nothing",
    );
    await watching(anna);
    await signal(voided(2));
    const ruleIds = () =>
      new Set(scored.at(-1)?.situation.members.flatMap((one) => one.detections.map(({ ruleId }) => ruleId)));
    assert.deepEqual(ruleIds(), new Set([packVoided]), "what watches is in no situation");
    assert.equal(house.holder.current().versions.rules, before, "and the running rules are the same");
    const hits = await anna(`/rules/${writtenId}/versions/1/hits`);
    assert.equal(hits.status, 200, hits.text);
    const shownHits = hits.body.items.map((one: { type: string; deviceId: string }) => [one.type, one.deviceId]);
    assert.deepEqual(shownHits, [["pos_void", "T-1"]]);
    const { rows: listed } = await sql<{ signal_id: string }>`select signal_id::text from rule_hit`.execute(db);
    assert.deepEqual(listed, [{ signal_id: voided(2).id }]);

    const asked = await anna(`/rules/${writtenId}/versions/1/activate`, why);
    assert.deepEqual([asked.status, asked.body.kind], [200, "signature_asked"], asked.text);
    assert.equal(house.holder.current().versions.rules, before);
    const { sha256 } = (await bob(`/rules/${writtenId}/versions/1`)).body;
    const own = await anna(`/rules/${writtenId}/versions/1/sign`, { sha256, ...why });
    assert.deepEqual(refusedWith(own), [403, "rule_second_person_needed"]);
    const wrong = await bob(`/rules/${writtenId}/versions/1/sign`, { sha256: "0".repeat(64), ...why });
    assert.deepEqual(refusedWith(wrong), [409, "rule_signed_text_differs"]);
    const signed = await bob(`/rules/${writtenId}/versions/1/sign`, { sha256, ...why });
    assert.deepEqual([signed.status, signed.body.kind], [200, "activated"], signed.text);

    await signal(voided(3));
    assert.deepEqual(ruleIds(), new Set([packVoided, writtenId]), "it runs from the next batch on");
    const version = house.holder.current().versions.rules;
    assert.notEqual(version, before);
    const { rows } = await sql<{ id: string; rules_version: string }>`
      select id::text, rules_version from decision order by at, id`.execute(db);
    assert.ok(rows.some((row) => row.rules_version === before) && rows.some((row) => row.rules_version === version));
    for (const { id } of rows) assert.equal((await replayDecision(db, id)).kind, "same");
    assert.deepEqual(
      await kinds(house),
      ["rule.activated", "rule.drafted", "rule.shadowed", "rule.signature_asked"].sort(),
    );
    const shown = (await bob(`/rules/${writtenId}`)).body;
    assert.deepEqual([shown.state, shown.live, shown.shadow, shown.asked], ["active", 1, null, null]);
    assert.deepEqual(
      shown.steps.map((step: { kind: string; actor: string; signedBy: string | null }) => [
        step.kind,
        step.actor,
        step.signedBy,
      ]),
      [
        ["activated", "user:anna", "user:bob"],
        ["signature_asked", "user:anna", null],
        ["shadowed", "user:anna", null],
        ["drafted", "user:anna", null],
      ],
    );
    assert.equal(
      shown.steps[0].because,
      why.because,
      "the reason is sealed where it lies, and opened for who may read it",
    );
    const { rows: kept } = await sql<{ because: string }>`select because from rule_step`.execute(db);
    assert.ok(kept.every(({ because }) => because.startsWith("tw1.")));
  }),
);

testOnDatabases(
  "C09 U02 a rule whose tests fail, or that carries none, neither watches nor runs; one that is not understood is not kept",
  inHouse(async ({ as, db, holder }) => {
    const anna = as("anna");
    const broken = await anna("/rules", { rule: ruleText({ selection: "{ a|near: 1 }" }), ...why });
    assert.deepEqual([...refusedWith(broken), broken.body.pointer], [422, "sigma_modifier_unknown", "/rule"]);
    assert.match(broken.body.detail, /^line \d+, column \d+: /);
    await drafted(anna, ruleText({ tests: failing }));
    const fails = await anna(`/rules/${writtenId}/versions/1/shadow`, why);
    assert.deepEqual(refusedWith(fails), [422, "rule_tests_failing"]);
    assert.match(fails.body.detail, /before payment too/);
    const none = await anna(`/rules/${writtenId}/versions`, { rule: ruleText({ tests: null }), base: 1, ...why });
    assert.equal(none.status, 201, none.text);
    assert.deepEqual(refusedWith(await anna(`/rules/${writtenId}/versions/2/shadow`, why)), [
      422,
      "rule_tests_missing",
    ]);
    for (const number of [1, 2]) {
      const run = await anna(`/rules/${writtenId}/versions/${number}/activate`, why);
      assert.equal(run.status, 422, run.text);
    }
    // A row that came there by another way than this API does not run either: the tests are run again.
    await sql`update rule set shadow = 2`.execute(db);
    assert.deepEqual(refusedWith(await anna(`/rules/${writtenId}/versions/2/activate`, why)), [
      422,
      "rule_tests_missing",
    ]);
    assert.equal(holder.current().shadow, null);
  }),
);

testOnDatabases(
  "C11 precision over the bar lets a rule run without a signature; verdicts of its author and of who asks do not count",
  inHouse(async (house) => {
    const { as, signal } = house;
    const [anna, bob] = [as("anna"), as("bob")];
    await drafted(anna);
    await watching(anna);
    const signals = [voided(1), voided(30), voided(60), voided(90)];
    await signal(...signals);
    const ids = signals.map(({ id }) => id);
    const say = (n: number, verdict: string, by: string) =>
      judgedCase(house, { n, signalId: ids[n % ids.length] ?? "", verdict, by });
    await say(1, "true", "user:anna");
    await say(2, "true", "user:bob");
    const shown = async (ask: Asks) => (await ask(`/rules/${writtenId}`)).body.shadowJudged;
    assert.deepEqual(await shown(bob), { right: 1, wrong: 0 }, "the author's own verdict does not count");
    assert.equal((await bob(`/rules/${writtenId}/versions/1/activate`, why)).body.kind, "signature_asked");
    await say(2, "unsure", "user:ida");
    assert.deepEqual(await shown(bob), { right: 0, wrong: 0 }, "the last word about a case counts, and unsure is none");
    for (const n of [1, 2, 3]) await say(n, "true", "user:ida");
    await say(4, "false", "user:ida");
    assert.deepEqual(await shown(bob), { right: 3, wrong: 1 });
    assert.equal(
      (await bob(`/rules/${writtenId}/versions/1/activate`, why)).body.kind,
      "signature_asked",
      "75 % is below",
    );
    await say(4, "true", "user:ida");
    assert.deepEqual(await shown(bob), { right: 4, wrong: 0 });
    assert.equal((await bob(`/rules/${writtenId}/versions/1/activate`, why)).body.kind, "activated");
    const { steps } = (await bob(`/rules/${writtenId}`)).body;
    assert.deepEqual(steps[0].judged, { right: 4, wrong: 0 });
  }),
);

testOnDatabases(
  "C09 one call rolls a change back, and retiring ends a rule of the pack",
  inHouse(async (house) => {
    const { as, signal, scored } = house;
    const [anna, bob] = [as("anna"), as("bob")];
    const before = house.holder.current().versions.rules;
    const detected = async (n: number) => {
      const count = scored.length;
      await signal(voided(n));
      return scored.slice(count).flatMap((one) => one.joins.length);
    };
    assert.equal((await detected(0)).length, 1);
    const retired = await anna(`/rules/${packVoided}/retire`, why);
    assert.deepEqual([retired.status, retired.body.kind], [200, "retired"], retired.text);
    assert.equal((await detected(60)).length, 0, "nothing is detected any more");
    assert.deepEqual(refusedWith(await bob(`/rules/${packVoided}/retire`, why)), [409, "rule_not_running"]);
    const back = await bob(`/rules/${packVoided}/roll-back`, why);
    assert.deepEqual([back.body.kind, back.body.live], ["signature_asked", null], back.text);
    assert.equal((await detected(90)).length, 0, "what was retired waits for another person");
    const { sha256 } = (await bob(`/rules/${packVoided}/versions/0`)).body;
    const path = `/rules/${packVoided}/versions/0/sign`;
    assert.deepEqual(refusedWith(await bob(path, { sha256, ...why })), [403, "rule_second_person_needed"]);
    const signed = await anna(path, { sha256, ...why });
    assert.deepEqual([signed.body.kind, signed.body.live], ["activated", 0], signed.text);
    assert.equal(house.holder.current().versions.rules, before, "the very same rules as before");
    assert.equal((await detected(120)).length, 1);
    assert.deepEqual(refusedWith(await bob(`/rules/${writtenId}/roll-back`, why)), [404, "rule_unknown"]);
    await drafted(anna);
    assert.deepEqual(refusedWith(await anna(`/rules/${writtenId}/roll-back`, why)), [409, "rule_nothing_to_roll_back"]);
    assert.deepEqual(refusedWith(await anna(`/rules/${writtenId}/roll-back`, { to: 1, ...why })), [
      409,
      "rule_never_ran",
    ]);
    const { items } = (await anna("/rules")).body;
    assert.equal(items.length, house.pack.rulebook.parsed.length + 1);
    assert.ok(items.every((one: { title: string }) => one.title !== ""));
  }),
);

testOnDatabases(
  "C09 C11 an author alone does not bring back what a colleague retired or rolled back, and a bad change is undone at once",
  inHouse(async ({ as, holder, db }) => {
    const [anna, bob] = [as("anna"), as("bob")];
    const path = `/rules/${writtenId}`;
    const letRun = async (number: number) => {
      await watching(anna, number);
      await anna(`${path}/versions/${number}/activate`, why);
      const { sha256 } = (await bob(`${path}/versions/${number}`)).body;
      assert.equal((await bob(`${path}/versions/${number}/sign`, { sha256, ...why })).body.live, number);
    };
    const back = async (asks: Asks, to?: number) => {
      const { status, body } = await asks(`${path}/roll-back`, { ...why, ...(to === undefined ? {} : { to }) });
      return [status, body.kind ?? body.code, body.live];
    };
    const way = async () => (await anna(path)).body.back;
    await drafted(anna);
    await letRun(1);
    const runs = holder.current().versions.rules;
    assert.deepEqual(await way(), { live: null, guarded: false });
    await bob(`${path}/retire`, { because: "Too noisy" });
    assert.deepEqual(await way(), { live: 1, guarded: true });
    for (const to of [undefined, 1]) assert.deepEqual(await back(anna, to), [200, "signature_asked", null]);
    assert.deepEqual((await anna(path)).body.state, "retired");
    const { sha256 } = (await anna(`${path}/versions/1`)).body;
    assert.deepEqual(refusedWith(await anna(`${path}/versions/1/sign`, { sha256, ...why })), [
      403,
      "rule_second_person_needed",
    ]);
    const no = await bob(`${path}/retire`, { because: "Still too noisy" });
    assert.deepEqual([no.body.kind, no.body.number, no.body.live], ["retired", 1, null], no.text);
    assert.deepEqual(refusedWith(await bob(`${path}/retire`, why)), [409, "rule_not_running"]);
    await back(anna);
    assert.equal((await bob(`${path}/versions/1/sign`, { sha256, ...why })).body.live, 1);
    assert.equal(holder.current().versions.rules, runs);

    const second = await anna(`${path}/versions`, { rule: `${ruleText()}# more\n`, base: 1, ...why });
    assert.equal(second.status, 201, second.text);
    await letRun(2);
    assert.deepEqual(await back(bob), [200, "rolled_back", 1], "a bad change goes at once, by one person");
    assert.deepEqual(await back(anna, 2), [200, "signature_asked", 1], "and does not come back alone");
    assert.deepEqual(await back(bob), [200, "rolled_back", null], "nor does a way back lead forward");
    const { rows } = await sql<{ kind: string }>`select kind from audit_entry where subject_kind = 'rule'`.execute(db);
    assert.equal(rows.filter(({ kind }) => kind === "rule.rolled_back").length, 2);
    assert.equal(
      rows.filter(({ kind }) => kind === "rule.activated").length,
      3,
      "letting run again stands there as that",
    );
    // Tests that fail by now keep it out too.
    await sql`alter table rule_version disable trigger rule_history_is_kept`.execute(db);
    await sql`update rule_version set text = ${ruleText({ tests: failing })} where number = 1`.execute(db);
    assert.deepEqual((await back(anna, 1)).slice(0, 2), [422, "rule_tests_failing"]);
  }),
);

testOnDatabases(
  "C09 a change of a pack's rule is a version with author, reason and difference, and somebody else's is not overwritten",
  inHouse(async ({ as, holder, db }) => {
    const [anna, bob] = [as("anna"), as("bob")];
    const shipped = (await anna(`/rules/${packVoided}/versions/0`)).body;
    assert.equal(shipped.state, "active");
    const text = `${shipped.text}tests:\n  match: [{ title: paid, event: { event_type: pos_void, device: { kind: till }, data: { after_payment: true } } }]\n  no_match: [{ title: paid, event: {} }]\n`;
    const first = await anna(`/rules/${packVoided}/versions`, { rule: text, base: 0, ...why });
    assert.equal(first.status, 201, first.text);
    const late = await bob(`/rules/${packVoided}/versions`, { rule: `${text}#\n`, base: 0, ...why });
    assert.deepEqual([...refusedWith(late), late.body.pointer], [409, "rule_version_changed", "/base"]);
    assert.deepEqual(refusedWith(await bob(`/rules/${packVoided}/versions`, { rule: text, base: 1, ...why })), [
      409,
      "rule_unchanged",
    ]);
    const other = await bob(`/rules/${packVoided}/versions`, { rule: ruleText(), base: 1, ...why });
    assert.deepEqual(refusedWith(other), [422, "rule_id_changed"]);
    const taken = await bob("/rules", { rule: text, ...why });
    assert.deepEqual([...refusedWith(taken), taken.body.pointer], [409, "rule_id_taken", "/rule"]);
    assert.match(taken.body.remedy, /another id/);
    const asNew = (await bob("/rules/check", { rule: text, isNew: true })).body;
    assert.deepEqual(
      [asNew.ok, asNew.facts, asNew.problems.map(({ code, line }: { code: string; line: number }) => [code, line > 1])],
      [false, null, [["rule_id_taken", true]]],
    );
    assert.equal((await bob("/rules/check", { rule: text })).body.ok, true, "as a version of it the id is right");
    assert.equal((await bob("/rules/check", { rule: ruleText(), isNew: true })).body.ok, true);
    const version = (await bob(`/rules/${packVoided}/versions/1`)).body;
    assert.deepEqual([version.author, version.because, version.against], ["user:anna", why.because, 0]);
    const added = version.diff.filter(({ kind }: { kind: string }) => kind === "added");
    assert.equal(added.length, 3);
    assert.ok(version.diff.every(({ kind }: { kind: string }) => kind !== "removed"));
    // As a version of the pack's rule runs, the pack's file does not.
    await anna(`/rules/${packVoided}/versions/1/shadow`, why);
    await anna(`/rules/${packVoided}/versions/1/activate`, why);
    await bob(`/rules/${packVoided}/versions/1/sign`, { sha256: version.sha256, ...why });
    const running = holder.current().rulebook.parsed.filter(({ id }) => id === packVoided);
    assert.deepEqual(
      running.map(({ tests }) => tests.match.length),
      [1],
    );
    for (const table of ["rule_version", "rule_step"]) {
      await assert.rejects(sql`delete from ${sql.table(table)}`.execute(db), { code: "23001" });
      await assert.rejects(sql`update ${sql.table(table)} set number = 9`.execute(db), { code: "23001" });
    }
  }),
);

testOnDatabases(
  "C09 N02 who may not is refused: other roles, other organisations, programs, people without a second proof, people of one shop",
  inHouse(async ({ as }) => {
    await drafted(as("anna"));
    await watching(as("anna"));
    const path = `/rules/${writtenId}/versions/1`;
    const asked = async (name: string, at: string, body?: object) => refusedWith(await as(name)(at, body));
    assert.deepEqual(await asked("tired", `${path}/activate`, why), [403, "step_up_required"]);
    assert.deepEqual(await asked("program", `${path}/activate`, why), [403, "access_refused"]);
    assert.deepEqual(await asked("boss", `${path}/activate`, why), [403, "access_refused"]);
    assert.deepEqual(await asked("boss", "/rules", { rule: ruleText(), ...why }), [403, "access_refused"]);
    assert.equal((await as("boss")("/rules")).status, 200);
    for (const name of ["clerk", "bound", "stranger"]) {
      for (const at of ["/rules", path, `${path}/hits`])
        assert.deepEqual(await asked(name, at), [403, "access_refused"], name);
      assert.deepEqual(await asked(name, "/rules/check", { rule: "x" }), [403, "access_refused"]);
      assert.deepEqual(await asked(name, `/rules/${writtenId}/retire`, why), [403, "access_refused"]);
    }
    const blank = await as("anna")(`/rules/${writtenId}/end-shadow`, { because: "  " });
    assert.equal(blank.status, 400, "a reason is more than space");
  }),
);

testOnDatabases(
  "C09 a set that would not load as a whole is refused, and what runs goes on",
  inHouse(async ({ as, holder, otherProcess, db, signal, scored }) => {
    const anna = as("anna");
    const before = holder.current();
    await drafted(anna);
    await watching(anna);
    // As an older program would find what a newer one wrote.
    await sql`alter table rule_version disable trigger rule_history_is_kept`.execute(db);
    await sql`update rule_version set text = 'title: ['`.execute(db);
    await sql`update rulebook set revision = revision + 1`.execute(db);
    const watched = holder.current();
    await holder.refresh();
    assert.match(holder.fault ?? "", /written/);
    assert.equal(holder.current(), watched, "the running ones stay");
    await signal(voided(1));
    assert.equal(scored.length, 1);
    const second = await anna("/rules", { rule: ruleText({ id: "5f0e6c1a-3c77-4d6e-9a01-0000000000a2" }), ...why });
    assert.equal(second.status, 201);
    const fits = await anna("/rules/5f0e6c1a-3c77-4d6e-9a01-0000000000a2/versions/1/shadow", why);
    assert.deepEqual(refusedWith(fits), [422, "rule_does_not_fit"]);
    const ended = await anna(`/rules/${writtenId}/end-shadow`, why);
    assert.equal(ended.status, 200, ended.text);
    assert.equal(holder.fault, null, "and without the broken one it loads again");
    assert.equal(holder.current().versions.rules, before.versions.rules);
    assert.equal(otherProcess().current().revision, -1);
  }),
);

testOnDatabases(
  "C09 B05 every process takes a change between two batches, and no signal is seen twice or not at all",
  inHouse(async (house) => {
    const { as, log, holder, otherProcess, workerOf, scored, db } = house;
    const [anna, bob] = [as("anna"), as("bob")];
    const other = otherProcess();
    await other.refresh();
    const far = workerOf(other, "worker-2");
    await house.worker.close();
    await drafted(anna);
    await watching(anna);
    const signals = Array.from({ length: 60 }, (_, n) => voided(n * 20));
    await log.append(signals.slice(0, 20));
    await far.drain();
    assert.equal(other.current().shadow, null, "it has not looked yet");
    await anna(`/rules/${writtenId}/versions/1/activate`, why);
    const { sha256 } = (await bob(`/rules/${writtenId}/versions/1`)).body;
    await bob(`/rules/${writtenId}/versions/1/sign`, { sha256, ...why });
    await other.refresh();
    assert.equal(other.current().versions.rules, holder.current().versions.rules, "the same version in every process");
    await log.append(signals.slice(20));
    await far.drain();
    await far.close();
    const seen = scored.flatMap((one) => one.addedSignalIds);
    assert.deepEqual(seen.length, 60);
    assert.equal(new Set(seen).size, 60);
    const { rows } = await sql<{ rule_id: string; number: number; hits: number }>`
      select rule_id, number, sum(hits)::int4 as hits from rule_day where not shadow group by 1, 2 order by 1`.execute(
      db,
    );
    assert.deepEqual(rows, [
      { rule_id: writtenId, number: 1, hits: 40 },
      { rule_id: packVoided, number: 0, hits: 60 },
    ]);
  }),
);
