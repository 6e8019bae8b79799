import assert from "node:assert/strict";
import { sql } from "kysely";
import type { Detection, IncidentRecord } from "@tillwatch/wire";
import { decisionsOfCase } from "../decision/decision-read.ts";
import type { ScoredSituation } from "../flow.ts";
import { systemChance } from "../platform/chance.ts";
import type { OpenDatabase } from "../schema.ts";
import { testOnDatabases } from "../testing/databases.ts";
import { testFields } from "../testing/fields.ts";
import { memberOf, nowMs, scoredOf, testNeeds } from "../testing/incidents.ts";
import { ageOut, command } from "./incident-desk-store.ts";
import type { Command } from "./incident-command.ts";
import { incidentRecord } from "./incident-read.ts";
import { incidentStage } from "./incident-stage.ts";
import { addTimeline } from "./incident-store.ts";

const hour = 3_600_000;
const criticalDetection: Detection = {
  signalId: systemChance.uuid() as Detection["signalId"],
  ruleId: "panic-button",
  ruleTitle: "Panic button",
  ruleLevel: "critical",
  category: "violence",
  triageLevel: 3,
  because: [],
};

async function start({ db }: OpenDatabase) {
  const needs = await testNeeds(db);
  const fields = await testFields(db);
  const deps = { chance: systemChance, fields, needs: () => needs };
  const stage = incidentStage(deps);
  const decideAt = (atMs: number, ...scored: readonly ScoredSituation[]) =>
    db.transaction().execute((tx) => stage(scored, { tx, nowMs: atMs }));
  const person = (id: string, asked: Command, atMs = nowMs) =>
    db
      .transaction()
      .execute((tx) => command(tx, deps, { id, command: asked, actor: "user:a", nowMs: atMs, version: null }));
  const age = (atMs: number, limit?: number) =>
    db.transaction().execute((tx) => ageOut(tx, deps, { nowMs: atMs, ttlMs: 24 * hour, ...(limit ? { limit } : {}) }));
  const none = async () => [];
  const record = async (id: string): Promise<IncidentRecord> => {
    const ports = {
      exhibitsOf: none,
      packetsOf: none,
      playbooksOf: none,
      descriptionOf: async () => null,
      keptTextsOf: none,
      draftedOf: none,
    };
    const found = await incidentRecord(db, id, { ...needs, ports });
    assert.ok(found);
    return found;
  };
  const count = async (table: string) => {
    const { rows } = await sql<{ n: number }>`select count(*)::int4 as n from ${sql.table(table)}`.execute(db);
    return rows[0]?.n;
  };
  return {
    db,
    decideAt,
    decide: (...scored: readonly ScoredSituation[]) => decideAt(nowMs, ...scored),
    person,
    age,
    record,
    count,
  };
}

testOnDatabases("E02 F09 at the threshold an incident opens, below it waits on the watch list", async (database) => {
  const { decide, record } = await start(database);
  const changes = await decide(
    scoredOf({ severity: 0.9, members: [memberOf()], score: { level: 3 } }),
    scoredOf({ severity: 0.8999, members: [memberOf()] }),
  );
  assert.deepEqual(
    changes.map(({ kind, from, incident }) => [kind, from, incident.state, incident.ref]),
    [
      ["incident_opened", null, "open", "TW-2026-000001"],
      ["watch_opened", null, "watch", "TW-2026-000002"],
    ],
  );
  const opened = await record(changes[0]?.incident.id ?? "");
  assert.equal(opened.level, 3);
  assert.deepEqual(opened.asset, { owner: "user:loss", criticality: "high" });
  assert.deepEqual(
    opened.timeline.map((entry) => entry.kind),
    ["signal", "score", "state"],
  );
  assert.deepEqual(opened.topReasons, ["eas_alarm counts."]);
  assert.equal(opened.decisionIds.length, 1);
  const listed = await decisionsOfCase(database.db, opened.ref);
  assert.deepEqual(
    listed.map(({ id }) => id),
    opened.decisionIds,
    "the operator finds them by the reference",
  );
  assert.deepEqual(await decisionsOfCase(database.db, "TW-1999-000001"), []);
});

testOnDatabases(
  "E02 below the floor nobody is bothered; the next signal brings the whole situation",
  async (database) => {
    const { decide, count, record } = await start(database);
    const first = memberOf();
    const faint = scoredOf({ severity: 0.01, members: [first] });
    assert.deepEqual(await decide(faint), []);
    assert.equal(await count("incident"), 0);
    const members = [first, memberOf()];
    const [change] = await decide(scoredOf({ severity: 0.95, members, added: 1, situationId: faint.situation.id }));
    assert.deepEqual([change?.kind, change?.incident.ref], ["incident_opened", "TW-2026-000001"]);
    const found = await record(change?.incident.id ?? "");
    assert.deepEqual([found.signalCount, found.timeline.filter((entry) => entry.kind === "signal").length], [2, 2]);
  },
);

