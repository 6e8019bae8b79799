import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { sql } from "kysely";
import { draftChain, saidDigest, toHex } from "@tillwatch/evidence";
import type { DraftDetail } from "@tillwatch/wire";
import { digestOf } from "../access/credential.ts";
import { installationPrincipal, type Principal } from "../access/principal.ts";
import { acceptedDraftsOf, draftById, originOf, packetDraftsOf } from "./draft-read.ts";
import { draftRoutes } from "./draft-http.ts";
import { eraseIncidentText } from "../incident/incident-text-store.ts";
import { systemChance } from "../platform/chance.ts";
import { LiveFeed } from "../platform/live-feed.ts";
import { nodeSha256 } from "../platform/keys/node-crypto.ts";
import { Looks } from "../record/look-append.ts";
import type { OpenDatabase } from "../schema.ts";
import { testAccess } from "../testing/access.ts";
import { testOnDatabases } from "../testing/databases.ts";
import { testFields } from "../testing/fields.ts";
import { nowMs, testNeeds } from "../testing/incidents.ts";
import { testTexts } from "../testing/people-texts.ts";
import { testServer } from "../testing/server.ts";

const incidentId = "d0d0d0d0-0000-4000-8000-000000000001";
const signalId = "d0d0d0d0-0000-4000-8000-000000000002";

function credential(token: string, more: Partial<Principal>) {
  return { sha256: digestOf(token), principal: { ...installationPrincipal, token, ...more } };
}

const credentials = [
  credential("service:writer", { kind: "service", roles: [], scopes: ["draft:write"] }),
  ...["user:ada", "user:bo"].map((token) => credential(token, { kind: "person", roles: ["investigator"] })),
];

async function house({ db }: OpenDatabase, context: TestContext) {
  const needs = await testNeeds(db);
  const fields = await testFields(db);
  const clock = () => nowMs;
  const live = new LiveFeed({ epoch: "test" });
  await sql`insert into site (id, organisation_id, listed) values ('S-1001', 'home', true)`.execute(db);
  await sql`insert into incident (id, ref, state, level, category, taxonomy_version, site_id, occurred_at, opened_at, updated_at, severity,
      signal_count, evidence, person_fields, version)
    values (${incidentId}, 'TW-2026-000001', 'open', 1, 'shoplifting', '2026-11', 'S-1001', now(), now(), now(), 0.9, 1, '[]', '[]', 1)`.execute(
    db,
  );
  await sql`insert into signal (partition, seq, id, site_id, source, type, occurred_at, received_at, body)
    values (0, 1, ${signalId}, 'S-1001', 's', 'alarm', now(), now(), '{}')`.execute(db);
  await sql`insert into incident_signal values (${incidentId}, ${signalId}, 'why', now(), false)`.execute(db);
  for (const token of ["user:ada", "user:bo"]) {
    await sql`insert into access_ground (id, organisation_id, actor, incident_id, purpose, ground, stated_at, expires_at)
      values (gen_random_uuid(), 'home', ${token}, ${incidentId}, 'case_building', 'legitimate_interest',
        ${new Date(nowMs - 1000)}::timestamptz, ${new Date(nowMs + 3_600_000)}::timestamptz)`.execute(db);
  }
  const stop = { at: null as string | null };
  const die = (at: string) => {
    if (stop.at === at) throw new Error(`stopped at ${at}`);
  };
  const access = testAccess(db, { sites: needs.places.data.sites, clock });
  const chance = systemChance;
  const { app } = await testServer(context, {
    db,
    clock,
    access,
    credentials,
    texts: { db, fields },
    routes: [
      draftRoutes({
        db,
        fields,
        clock,
        live,
        chance,
        needs: () => needs,
        texts: await testTexts(db),
        looks: new Looks({ db, clock, chance, wordIndex: (word) => Buffer.from(word) }),
        onChanges: async () => die("after the note"),
        changed: () => die("after the commit"),
      }),
    ],
  });
  const ask = async (who: string, path: string, body?: object) => {
    const url = `/api/v1/incidents/${incidentId}/drafts${path}`;
    const headers = { authorization: `Bearer ${who}` };
    const answer = await app.inject(
      body === undefined ? { method: "GET", url, headers } : { method: "POST", url, headers, payload: body },
    );
    return { status: answer.statusCode, json: answer.json() };
  };
  return { ask, db, fields, stop };
}

// Numbers and words that come back from a database as they went in, or the chain would not hold.
const odd = { z: "", a: -0, b: 1.2345678901234568e29, c: 0.1, d: null, e: true, f: 5e-324 };

const offer = (more: object = {}) => ({
  key: "k",
  place: "note",
  text: "Two bottles were taken.",
  model: { name: "example-writer", version: "1" },
  promptSha256: "a".repeat(64),
  prompt: "Say it in one sentence.",
  inputs: [{ kind: "signal", id: signalId }],
  writtenAt: "2026-11-20T09:00:00Z",
  ...more,
});

