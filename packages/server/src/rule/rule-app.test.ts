import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { sql } from "kysely";
import { StartFault } from "../app/foundation.ts";
import { openDatabase } from "../platform/database/database.ts";
import type { Schema } from "../schema.ts";
import { runningApp, startIn, type RunningApp } from "../testing/running-app.ts";
import { ruleText, writtenId } from "../testing/rules.ts";
import { who } from "../testing/town.ts";

const credentials = [who("anna", ["home", "analyst"]), who("bob", ["home", "analyst"])];
const why = { because: "voids after payment are the pattern of the month" };

const asIn = (app: RunningApp, name: string) => async (path: string, body?: object) => {
  const answer = await fetch(new URL(`/api/v1${path}`, app.url), {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${name}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();

  return { status: answer.status, text, body: JSON.parse(text) };
};

test("C09 the text of a rule is kept letter by letter, also where its digits look like somebody's number", async (context) => {
  const app = await runningApp(context, {}, { credentials });
  const anna = asIn(app, "anna");
  const rule = `${ruleText()}# 0047 22 86 44 00, 4111 1111 1111 1111, someone@example.org\n`;
  const made = await anna("/rules", { rule, ...why });
  assert.equal(made.status, 201, made.text);
  assert.equal((await anna(`/rules/${writtenId}/versions/1`)).body.text, rule);
});

test("C09 B20 what runs outlives a restart; rules of the store that do not load end the start and name the file", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tw-rules-"));
  try {
    const first = await startIn(folder, {}, { credentials });
    const [anna, bob] = [asIn(first, "anna"), asIn(first, "bob")];
    await anna("/rules", { rule: ruleText(), ...why });
    await anna(`/rules/${writtenId}/versions/1/shadow`, why);
    await anna(`/rules/${writtenId}/versions/1/activate`, why);
    const { sha256 } = (await bob(`/rules/${writtenId}/versions/1`)).body;
    const signed = await bob(`/rules/${writtenId}/versions/1/sign`, { sha256, ...why });
    assert.equal(signed.body.kind, "activated", signed.text);
    const before = (await anna("/rules")).body.rulebook.version;
    await first.close();
    const second = await startIn(folder, {}, { credentials });
    const list = (await asIn(second, "anna")("/rules")).body;
    assert.equal(list.rulebook.version, before);
    assert.equal(list.items.find((one: { id: string }) => one.id === writtenId).state, "active");
    await second.close();
    const database = await openDatabase<Schema>(`pglite:${join(folder, "database")}`);
    await sql`alter table rule_version disable trigger rule_history_is_kept`.execute(database.db);
    await sql`update rule_version set text = 'title: ['`.execute(database.db);
    await database.close();
    await assert.rejects(startIn(folder, {}, { credentials }), (fault) => {
      assert.ok(fault instanceof StartFault);
      assert.equal(fault.code, "stored_rules_do_not_load");
      assert.match(fault.message, new RegExp(`rules/written/${writtenId}`));
      return true;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
