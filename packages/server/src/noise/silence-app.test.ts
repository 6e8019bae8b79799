import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { eventually } from "../testing/running-app.ts";
import { town, who, type Answer } from "../testing/town.ts";

const minute = 60_000;
const exitRule = "f37fc7ed-9e7e-4ef0-b63f-5aa2c5097cbe"; // Exit alarm without a sale
const jammedRule = "9e86a680-1b27-44ae-b2dc-a00f8a2bca11"; // Exit gate jammed: level 2
const weaponRule = "camera-weapon";
const because = "the exit gate is being mended until the evening";

const people = [
  who("anna", ["home", "analyst"]),
  who("bob", ["home", "analyst"]),
  who("tired", ["home", "analyst"], { steppedUpAtMs: null }),
  who("manager", ["home", "store_manager"], { sites: ["S-1001"] }),
  who("neighbour", ["home", "store_manager"], { sites: ["S-1002"] }),
  who("guard", ["home", "guard"], { sites: ["S-1001"] }),
  who("clerk", ["home", "colleague"], { sites: ["S-1001"] }),
  who("auditor", ["home", "auditor"]),
  who("officer", ["police", "partner_officer"]),
  who("stranger", ["police", "analyst"]),
  who("program", ["home", "analyst"], {
    kind: "service",
    token: "service:ci",
    scopes: ["silence:write", "silence:read"],
  }),
];

async function shop(context: TestContext) {
  const time = { nowMs: Date.parse("2026-11-18T12:00:00Z") };
  const { app, as, operator } = await town(context, people, { clock: () => time.nowMs });
  const inMs = (ms: number) => new Date(time.nowMs + ms).toISOString();
  const wanted = (more: object = {}) => ({
    ruleId: exitRule,
    siteId: "S-1001",
    endsAt: inMs(240 * minute),
    because,
    ...more,
  });
  const make = async (name: string, more: object = {}) => {
    const made = await as(name)("/api/v1/silences", wanted(more));
    assert.equal(made.status, 201, made.text);
    return made.json.id as string;
  };
  const entries = async (silence: string) => {
    const found = await as("auditor")(`/api/v1/audit?subject=${silence}`);
    assert.equal(found.status, 200, found.text);
    return found.json.items as { kind: string; actor: string; because: string; body: Record<string, unknown> }[];
  };
  return { app, as, operator, time, inMs, wanted, make, entries };
}

const refusedWith = ({ status, json }: Answer) => [status, json.code, json.pointer];

test("E17 a silence without reason or end is refused with code, place and remedy, and one of what is never silenced", async (context) => {
  const { as, wanted, inMs } = await shop(context);
  const tried = async (more: object) => {
    const answer = await as("anna")("/api/v1/silences", wanted(more));
    assert.ok(answer.json.remedy.length > 10, answer.text);
    return refusedWith(answer);
  };
  assert.deepEqual(await tried({ because: undefined }), [422, "silence_reason_missing", "/because"]);
  assert.deepEqual(await tried({ because: "   " }), [422, "silence_reason_missing", "/because"]);
  assert.deepEqual(await tried({ endsAt: undefined }), [422, "silence_expiry_missing", "/endsAt"]);
  assert.deepEqual(await tried({ endsAt: null }), [422, "silence_expiry_missing", "/endsAt"]);
  assert.deepEqual(await tried({ endsAt: inMs(31 * 1440 * minute) }), [422, "silence_too_long", "/endsAt"]);
  assert.deepEqual(await tried({ ruleId: null, siteId: null }), [422, "silence_of_everything", "/siteId"]);
  assert.deepEqual(await tried({ ruleId: weaponRule }), [422, "silence_rule_unknown", "/ruleId"]);
  assert.deepEqual(await tried({ ruleId: jammedRule }), [422, "silence_level_needed", "/level"]);
  const rules = await as("anna")("/api/v1/rules");
  const never = (rules.json.items as { id: string; level: string | null; triageLevel: number }[]).filter(
    ({ level, triageLevel }) => triageLevel === 3 || level === "critical",
  );
  assert.ok(never.length >= 5);
  const reported = (rules.json.items as { id: string; service: string | null }[]).filter(
    ({ service }) => service === "person",
  );
  assert.ok(reported.length >= 5);
  const choices = (await as("anna")("/api/v1/silences/choices")).json.rules as { id: string }[];
  const offered = new Set(choices.map(({ id }) => id));
  assert.ok(offered.has(exitRule) && offered.has(jammedRule));
  assert.deepEqual(
    [...never, ...reported].filter(({ id }) => offered.has(id)),
    [],
  );
  for (const { id } of [...never, ...reported])
    assert.deepEqual(await tried({ ruleId: id, level: 2 }), [422, "silence_never", "/ruleId"]);
  for (const malformed of [{ endsAt: "tomorrow" }, { level: 3 }, { owner: "user:bob" }])
    assert.equal((await as("anna")("/api/v1/silences", wanted(malformed))).status, 400);
  assert.deepEqual((await as("anna")("/api/v1/silences")).json.items, []);
});