testOnDatabases("E02 a second signal promotes a watch item and the reason names it", async (database) => {
  const { decide, decideAt, record, db } = await start(database);
  const first = memberOf();
  const before = scoredOf({ severity: 0.6, members: [first] });
  const [watched] = await decide(before);
  const second = memberOf({ type: "pos_void", service: "till", deviceId: "T-01" });
  const members = [first, second];
  const [promoted] = await decideAt(
    nowMs + 1000,
    scoredOf({ severity: 0.97, members, added: 1, situationId: before.situation.id, score: { level: 2 } }),
  );
  assert.deepEqual(
    [promoted?.kind, promoted?.from, promoted?.incident.id],
    ["promoted", "watch", watched?.incident.id],
  );
  const found = await record(watched?.incident.id ?? "");
  const says = found.timeline.filter((entry) => entry.kind === "state").map((entry) => entry.says);
  assert.deepEqual(says, [
    "Put on the watch list: severity 0.60 is below 0.90.",
    "Promoted to an incident: severity 0.97 reaches 0.90: pos_void counts.",
    "Level 1 became 2.",
  ]);
  assert.deepEqual(
    found.history
      .filter((change) => ["state", "level"].includes(change.field))
      .map((change) => [change.before, change.after]),
    [
      ["watch", "open"],
      [1, 2],
    ],
  );
  const audits = await sql<{ kind: string }>`select kind from audit_entry order by appended`.execute(db);
  assert.deepEqual(
    audits.rows.map((row) => row.kind),
    ["incident.watch_opened", "incident.promoted", "incident.level_changed"],
  );
});

testOnDatabases(
  "E16 F06 the machine closes nothing: a falling score leaves the incident open and says so",
  async (database) => {
    const { decide, record } = await start(database);
    const first = memberOf();
    const opened = scoredOf({ severity: 0.95, members: [first], score: { level: 3 } });
    const [change] = await decide(opened);
    const sale = memberOf({ type: "pos_sale", service: "till", role: "exculpatory" });
    await decide(scoredOf({ severity: 0.1, members: [first, sale], added: 1, situationId: opened.situation.id }));
    const found = await record(change?.incident.id ?? "");
    assert.deepEqual([found.state, found.level, found.machineSeverity, found.severity], ["open", 3, 0.1, 0.1]);
    assert.match(found.timeline.findLast((entry) => entry.kind === "score")?.says ?? "", /was 0\.95.*stays open/);
  },
);

testOnDatabases("B05 a batch that runs twice has its effects once", async (database) => {
  const { decide, count } = await start(database);
  const first = memberOf({ detections: [] });
  const one = scoredOf({ severity: 0.95, members: [first] });
  const two = scoredOf({ severity: 0.97, members: [first, memberOf()], added: 1, situationId: one.situation.id });
  assert.equal((await decide(one, two)).length, 2);
  const tables = [
    "incident",
    "incident_signal",
    "incident_timeline",
    "incident_field",
    "incident_decision",
    "audit_entry",
  ];
  const before = await Promise.all(tables.map(count));
  assert.deepEqual(await decide(one, two), []);
  assert.deepEqual(await decide(two), []);
  assert.deepEqual(await Promise.all(tables.map(count)), before);
  assert.deepEqual(before.slice(0, 2), [1, 2]);
  const [next] = await decide(scoredOf({ severity: 0.95, members: [memberOf()] }));
  assert.equal(next?.incident.ref, "TW-2026-000002", "the repeat took no number");
});

testOnDatabases("B05 a batch that rolls back leaves nothing, not even a number", async (database) => {
  const { db, decide, count } = await start(database);
  const needs = await testNeeds(db);
  const stage = incidentStage({ chance: systemChance, fields: await testFields(db), needs: () => needs });
  const one = scoredOf({ severity: 0.95, members: [memberOf()] });
  await assert.rejects(
    db.transaction().execute(async (tx) => {
      await stage([one], { tx, nowMs });
      throw new Error("crash before the commit");
    }),
  );
  assert.equal(await count("incident"), 0);
  assert.equal((await decide(one))[0]?.incident.ref, "TW-2026-000001");
});