testOnDatabases(
  "O12 what was drafted and edited cannot be changed or deleted, not even by the database's own user",
  async (database, context) => {
    const { ask, db } = await house(database, context);
    const { id } = (await ask("service:writer", "", offer())).json;
    assert.equal(
      (await ask("user:ada", `/${id}/revisions`, { revision: 0, text: "Three bottles were taken." })).status,
      200,
    );
    const tries = [
      sql`update draft_revision set text = 'x' where number = 0`,
      sql`update draft_revision set by_token = 'user:else'`,
      sql`delete from draft_revision where number = 1`,
      sql`truncate draft_revision`,
      sql`truncate draft cascade`,
      sql`delete from draft`,
      sql`update draft set model = '{"name":"a person","version":"1","provider":null}'::json`,
      sql`update draft set offered_by = 'service:other'`,
      sql`update draft set prompt = null`,
      sql`update draft set revision = 0`,
      sql`update draft set incident_id = gen_random_uuid()`,
    ];
    for (const attempt of tries) await assert.rejects(attempt.execute(db), { code: "23001" });
    assert.equal((await ask("user:bo", `/${id}/refuse`, { revision: 1, because: "no" })).status, 200);
    for (const attempt of [
    sql`update draft set state = 'offered', settled_at = null, settled_by = null, settled_because = null`,
    sql`update draft set settled_by = 'user:else'`,
  ]) await assert.rejects(attempt.execute(db), { code: "23001" }); // prettier-ignore
    const program = sql`insert into draft_revision (draft_id, number, text, salt, text_sha256, chain_sha256, by_token, at)
    values (${id}, 2, 'x', 'x', 'x', 'x', 'service:writer', now())`;
    await assert.rejects(program.execute(db), { code: "23514" }, "a program writes the first and no other");
  },
);

testOnDatabases(
  "O12 each revision is digested with a salt, and the chain commits to where it comes from",
  async (database, context) => {
    const { ask, db } = await house(database, context);
    const { id } = (
      await ask(
        "service:writer",
        "",
        offer({ parameters: odd, inputs: [{ kind: "signal", id: signalId.toUpperCase() }] }),
      )
    ).json;
    for (const [revision, text] of ["Three bottles were taken.", "Three bottles of gin were taken."].entries()) {
      assert.equal((await ask("user:ada", `/${id}/revisions`, { revision, text })).status, 200);
    }
    const shown = (await ask("user:bo", `/${id}`)).json as DraftDetail;
    const stored = await draftById(db, { id, incidentId });
    assert.ok(stored !== null);
    let before: Parameters<typeof draftChain>[1]["before"] = originOf(stored);
    for (const [at, link] of shown.revisions.entries()) {
      const { text = "", salt = "" } = shown.texts[at] ?? {};
      assert.equal(saidDigest(nodeSha256, text, Buffer.from(salt, "hex")), link.textSha256);
      before = draftChain(nodeSha256, { draftId: id, link, before });
      assert.equal(before, link.chainSha256);
      assert.equal(salt.length, 64);
    }
    assert.notEqual(toHex(nodeSha256(Buffer.from("Two bottles were taken."))), shown.revisions[0]?.textSha256);
    // Where one thing is different, so is the end of the chain.
    const [first] = shown.revisions;
    assert.ok(first !== undefined);
    const origin = originOf({ ...stored, model: { ...stored.model, version: "2" } });
    assert.notEqual(draftChain(nodeSha256, { draftId: id, link: first, before: origin }), first.chainSha256);
    const { rows } = await sql<{ kind: string; body: string }>`
    select kind, body from audit_entry where kind like 'draft.%' order by appended`.execute(db);
    assert.deepEqual(rows.map(({ kind }) => kind), ["draft.offered", "draft.edited", "draft.edited"]); // prettier-ignore
    for (const [at, { body }] of rows.entries()) {
      const { textSha256, chainSha256 } = shown.revisions[at] ?? {};
      const said = JSON.parse(body) as Record<string, unknown>;
      assert.deepEqual([said["draftId"], said["revision"], said["textSha256"], said["chainSha256"]], [id, at, textSha256, chainSha256]); // prettier-ignore
      assert.ok(!body.includes("bottles"));
    }
  },
);

testOnDatabases(
  "O12 a stop between the note and the commit leaves nothing of an acceptance; one after it, all",
  async (database, context) => {
    const { ask, db, stop } = await house(database, context);
    const { id } = (await ask("service:writer", "", offer())).json;
    const counted = async () => {
      const { rows } = await sql<{ notes: number; entries: number; state: string }>`
      select (select count(*)::int4 from incident_timeline) as notes, (select state from draft) as state,
        (select count(*)::int4 from audit_entry where kind in ('draft.accepted', 'incident.note')) as entries`.execute(
        db,
      );
      return rows[0];
    };
    stop.at = "after the note";
    assert.equal((await ask("user:ada", `/${id}/accept`, { revision: 0 })).status, 500);
    assert.deepEqual(await counted(), { notes: 0, entries: 0, state: "offered" });
    stop.at = null;
    assert.equal((await ask("user:ada", `/${id}/accept`, { revision: 0 })).status, 200);
    assert.deepEqual(await counted(), { notes: 1, entries: 2, state: "accepted" });
    // What was committed before the answer was lost is not done twice.
    stop.at = "after the commit";
    assert.equal((await ask("service:writer", "", offer({ key: "k2" }))).status, 500);
    stop.at = null;
    const again = await ask("service:writer", "", offer({ key: "k2" }));
    assert.equal(again.status, 200);
    assert.equal((await ask("user:ada", "")).json.items.length, 2);
  },
);

