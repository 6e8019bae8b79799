import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { sql } from "kysely";
import {
  canonicalBytes,
  exportManifest,
  formatVkey,
  noteKey,
  openZipEntry,
  readZip,
  signerFromSeed,
  verifyRecordExport,
  writeZip,
  type ExportReport,
} from "@tillwatch/evidence";
import { nodeHashing, runVerifyCli, verifyRecordFile } from "@tillwatch/verify";
import type { AuditQuestion } from "@tillwatch/wire";
import { masterKey } from "../platform/keys/keys.ts";
import { openObjectStore } from "../platform/object-store-file.ts";
import { systemChance } from "../platform/chance.ts";
import { systemClock } from "../platform/clock.ts";
import type { Scope } from "../platform/database/scoped.ts";
import { readSealed } from "../platform/keys/vault.ts";
import { unrecorded } from "../testing/two-organisations.ts";
import { logSigner, onLog, type LogHouse } from "../testing/log-house.ts";
import { appendAudit, type AuditRecord } from "./audit-append.ts";
import { buildExport, type ExportDeps } from "./audit-export-append.ts";
import { exportById, insertExport } from "./audit-export-store.ts";

const clip = "22222222-2222-4222-8222-222222222222";
const incident = "11111111-1111-4111-8111-111111111111";
const vkey = formatVkey(noteKey(nodeHashing.sha256, "shop.example/log", logSigner.publicKey));
const everything: Scope = { organisationId: "home", sites: [], everySite: true, all: true };

function look(n: number, over: Partial<AuditRecord> = {}): AuditRecord {
  return {
    kind: "exhibit.accessed",
    actor: `user:${n}`,
    subject: { kind: "exhibit", id: clip },
    because: `look ${n}`,
    atMs: Date.UTC(2026, 10, 20, 10, n),
    body: { incidentId: incident, n },
    ...over,
  };
}

/** Three looks at the clip among 300 other entries, once a log. */
async function fill(house: LogHouse): Promise<void> {
  const { rows } = await sql`select 1 from audit_entry where actor = 'user:3'`.execute(house.db);
  if (rows.length > 0) return;
  const others = Array.from({ length: 300 }, (_, n) =>
    look(n % 60, { kind: "decision.made", actor: "machine", subject: { kind: "situation", id: `s${n}` } }),
  );
  const records = [...others.slice(0, 150), look(1), ...others.slice(150), look(2), look(3)];
  await house.db.transaction().execute((tx) => appendAudit(tx, records, systemChance));
}

/** Three looks at the clip among other things, exported as the answer to one question. */
async function exported(house: LogHouse, question: AuditQuestion, scope = everything): Promise<string> {
  await fill(house);
  const deps = await depsOf(house);
  const id = systemChance.uuid();
  const asked = {
    id,
    scope,
    askedBy: "user:auditor",
    askedWith: null,
    because: "a complaint",
    askedAtMs: Date.UTC(2026, 10, 21),
    question,
  };
  await unrecorded(house.db, "record_export", (tx) => insertExport(tx, asked));
  await buildExport(deps, id);
  const row = await exportById(house.db, id);
  assert.equal(row?.state, "ready");
  const { object, bytes, sha256 } = row ?? {};
  assert.ok(object && bytes !== null && bytes !== undefined && sha256);
  const path = join(house.folder, "answer.zip");
  const parts: Uint8Array[] = [];
  for await (const part of readSealed(deps.vault, { id, bytes, sha256, ...object })) parts.push(part);
  await writeFile(path, Buffer.concat(parts));
  return path;
}

async function depsOf({ db, files, sequencer, folder }: LogHouse): Promise<ExportDeps> {
  const objects = await openObjectStore(`file:${join(folder, "objects")}`);
  const vault = { objects, master: masterKey(new Uint8Array(32).fill(7)), chance: systemChance };
  return { db, files, sequencer, vault, clock: systemClock, chance: systemChance };
}

async function verified(path: string, key: string | null = vkey): Promise<ExportReport> {
  const result = await verifyRecordFile(path, { keys: key === null ? [] : [key] });
  assert.ok(result.ok);
  return result.value;
}