test("E17 N09 who may: of the own shops alone, people alone; a guard sees and makes none", async (context) => {
  const { as, wanted, make } = await shop(context);
  const make403 = async (name: string, more: object = {}) =>
    (await as(name)("/api/v1/silences", wanted(more))).json.code;
  assert.equal(await make403("guard"), "access_refused");
  assert.equal(await make403("clerk"), "access_refused");
  assert.equal(await make403("program"), "access_refused");
  const lacking = (await as("program")("/api/v1/rules")).json;
  assert.deepEqual([lacking.code, lacking.detail], ["access_refused", "the key was not given this action: rule:read"]);
  assert.match(lacking.remedy, /Ask an administrator for a key that has rule:read/);
  const abroad = (await as("program")("/api/v1/incidents")).json;
  assert.equal(abroad.detail, "the key was not given this action: incident:list", "of what is asked site by site too");
  assert.equal(await make403("auditor"), "access_refused");
  assert.equal(await make403("neighbour"), "silence_place_unknown");
  assert.equal(await make403("stranger"), "silence_place_unknown");
  assert.equal(await make403("manager", { siteId: null }), "silence_everywhere_refused");
  const own = await make("manager");
  const wide = await make("anna", { siteId: null });
  const listed = async (name: string) => {
    const answer = await as(name)("/api/v1/silences");
    assert.equal(answer.status, 200, answer.text);
    return (answer.json.items as { id: string }[]).map(({ id }) => id).toSorted();
  };
  assert.deepEqual(await listed("guard"), [own, wide].toSorted());
  assert.deepEqual(await listed("neighbour"), [wide], "what is silenced everywhere is silenced in the own shop too");
  assert.deepEqual(await listed("stranger"), []);
  assert.equal((await as("clerk")("/api/v1/silences")).status, 403);
  assert.equal((await as("officer")("/api/v1/silences")).status, 403);
  for (const name of ["neighbour", "stranger"]) {
    assert.equal((await as(name)(`/api/v1/silences/${own}`)).json.code, "silence_unknown");
    assert.equal((await as(name)(`/api/v1/silences/${own}/end`, { because })).json.code, "silence_unknown");
  }
  assert.equal((await as("guard")(`/api/v1/silences/${own}/end`, { because })).json.code, "access_refused");
  const end = await as("manager")(`/api/v1/silences/${wide}/end`, { because });
  assert.deepEqual([end.status, end.json.code], [403, "silence_everywhere_refused"]);
  assert.equal((await as("anna")(`/api/v1/silences/${own}/end`, { because })).status, 200);
});