testOnDatabases(
  "O12 of two who edit or accept at once one is told, and of two who hand in the same both get the same",
  async (database, context) => {
    const { ask } = await house(database, context);
    const made = await Promise.all([1, 2, 3].map(() => ask("service:writer", "", offer())));
    assert.deepEqual(
      made.map(({ status }) => status).toSorted((a, b) => a - b),
      [200, 200, 201],
    );
    assert.equal(new Set(made.map(({ json }) => json.id)).size, 1);
    const id = made[0]?.json.id as string;
    const edits = await Promise.all(["user:ada", "user:bo"].map((who) => ask(who, `/${id}/revisions`, { revision: 0, text: `${who} writes.` }))); // prettier-ignore
    assert.deepEqual(
      edits.map(({ status }) => status).toSorted((a, b) => a - b),
      [200, 409],
    );
    const settled = await Promise.all([
      ask("user:ada", `/${id}/accept`, { revision: 1 }),
      ask("user:bo", `/${id}/refuse`, { revision: 1, because: "no" }),
    ]);
    assert.deepEqual(
      settled.map(({ status }) => status).toSorted((a, b) => a - b),
      [200, 409],
    );
    assert.ok(settled.some(({ json }) => json.code === "draft_settled"));
  },
);

testOnDatabases(
  "O12 J15 drafts go with the texts of their case: words, prompt and salts; digests and who did what stay",
  async (database, context) => {
    const { ask, db, fields } = await house(database, context);
    const { id } = (await ask("service:writer", "", offer())).json;
    const { id: waiting } = (await ask("service:writer", "", offer({ key: "k2" }))).json;
    assert.equal((await ask("user:ada", `/${id}/accept`, { revision: 0 })).status, 200);
    await db.transaction().execute((tx) => eraseIncidentText(tx, fields, { incidentId, because: "its time was over" }));
    const shown = (await ask("user:ada", `/${id}`)).json as DraftDetail;
    assert.deepEqual([shown.text, shown.prompt, shown.texts[0]?.salt], ["[erased]", "[erased]", "[erased]"]);
    assert.deepEqual(
      [shown.settled?.by, shown.model.name, shown.revisions[0]?.textSha256.length],
      ["user:ada", "example-writer", 64],
    );
    const gone = await ask("user:ada", `/${waiting}/accept`, { revision: 0 });
    assert.deepEqual([gone.status, gone.json.code], [410, "draft_text_erased"]);
    assert.equal(
      (await ask("user:ada", `/${waiting}/revisions`, { revision: 0, text: "From memory." })).json.code,
      "draft_text_erased",
    );
    assert.equal((await ask("user:ada", `/${waiting}/refuse`, { revision: 0, because: "it is gone" })).status, 200);
    assert.equal((await acceptedDraftsOf(db, incidentId)).length, 1);
    const [proof] = await packetDraftsOf(db, incidentId);
    assert.equal(await fields.open(db, proof?.accepted.salt ?? ""), null);
    await sql`insert into disposal (id, organisation_id, site_id, incident_id, kind, basis, state, listed_at, requested_at, requested_by, confirmed_at,
      confirmed_by, destroyed_at)
    values (gen_random_uuid(), 'home', 'S-1001', ${incidentId}, 'case', '{}', 'confirmed', now(), now(), 'user:ada', now(), 'user:bo', now())`.execute(
      db,
    );
    const late = await ask("service:writer", "", offer({ key: "k3" }));
    assert.deepEqual([late.status, late.json.code], [409, "draft_case_disposed"]);
  },
);

testOnDatabases("O12 If-Match stands for the revision, and a draft keeps fifty edits", async (database, context) => {
  const { ask } = await house(database, context);
  const { id } = (await ask("service:writer", "", offer())).json;
  for (let revision = 0; revision < 50; revision += 1) {
    assert.equal((await ask("user:ada", `/${id}/revisions`, { revision, text: `Version ${revision}.` })).status, 200);
  }
  const full = await ask("user:ada", `/${id}/revisions`, { revision: 50, text: "One more." });
  assert.deepEqual([full.status, full.json.code], [409, "draft_revisions_full"]);
  assert.equal((await ask("user:ada", `/${id}/accept`, { revision: 50 })).status, 200);
});