const whoSawThisClip: AuditQuestion = { subject: clip, did: "saw" };

onLog(
  "O05 O06 the answer to who saw this clip is verified offline: each entry, the count, and that nothing is missing",
  async (house) => {
    const path = await exported(house, whoSawThisClip);
    const report = await verified(path);
    assert.deepEqual([report.verdict, report.firstProblem], ["verified", undefined]);
    assert.equal(report.question, `Who saw subject ${clip}`);
    assert.deepEqual(report.key, { vkey, source: "given" });
    assert.match(
      report.checks.at(-1)?.detail ?? "",
      /of 303 entries in the log 3 fit the question, and all of them are there/,
    );
    assert.equal(report.checks.length, 10);
    const alone = await verified(path, null);
    assert.deepEqual([alone.verdict, alone.key?.source], ["verified", "export"]);
    const lines: string[] = [];
    const io = { out: (line: string) => lines.push(line), err: (line: string) => lines.push(line) };
    assert.equal(await runVerifyCli([path, "--key", vkey], io), 0);
    assert.equal(lines.at(-1), "VERIFIED");
    assert.equal(lines.length, 12);
  },
);

onLog("O05 a foreign checkpoint, a foreign key and another file are named", async (house) => {
  const path = await exported(house, whoSawThisClip);
  const other = await signerFromSeed(new Uint8Array(32).fill(9));
  const foreign = formatVkey(noteKey(nodeHashing.sha256, "shop.example/log", other.publicKey));
  const report = await verified(path, foreign);
  assert.equal(report.verdict, "broken");
  assert.match(report.firstProblem ?? "", /checkpoint.txt is not one of the trusted log/);
  await writeFile(path, "no zip");
  assert.equal((await verified(path)).verdict, "unusable");
});

onLog(
  "O05 an entry that was altered, removed or added is named, even where the list of files was made anew",
  async (house) => {
    const path = await exported(house, whoSawThisClip);
    const whole = await filesOf(path);
    const lines = text(whole, "entries.ndjson").trimEnd().split("\n");
    const cases: readonly { says: RegExp; make: (files: Map<string, Uint8Array>) => void; anew?: boolean }[] = [
      {
        says: /entries.ndjson was changed/,
        make: (files) =>
          put(files, "entries.ndjson", `${lines[0]?.replace("look 1", "look 9")}\n${lines[1]}\n${lines[2]}\n`),
      },
      {
        says: /entries.ndjson was changed/,
        make: (files) => put(files, "entries.ndjson", `${lines[0]}\n${lines[2]}\n`),
      },
      {
        says: /record-export.json is malformed/,
        make: (files) =>
          put(files, "record-export.json", text(files, "record-export.json").replace('"entries":3', '"entries":"3"')),
      },
      {
        says: /the export is not the one that was recorded/,
        anew: true,
        make: (files) => put(files, "entries.ndjson", `${lines[0]}\n${lines[2]}\n`),
      },
      {
        says: /the export is not the one that was recorded/,
        anew: true,
        make: (files) =>
          put(files, "record-export.json", text(files, "record-export.json").replace('"entries":3', '"entries":2')),
      },
      { says: /log-entries.bin was removed/, make: (files) => files.delete("log-entries.bin") },
      { says: /seal-entry.json.* is missing/, make: (files) => files.delete("seal-entry.json") },
      { says: /extra.txt does not belong/, make: (files) => put(files, "extra.txt", "x") },
    ];
    for (const { says, make, anew } of cases) {
      const files = new Map(whole);
      make(files);
      if (anew === true) remake(files);
      await writeFile(path, await zipOf(files));
      const report = await verified(path);
      assert.equal(report.verdict, "broken", String(says));
      assert.match(report.firstProblem ?? "", says);
    }
    // Every byte counts: a changed one anywhere is found, or is no part of what is said.
    await writeFile(path, await zipOf(whole));
    const bytes = await readFile(path);
    for (let at = 7; at < bytes.length; at += Math.ceil(bytes.length / 60)) {
      const hurt = Uint8Array.from(bytes);
      hurt[at] = (hurt[at] ?? 0) ^ 1;
      await writeFile(path, hurt);
      assert.notEqual((await verified(path)).verdict, "verified", `byte ${at}`);
    }
  },
);