test("E17 what a silence hid is a case that is listed with it and linked; it ends early or by itself, all of it on the record", async (context) => {
  const { as, operator, make, entries, time, inMs } = await shop(context);
  const id = await make("manager", { endsAt: inMs(30 * minute) });
  const signals = [
    { store_id: "S-1001", device_id: "E-01", event_type: "eas_alarm", data: { direction: "out" } },
    { store_id: "S-1001", device_id: "T-01", event_type: "pos_void", data: { after_payment: true } },
  ].map((one, at) => ({ ...one, timestamp: inMs(at * 1_000) }));
  for (const one of signals) assert.equal((await operator("/api/v1/signals", one)).status, 202);
  const shown = await eventually(async () => {
    const answer = await as("manager")(`/api/v1/silences/${id}`);
    return answer.json.cases?.length > 0 ? answer.json : null;
  });
  const [hidden] = shown.cases;
  assert.deepEqual([shown.state, shown.hidden, shown.because, shown.owner], ["active", 1, because, "user:manager"]);
  assert.equal(shown.ruleTitle, "Exit alarm without a sale");
  assert.deepEqual([hidden.kind, hidden.state, hidden.siteId], ["held", "watch", "S-1001"]);
  const record = await as("manager")(`/api/v1/incidents/${hidden.incidentId}`);
  assert.equal(record.status, 200, record.text);
  assert.deepEqual([record.json.ref, record.json.silenced], [hidden.ref, true]);
  assert.deepEqual(record.json.score.silenced.by, [id]);
  // Whoever thinks otherwise opens it.
  const opened = await as("manager")(`/api/v1/incidents/${hidden.incidentId}/transitions`, { to: "open" });
  assert.equal(opened.status, 200, opened.text);

  time.nowMs += 31 * minute;
  const over = await eventually(async () => {
    const found = await entries(id);
    return found.some(({ kind }) => kind === "silence.expired") ? found : null;
  }, 40_000);
  assert.deepEqual(over.map(({ kind, actor }) => `${kind} ${actor}`).toSorted(), [
    "silence.expired machine",
    "silence.hid machine",
    "silence.made user:manager",
  ]);
  assert.equal(over.find(({ kind }) => kind === "silence.made")?.because, because);
  const late = await as("manager")(`/api/v1/silences/${id}/end`, { because });
  assert.deepEqual([late.status, late.json.code], [409, "silence_over"]);

  const early = await make("anna", { startsAt: inMs(60 * minute), endsAt: inMs(120 * minute) });
  assert.equal((await as("anna")(`/api/v1/silences/${early}`)).json.state, "to_come");
  assert.equal((await as("anna")(`/api/v1/silences/${early}/end`, {})).json.code, "silence_reason_missing");
  assert.equal((await as("bob")(`/api/v1/silences/${early}/end`, { because: "mended sooner" })).status, 200);
  const ended = (await as("anna")(`/api/v1/silences/${early}`)).json;
  assert.deepEqual([ended.state, ended.ended.by, ended.ended.because], ["ended", "user:bob", "mended sooner"]);
  assert.deepEqual((await entries(early)).map(({ kind }) => kind).toSorted(), ["silence.ended", "silence.made"]);
  const { items } = (await as("anna")("/api/v1/silences?state=ended")).json;
  assert.deepEqual(items.map((one: { id: string }) => one.id).toSorted(), [early, id].toSorted());
});

test("E17 what silences tampering takes another person, with a second proof", async (context) => {
  const { as, make, entries } = await shop(context);
  const id = await make("anna", { ruleId: jammedRule, level: 2 });
  const sign = (name: string) => as(name)(`/api/v1/silences/${id}/sign`, { because: "the electrician is here" });
  assert.deepEqual(refusedWith(await sign("anna")).slice(0, 2), [403, "silence_second_person_needed"]);
  assert.deepEqual(refusedWith(await sign("tired")).slice(0, 2), [403, "step_up_required"]);
  assert.deepEqual(refusedWith(await sign("guard")).slice(0, 2), [403, "access_refused"]);
  assert.deepEqual(refusedWith(await sign("program")).slice(0, 2), [403, "access_refused"]);
  assert.deepEqual(refusedWith(await sign("neighbour")).slice(0, 2), [404, "silence_unknown"]);
  assert.equal((await as("anna")(`/api/v1/silences/${id}`)).json.signed, null);
  assert.equal((await sign("manager")).status, 200);
  const { signed } = (await as("anna")(`/api/v1/silences/${id}`)).json;
  assert.deepEqual([signed.by, signed.because], ["user:manager", "the electrician is here"]);
  assert.deepEqual(refusedWith(await sign("bob")).slice(0, 2), [409, "silence_signature_not_needed"]);
  assert.deepEqual((await entries(id)).map(({ kind }) => kind).toSorted(), ["silence.made", "silence.signed"]);
});

