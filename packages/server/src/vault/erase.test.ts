import assert from "node:assert/strict";
import { sql } from "kysely";
import { auditPage } from "../audit/audit-read.ts";
import type { Command } from "../incident/incident-command.ts";
import { filterOf } from "../incident/filter-http.ts";
import { command, report } from "../incident/incident-desk-store.ts";
import { historyOf, incidentPage, incidentRecord } from "../incident/incident-read.ts";
import { incidentStats } from "../incident/stats-read.ts";
import { systemChance } from "../platform/chance.ts";
import type { OpenDatabase } from "../schema.ts";
import { testOnDatabases } from "../testing/databases.ts";
import { standaloneFields, testFields } from "../testing/fields.ts";
import { nowMs, testNeeds } from "../testing/incidents.ts";
import { erase } from "./erase-store.ts";

const none = async () => [];
const ports = {
  exhibitsOf: none,
  packetsOf: none,
  playbooksOf: none,
  descriptionOf: async () => null,
  keptTextsOf: none,
  draftedOf: none,
};

async function start({ db }: OpenDatabase) {
  const needs = await testNeeds(db);
  const fields = await testFields(db);
  const deps = { db, chance: systemChance, fields, needs: () => needs };
  const category = needs.taxonomies.current.categories[0]?.code ?? "";
  const site = needs.places.data.sites[0]?.id ?? "";
  const open = async (summary: string) => {
    const told = {
      siteId: site,
      zoneId: null,
      category,
      occurredAtMs: nowMs,
      summary,
      valueLostMinor: 1_000,
      currency: "EUR",
      peopleInvolved: 1,
      reporter: "user:a",
    };
    const done = await db.transaction().execute((tx) => report(tx, deps, { report: told, nowMs, idempotency: null }));
    assert.ok(done.ok);
    return done.value.id;
  };
  const say = async (id: string, asked: Command) => {
    const by = { id, command: asked, actor: "user:a", nowMs, version: null };
    const done = await db.transaction().execute((tx) => command(tx, deps, by));
    assert.ok(done.ok);
  };
  const record = async (id: string) => fields.openJson(db, (await incidentRecord(db, id, { ...needs, ports })) ?? {});
  const find = async (q: string) =>
    (await incidentPage(db, filterOf({ q }, needs, fields), needs)).items.map((item) => item.id);
  return { ...deps, open, say, record, find };
}

testOnDatabases(
  "J10 what is said of one incident is erased; numbers, states and every other text stay",
  async (database) => {
    const desk = await start(database);
    const { db } = desk;
    const [id, other] = [await desk.open("Zaphodine took it"), await desk.open("Zaphodine was seen")];
    for (const incident of [id, other]) {
      await desk.say(incident, { kind: "note", text: "Zaphodine wore green", covers: null });
      await desk.say(incident, { kind: "verdict", verdict: "true", because: "Zaphodine said so" });
      await desk.say(incident, { kind: "override", severity: 0.5, because: "Zaphodine paid" });
      await desk.say(incident, { kind: "edit", fields: { summary: "Zaphodine left" }, because: "Zaphodine asked" });
      await desk.say(incident, { kind: "transition", to: "closed", because: "resolved: Zaphodine came back" });
    }
    const stats = await incidentStats(db, nowMs);
    const untouched = await desk.record(other);
    assert.deepEqual(new Set(await desk.find("zaphodine")), new Set([id, other]));

    const asked = { kind: "incident", of: id, because: "kept long enough", actor: "user:dpo", atMs: nowMs } as const;
    assert.equal(await erase(desk, asked), true);
    const after = JSON.stringify(await desk.record(id));
    assert.ok(!after.includes("Zaphodine"), after);
    assert.ok(!JSON.stringify(await desk.fields.openJson(db, await historyOf(db, id))).includes("Zaphodine"));
    assert.match(after, /"summary":"\[erased\]"/);
    assert.match(after, /Verdict: true\. \[erased\]/);
    assert.match(after, /open became closed: \[erased\]/);
    assert.deepEqual(await incidentStats(db, nowMs), stats, "the statistics are as before");
    assert.deepEqual(await desk.record(other), untouched);
    assert.deepEqual(await desk.find("zaphodine"), [other]);
    const { rows } = await sql<{ kind: string; subject_id: string; because: string }>`
    select kind, subject_id, because from audit_entry where kind = 'vault.erased'`.execute(db);
    assert.deepEqual(rows, [{ kind: "vault.erased", subject_id: id, because: "said" }]);
    const { items } = await auditPage(db, { kind: "vault.erased", limit: 1 });
    assert.equal(await standaloneFields.open(db, items[0]?.because ?? ""), "kept long enough");
    assert.equal(await erase(desk, asked), false, "once is enough");
  },
);

testOnDatabases(
  "J10 what is said after an erasure is kept again, and does not bring back what was",
  async (database) => {
    const desk = await start(database);
    const id = await desk.open("Zaphodine took it");
    const asked = { kind: "incident", of: id, because: "kept long enough", actor: "user:dpo", atMs: nowMs } as const;
    await erase(desk, asked);
    await desk.say(id, { kind: "note", text: "nothing more came", covers: null });
    const text = JSON.stringify(await desk.record(id));
    assert.match(text, /nothing more came/);
    assert.match(text, /"summary":"\[erased\]"/);
  },
);

testOnDatabases("J09 a summary said again in the same words changes nothing", async (database) => {
  const desk = await start(database);
  const id = await desk.open("Zaphodine took it");
  const again: Command = { kind: "edit", fields: { summary: "Zaphodine took it" }, because: null };
  const by = { id, command: again, actor: "user:a", nowMs, version: null };
  const done = await desk.db.transaction().execute((tx) => command(tx, desk, by));
  assert.deepEqual(done, { ok: false, error: { code: "incident_nothing_changed" } });
});