onLog(
  "O05 checks behind the seal name the entry: altered, left out, foreign to the question, body swapped",
  async (house) => {
    const path = await exported(house, whoSawThisClip);
    const whole = await filesOf(path);
    const lines = text(whole, "entries.ndjson").trimEnd().split("\n");
    const cases: readonly { check: string; says: RegExp; entries: readonly (string | undefined)[] }[] = [
      {
        check: "entries in the log",
        says: /line 1: entry 150 .* is not what the log holds there/,
        entries: [lines[0]?.replace('"actor":"user:1"', '"actor":"user:9"'), lines[1], lines[2]],
      },
      {
        check: "bodies",
        says: /the reason of entry 150 is not the one that was given/,
        entries: [lines[0]?.replace("look 1", "look 9"), lines[1], lines[2]],
      },
      {
        check: "bodies",
        says: /the reason of entry 150 is not the one that was given/,
        entries: [lines[0]?.replace(/"said":\{"salt":"[0-9a-f]{2}/, '"said":{"salt":"zz'), lines[1], lines[2]],
      },
      {
        check: "nothing left out",
        says: /entry 301 of the log fits the question and was left out/,
        entries: [lines[0], lines[2]],
      },
      { check: "count", says: /2 entries are there, the export says 3: 1 were removed/, entries: [lines[0], lines[2]] },
      { check: "count", says: /stands twice or out of order/, entries: [lines[0], lines[0], lines[2]] },
      {
        check: "bodies",
        says: /the body of entry 150 was changed/,
        entries: [lines[0]?.replace('"n":1', '"n":7'), lines[1], lines[2]],
      },
      { check: "entries in the log", says: /line 2: it is malformed/, entries: [lines[0], "{}", lines[2]] },
    ];
    for (const { check, says, entries } of cases) {
      const files = new Map(whole);
      put(files, "entries.ndjson", `${entries.join("\n")}\n`);
      await writeFile(path, await zipOf(files));
      const found = (await verified(path)).checks.find((one) => one.name === check);
      assert.match(found?.detail ?? "", says);
      assert.equal(found?.ok, false);
    }
  },
);

onLog(
  "O05 an answer to a person of some sites carries no headers of others, and a copy of the log decides instead",
  async (house) => {
    await house.db.transaction().execute((tx) => appendAudit(tx, [look(5)], systemChance));
    const path = await exported(house, whoSawThisClip, {
      ...everything,
      all: false,
      everySite: false,
      sites: ["S-1001"],
    });
    const files = await filesOf(path);
    assert.equal(files.has("log-entries.bin"), false);
    const without = await verified(path);
    assert.match(without.checks.at(-1)?.detail ?? "", /NOT checked/);
    const result = await verifyRecordFile(path, { keys: [vkey], logFolder: join(house.folder, "log") });
    assert.ok(result.ok);
    assert.match(result.value.checks.at(-1)?.detail ?? "", /of 304 entries in the log 4 fit the question/);
  },
);

const questions: readonly { readonly question: AuditQuestion; readonly says: RegExp }[] = [
  { question: {}, says: /of 303 entries in the log 303 fit/ },
  { question: { actor: "user:2" }, says: /1 fit/ },
  { question: { did: "decided", from: "2026-11-20T10:30:00Z" }, says: /150 fit/ },
  { question: { area: "exhibit", verb: "accessed" }, says: /3 fit/ },
  {
    question: { ground: "look" },
    says: /NOT decidable from the log's headers: the question also asks for words of a ground/,
  },
  { question: { incident }, says: /NOT decidable from the log's headers: the question also asks for an incident/ },
];

onLog("O05 any question exports in the same way, and says what the log's headers cannot decide", async (house) => {
  for (const { question, says } of questions) {
    const report = await verified(await exported(house, question));
    assert.equal(report.verdict, "verified", report.firstProblem ?? "");
    assert.match(report.checks.at(-1)?.detail ?? "", says);
  }
});

onLog(
  "O05 N09 an answer is whole though entries fit that are another organisation's, and says that it is",
  async (house) => {
    const scope: Scope = { organisationId: "home", sites: [], everySite: true, all: false };
    const before = await verified(await exported(house, { kind: "exhibit.accessed" }, scope));
    assert.match(before.checks.at(-1)?.detail ?? "", /3 fit the question, and all of them are there/);
    await sql`insert into organisation (id, name, kind, site_prefix, reference_letters, created_at)
    values ('other', 'Other', 'retailer', 'ot-', 'OT', now()) on conflict do nothing`.execute(house.db);
    const foreign = look(7, { subject: { kind: "exhibit", id: "theirs" }, body: { n: 7 }, organisationId: "other" });
    await house.db.transaction().execute((tx) => appendAudit(tx, [foreign], systemChance));
    for (const question of [{}, { kind: "exhibit.accessed" }] as const) {
      const report = await verified(await exported(house, question, scope));
      assert.deepEqual([report.verdict, report.firstProblem], ["verified", undefined]);
      assert.match(report.checks.at(-1)?.detail ?? "", /NOT decidable .* also asks for what the asker may see$/);
    }
    const own = await verified(await exported(house, whoSawThisClip, scope));
    assert.match(own.checks.at(-1)?.detail ?? "", /3 fit the question, and all of them are there/, "nobody else's fit");
  },
);

test("O05 garbage in an export never throws", async () => {
  for (const name of ["record-export.json", "entries.ndjson"]) {
    const files = new Map<string, Uint8Array>([
      ["record-export.json", canonicalBytes({ v: 1 })],
      [name, new Uint8Array([0xff, 0, 0x7b])],
    ]);
    const bytes = await zipOf(files);
    const source = { size: bytes.length, read: async (at: number, length: number) => bytes.subarray(at, at + length) };
    const report = await verifyRecordExport(source, { logKeys: [] }, { hashing: nodeHashing });
    assert.equal(report.verdict, "broken");
  }
});

function remake(files: Map<string, Uint8Array>): void {
  const listed = ["record-export.json", "entries.ndjson", "checkpoint.txt", "README.txt", "log-entries.bin"];
  const kept = new Map(
    listed.flatMap((name) => (files.has(name) ? [[name, files.get(name) ?? new Uint8Array(0)] as const] : [])),
  );
  files.set("manifest.json", exportManifest(nodeHashing.sha256, kept));
}

function text(files: ReadonlyMap<string, Uint8Array>, name: string): string {
  return Buffer.from(files.get(name) ?? []).toString("utf8");
}

function put(files: Map<string, Uint8Array>, name: string, content: string): void {
  files.set(name, Buffer.from(content));
}

async function filesOf(path: string): Promise<Map<string, Uint8Array>> {
  const bytes = await readFile(path);
  const source = { size: bytes.length, read: async (at: number, length: number) => bytes.subarray(at, at + length) };
  const zip = await readZip(source);
  assert.ok(zip.ok);
  const files = new Map<string, Uint8Array>();
  for (const entry of zip.value.entries) {
    const parts: Uint8Array[] = [];
    for await (const part of openZipEntry(source, entry, nodeHashing)) parts.push(part);
    files.set(entry.path, Buffer.concat(parts));
  }
  return files;
}

async function zipOf(files: ReadonlyMap<string, Uint8Array>): Promise<Uint8Array> {
  const inputs = [...files].map(([path, bytes]) => ({
    path,
    bytes: bytes.length,
    crc32: crc32(bytes),
    open: () => [bytes],
  }));
  const parts: Uint8Array[] = [];
  for await (const part of writeZip(inputs, { hashing: nodeHashing, modifiedAtMs: Date.UTC(2026, 10, 21) }))
    parts.push(part);
  return Buffer.concat(parts);
}