test("E17 there is room for two hundred that hold or will hold", async (context) => {
  const { as, make, wanted } = await shop(context);
  const first = await make("anna");
  for (let made = 1; made < 200; made++) await make("anna");
  const more = await as("anna")("/api/v1/silences", wanted());
  assert.deepEqual([more.status, more.json.code], [409, "silence_too_many"]);
  assert.equal((await as("anna")(`/api/v1/silences/${first}/end`, { because })).status, 200);
  await make("anna");
});

test("E04 what ranks lower is listed where one may see it, and a switch with a reason turns it off, on the record", async (context) => {
  const { as, operator, inMs, time } = await shop(context);
  const why = { because: "the gates are new and dismissals of before say nothing" };
  for (const n of [0, 1, 2]) {
    time.nowMs += 120 * minute;
    const alarms = [
      { store_id: "S-1001", device_id: "E-01", event_type: "eas_alarm", data: { direction: "out" } },
      { store_id: "S-1001", device_id: "T-01", event_type: "pos_void", data: { after_payment: true } },
    ];
    for (const one of alarms) await operator("/api/v1/signals", { ...one, timestamp: inMs(n) });
    const id = await eventually(async () => {
      const { items } = (await as("manager")("/api/v1/incidents?state=open")).json;
      return items.find((one: { verdict: string | null }) => one.verdict === null)?.id ?? null;
    });
    const said = await as("manager")(`/api/v1/incidents/${id}/verdict`, { verdict: "false" });
    assert.equal(said.status, 200, said.text);
  }
  const listed = async (name: string) => (await as(name)("/api/v1/dismissals")).json;
  const { on, days, items } = await listed("guard");
  assert.deepEqual([on, days], [true, 30]);
  const gate = items.find(({ ruleId }: { ruleId: string }) => ruleId === exitRule);
  assert.deepEqual([gate.siteId, gate.dismissed, gate.judged], ["S-1001", 3, 3]);
  assert.ok(gate.share > 290 && gate.share <= 300, "three of today");
  assert.equal(gate.ruleTitle, "Exit alarm without a sale");
  assert.deepEqual((await listed("neighbour")).items, []);
  assert.deepEqual((await listed("stranger")).items, []);
  assert.equal((await as("clerk")("/api/v1/dismissals")).status, 403);
  for (const name of ["guard", "manager", "auditor", "stranger"]) {
    const refused = await as(name)("/api/v1/dismissals/switch", { on: false, ...why });
    assert.ok(refused.status === 403 || refused.status === 404, `${name}: ${refused.text}`);
  }
  assert.equal((await as("anna")("/api/v1/dismissals/switch", { on: false })).status, 400, "without a reason");
  const turnOff = async () => (await as("anna")("/api/v1/dismissals/switch", { on: false, ...why })).status;
  assert.deepEqual([await turnOff(), await turnOff()], [200, 200]);
  const off = await listed("guard");
  assert.deepEqual([off.on, off.changedBy], [false, "user:anna"]);
  const record = (await as("auditor")("/api/v1/audit?kind=dismissal.switched_off")).json.items;
  assert.deepEqual(
    record.map(({ kind, actor }: { kind: string; actor: string }) => [kind, actor]),
    [["dismissal.switched_off", "user:anna"]],
  );
});