testOnDatabases(
  "E02 watch items age out, verdict or not, stay findable, and come back with a signal",
  async (database) => {
    const { decide, decideAt, person, age, record, db } = await start(database);
    const first = memberOf();
    const quiet = scoredOf({ severity: 0.5, members: [first] });
    const [watched, judged, opened] = await decide(
      quiet,
      scoredOf({ severity: 0.4, members: [memberOf()] }),
      scoredOf({ severity: 0.95, members: [memberOf()] }),
    );
    await person(judged?.incident.id ?? "", { kind: "verdict", verdict: "false", because: null }, nowMs + hour);
    assert.deepEqual(await age(nowMs + 24 * hour - 1), []);
    const aged = await age(nowMs + 24 * hour);
    assert.deepEqual(
      aged.map((change) => [change.kind, change.incident.id]),
      [["aged_out", watched?.incident.id]],
    );
    assert.deepEqual(
      (await age(nowMs + 25 * hour)).map((change) => change.incident.verdict),
      ["false"],
    );
    assert.deepEqual(await age(nowMs + 90 * 24 * hour), []);
    assert.equal((await record(opened?.incident.id ?? "")).state, "open");
    const audits = await sql<{
      because: string;
    }>`select because from audit_entry where kind = 'incident.aged_out'`.execute(db);
    assert.deepEqual(
      audits.rows.map((row) => row.because),
      ["nothing new for 24 h", "nothing new for 24 h"],
    );
    const situationId = quiet.situation.id;
    const members = [first, memberOf()];
    const [back] = await decideAt(nowMs + 26 * hour, scoredOf({ severity: 0.6, members, added: 1, situationId }));
    assert.deepEqual([back?.kind, back?.from, back?.incident.state], ["watch_opened", "aged_out", "watch"]);
  },
);

testOnDatabases(
  "F06 closed work gets its late signals and a flag; a dismissed watch item can still become an incident",
  async (database) => {
    const { decide, person, record } = await start(database);
    const a = memberOf();
    const b = memberOf();
    const incident = scoredOf({ severity: 0.95, members: [a] });
    const watch = scoredOf({ severity: 0.5, members: [b] });
    const [opened, watched] = await decide(incident, watch);
    assert.ok(opened && watched);
    for (const { incident: work } of [opened, watched]) {
      assert.ok((await person(work.id, { kind: "transition", to: "closed", because: "dismissed" })).ok);
    }
    const late = memberOf({ late: true });
    const [extended, promoted] = await decide(
      scoredOf({ severity: 0.99, members: [a, late], added: 1, situationId: incident.situation.id }),
      scoredOf({ severity: 0.99, members: [b, memberOf()], added: 1, situationId: watch.situation.id }),
    );
    assert.deepEqual([extended?.kind, extended?.incident.state], ["extended", "closed"]);
    assert.match(extended?.incident.attention ?? "", /after it was closed/);
    assert.deepEqual([promoted?.kind, promoted?.from, promoted?.incident.state], ["promoted", "closed", "open"]);
    const found = await record(opened.incident.id);
    assert.equal(found.timeline.filter((entry) => entry.kind === "signal" && entry.late).length, 1);
    await person(opened.incident.id, { kind: "transition", to: "open", because: "new clip" });
    assert.equal((await record(opened.incident.id)).attention, undefined);
  },
);

testOnDatabases("A08 F06 a new alarm opens again what a person had closed or handed over", async (database) => {
  const { decide, person, record } = await start(database);
  for (const to of ["closed", "handed_over"] as const) {
    const first = memberOf();
    const one = scoredOf({ severity: 0.98, members: [first] });
    const [opened] = await decide(one);
    const id = opened?.incident.id ?? "";
    assert.ok((await person(id, { kind: "transition", to, because: "unfounded: by mistake" })).ok);
    const again = memberOf({ detections: [criticalDetection] });
    const after = scoredOf({ severity: 0.99, members: [first, again], added: 1, situationId: one.situation.id });
    const [change] = await decide(after);
    assert.deepEqual([change?.kind, change?.from, change?.incident.state], ["promoted", to, "open"]);
    assert.match(change?.incident.attention ?? "", /new alarm came after it was/);
    const { timeline } = await record(id);
    assert.ok(timeline.some((entry) => entry.kind === "state" && entry.says.startsWith("Opened again")));
    assert.deepEqual(await decide(after), [], "once");
  }
});

testOnDatabases("E08 F26 what a person set stays when the machine scores again", async (database) => {
  const { decide, person, record } = await start(database);
  const first = memberOf();
  const one = scoredOf({ severity: 0.5, members: [first] });
  const [change] = await decide(one);
  const id = change?.incident.id ?? "";
  await person(id, { kind: "edit", fields: { category: "pos_tampering", level: 2 }, because: null });
  await person(id, { kind: "override", severity: 0.2, because: "staff exercise" });
  const members = [first, memberOf()];
  await decide(scoredOf({ severity: 0.95, members, added: 1, situationId: one.situation.id, score: { level: 1 } }));
  const found = await record(id);
  assert.deepEqual(
    [found.category, found.level, found.severity, found.machineSeverity, found.state],
    ["pos_tampering", 2, 0.2, 0.95, "open"],
  );
});

