import assert from "node:assert/strict";
import { sql } from "kysely";
import { digestOf } from "../access/credential.ts";
import { scoped } from "../platform/database/scoped.ts";
import { testOnDatabases } from "../testing/databases.ts";
import { alpha, police, twoOrganisations } from "../testing/two-organisations.ts";
import { triesMax } from "./release-link.ts";
import { codeDigest } from "./release-link-http.ts";
import { endLink, insertLink, linksOf, lockLink, markOpened, markRefused } from "./release-link-store.ts";

const secret = "a-secret-of-43-letters-that-is-kept-nowhere";
const code = "12345678";
const nowMs = Date.parse("2036-11-21T10:00:00Z");

testOnDatabases("N05 N09 a link is kept as digests, one at a time, and its tries run out", async ({ db }) => {
  await twoOrganisations(db);
  const link = {
    id: "99999999-9999-4999-8999-999999999999",
    releaseId: alpha.incidentId,
    sha256: digestOf(secret),
    codeSha256: codeDigest(secret, code),
    by: "user:ines",
    nowMs,
    expiresAtMs: nowMs + 1000,
  };
  const replaced = await db.transaction().execute((tx) => insertLink(tx, link));
  assert.equal(replaced, alpha.incidentId, "the one from before opens no more");
  const { rows } = await sql<{ row: string }>`select l::text as row from release_link l`.execute(db);
  for (const { row } of rows) assert.ok(!row.includes(secret) && !row.includes(code) && !row.includes(digestOf(code)));

  const find = (sha256: string) => db.transaction().execute((tx) => lockLink(tx, sha256));
  assert.equal(await find(digestOf("another")), null);
  const found = await find(link.sha256);
  assert.deepEqual([found?.packetId, found?.organisationId, found?.triesLeft], [alpha.packetId, "alpha", triesMax]);
  const situation = found?.situation((id) => id === "alpha");
  assert.deepEqual([situation?.packetThere, situation?.organisationEnded], [false, true], "its packet is not built");
  for (let guess = 0; guess < triesMax + 2; guess++) {
    await db.transaction().execute((tx) => markRefused(tx, link.id, true));
  }
  await db.transaction().execute((tx) => markRefused(tx, link.id, false));
  await db.transaction().execute((tx) => markOpened(tx, link.id, nowMs));
  await db.transaction().execute((tx) => markOpened(tx, link.id, nowMs + 500));
  const spent = (await linksOf(db, alpha.incidentId)).get(alpha.incidentId);
  assert.deepEqual([spent?.triesLeft, spent?.refusals, spent?.openedAt?.getTime()], [0, triesMax + 3, nowMs]);
  const end = (releaseId: string) =>
    db.transaction().execute((tx) => endLink(tx, { id: link.id, releaseId, by: "user:ines", nowMs }));
  assert.deepEqual(
    [await end(alpha.packetId), await end(alpha.incidentId), await end(alpha.incidentId)],
    [false, true, false],
  );
  const theirs = await scoped(db, { organisationId: police, sites: [], all: false }, (tx) =>
    sql`select from release_link`.execute(tx),
  );
  assert.equal(theirs.rows.length, 0, "no partner sees that there is one");
});