testOnDatabases(
  "F08 A13 the timeline shows what the device wrote beside the corrected time, and media counts as evidence",
  async (database) => {
    const { db, decide, record } = await start(database);
    const member = memberOf({ correctedAtMs: nowMs - 60_000, late: true });
    const body = {
      id: member.signalId,
      type: member.type,
      source: member.source,
      shape: "device-event",
      deviceId: "G-01",
      zoneId: "Z-exit",
      occurredAt: "2026-11-20T12:59:00+02:00",
      receivedAtMs: nowMs,
      clockOffsetMs: 3_600_000,
      media: [{ uri: "s3://clips/1.mp4", kind: "clip" }],
      data: {},
    };
    await sql`
    insert into signal (partition, seq, id, site_id, source, type, occurred_at, received_at, body)
    values (0, 1, ${member.signalId}::uuid, 'S-1001', ${member.source}, ${member.type}, now(), now(), ${JSON.stringify(body)}::json)
  `.execute(db);
    const [change] = await decide(scoredOf({ severity: 0.95, members: [member] }));
    const found = await record(change?.incident.id ?? "");
    const [entry] = found.timeline;
    assert.deepEqual(
      [entry?.at, entry?.originalAt, entry?.clockOffsetMs, entry?.late],
      ["2026-11-20T09:59:00.000Z", "2026-11-20T12:59:00+02:00", 3_600_000, true],
    );
    assert.deepEqual(
      found.signals.map((signal) => [signal.correctedAt, signal.media.length]),
      [["2026-11-20T09:59:00.000Z", 1]],
    );
    assert.equal(found.completenessDetail.items.find((item) => item.code === "exit_clip")?.present, true);
  },
);

testOnDatabases(
  "F08 F16 F19 other areas add lines: in order of time, counted once, an exhibit counts as evidence",
  async (database) => {
    const { db, decide, record } = await start(database);
    const [change] = await decide(scoredOf({ severity: 0.95, members: [memberOf()] }));
    const incidentId = change?.incident.id ?? "";
    const line = (atMs: number, detail: Record<string, string>) => ({
      id: systemChance.uuid(),
      incidentId,
      atMs,
      kind: "exhibit" as const,
      says: "Exhibit received: clip.mp4",
      actor: "user:a",
      detail,
    });
    const entries = [line(nowMs + 5, { mediaType: "video/mp4" }), line(nowMs - 999_999, { covers: "item_list" })];
    await db.transaction().execute((tx) => addTimeline(tx, entries));
    await db.transaction().execute((tx) => addTimeline(tx, []));
    const found = await record(incidentId);
    assert.deepEqual(
      found.timeline.map((entry) => entry.kind),
      ["exhibit", "signal", "score", "state", "exhibit"],
    );
    assert.equal(found.version, (change?.incident.version ?? 0) + 1);
    const response = { ...line(nowMs, {}), kind: "response" as const, says: "Playbook applies: theft" };
    await db.transaction().execute((tx) => addTimeline(tx, [response]));
    assert.equal((await record(incidentId)).version, found.version, "a response belongs to the change that it answers");
    const present = found.completenessDetail.items.filter((item) => item.present).map((item) => item.code);
    assert.deepEqual(present, ["field_zone", "exit_clip", "item_list"]);
  },
);

testOnDatabases(
  "B05 F26 persons and batches at the same time: no change is lost, every number is given once",
  async (database) => {
    const { db, decide, person, record } = await start(database);
    const first = memberOf();
    const one = scoredOf({ severity: 0.95, members: [first] });
    const [change] = await decide(one);
    const id = change?.incident.id ?? "";
    const members = [first];
    const situationId = one.situation.id;
    const extensions = Array.from({ length: 8 }, () => {
      members.push(memberOf());
      return scoredOf({ severity: 0.95, members: [...members], added: 1, situationId });
    });
    const others = Array.from({ length: 8 }, () => scoredOf({ severity: 0.95, members: [memberOf()] }));
    await Promise.all([
      ...extensions.map((scored) => decide(scored)),
      ...others.map((scored) => decide(scored)),
      ...Array.from({ length: 8 }, (_, at) => person(id, { kind: "note", text: `note ${at}`, covers: null })),
    ]);
    const found = await record(id);
    assert.deepEqual([found.version, found.signalCount], [17, 9]);
    assert.equal(found.timeline.filter((entry) => entry.kind === "note").length, 8);
    const refs = await sql<{ ref: string }>`select ref from incident order by ref`.execute(db);
    const wanted = Array.from({ length: 9 }, (_, at) => `TW-2026-00000${at + 1}`);
    assert.deepEqual(
      refs.rows.map((row) => row.ref),
      wanted,
    );
  },
);
