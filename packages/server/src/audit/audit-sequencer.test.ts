import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { parseCheckpointText, parseNote, signerFromSeed, type Signer } from "@tillwatch/evidence";
import { systemChance } from "../platform/chance.ts";
import { silentLog } from "../platform/log.ts";
import type { Db, OpenDatabase } from "../schema.ts";
import { testOnDatabases } from "../testing/databases.ts";
import { serve } from "../testing/prove-house.ts";
import { appendAudit, type AuditRecord } from "./audit-append.ts";
import { auditRoutes, logKey, logRoutes } from "./audit-http.ts";
import { openLogFiles, type LogFiles } from "./audit-log-files.ts";
import { AuditSequencer, type SequencerDeps } from "./audit-sequencer.ts";
import { verifyAudit } from "./audit-verify.ts";

const signer = await signerFromSeed(new Uint8Array(32).fill(3));

type Bench = {
  readonly database: OpenDatabase;
  readonly db: Db;
  readonly files: LogFiles;
  readonly deps: SequencerDeps;
};

function onLog(name: string, run: (bench: Bench) => Promise<void>): void {
  testOnDatabases(name, async (database) => {
    const folder = await mkdtemp(join(tmpdir(), "log-"));
    try {
      const files = await openLogFiles(join(folder, "log"));
      const deps = {
        database,
        files,
        signer,
        clock: () => Date.now(),
        chance: systemChance,
        log: silentLog,
        origin: "shop.example/log",
      };
      await run({ database, db: database.db, files, deps });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
}

function record(n: number): AuditRecord {
  return {
    kind: "test.happened",
    actor: "machine",
    subject: { kind: "thing", id: `t${n}` },
    because: "a test wants it",
    atMs: Date.UTC(2026, 0, 1) + n,
    body: { n },
  };
}

async function append(db: Db, from: number, count: number): Promise<readonly string[]> {
  const records = Array.from({ length: count }, (_, i) => record(from + i));
  return db.transaction().execute((tx) => appendAudit(tx, records, systemChance));
}

async function sizeOf(files: LogFiles): Promise<number> {
  const bytes = await files.read("checkpoint");
  const note = bytes === undefined ? undefined : parseNote(bytes);
  const checkpoint = note?.ok === true ? parseCheckpointText(note.value.text) : undefined;
  return checkpoint?.ok === true ? Number(checkpoint.value.size) : -1;
}

const publicKey = (deps: SequencerDeps) => deps.signer.publicKey;

async function verify({ db, files, deps }: Bench) {
  return verifyAudit({ db, files, clock: deps.clock, key: await logKey({ db, logPublicKey: publicKey(deps) }) });
}

async function saysOf(bench: Bench): Promise<readonly string[]> {
  return (await verify(bench)).problems.map((problem) => `${problem.index ?? "-"} ${problem.says}`);
}

onLog("I05 entries are integrated in order, and the whole record verifies", async (bench) => {
  const { db, files, deps } = bench;
  const sequencer = new AuditSequencer(deps);
  await sequencer.start();
  assert.equal(await sizeOf(files), 0, "an empty log has a checkpoint too");
  const ids: string[] = [];
  for (const count of [1, 1, 254, 1, 700]) {
    ids.push(...(await append(db, ids.length, count)));
    await sequencer.integrateNow();
    assert.equal(await sizeOf(files), ids.length);
    assert.deepEqual(await saysOf(bench), []);
  }
  const { rows } = await sql<{ id: string }>`select id from audit_entry order by leaf_index`.execute(db);
  assert.deepEqual(
    rows.map((row) => row.id),
    ids,
  );
  await sequencer.close();
  const again = new AuditSequencer({ ...deps, database: bench.database });
  await again.start();
  await append(db, 2000, 5);
  await again.integrated(ids);
  await again.close();
  assert.equal((await verify(bench)).checked, ids.length + 5);
});

onLog("I05 an altered, a deleted and an inserted row are each named", async (bench) => {
  const { db, deps } = bench;
  const ids = await append(db, 0, 600);
  const sequencer = new AuditSequencer(deps);
  await sequencer.integrateNow();
  await sequencer.close();
  const cases: readonly { readonly says: RegExp; readonly index: number; readonly harm: string }[] = [
    {
      index: 7,
      says: /^the row was changed: because is "nothing", the log holds "said"/,
      harm: "update audit_entry set because = 'nothing' where leaf_index = 7",
    },
    { index: 8, says: /body is not the one/, harm: `update audit_entry set body = '{"n":9}' where leaf_index = 8` },
    { index: 9, says: /only one was erased/, harm: "update audit_entry set salt = null where leaf_index = 9" },
    { index: 10, says: /at is "2027-/, harm: "update audit_entry set at = '2027-01-01Z' where leaf_index = 10" },
    {
      index: 300,
      says: /^the row was deleted: the log holds test.happened/,
      harm: "delete from audit_entry where leaf_index = 300",
    },
    {
      index: 301,
      says: /its entry is not the one/,
      harm: "update audit_entry set entry = entry || '\\x20'::bytea where leaf_index = 301",
    },
    {
      index: 599,
      says: /actor is "user:eve"/,
      harm: "update audit_entry set actor = 'user:eve' where leaf_index = 599",
    },
    {
      index: 700,
      says: /^the row was put in/,
      harm: "insert into audit_entry select gen_random_uuid(), default_id, at, kind, actor, subject_kind, subject_id, because, body, salt, entry, 700 from (select *, 1 as default_id from audit_entry where leaf_index = 5) as copy",
    },
  ];
  for (const { says, index, harm } of cases) {
    const text = index === 700 ? insertCopy : harm;
    await assert.rejects(
      db.transaction().execute(async (tx) => {
        await sql.raw(text).execute(tx);
        const report = await verify({ ...bench, db: tx });
        assert.equal(report.ok, false, harm);
        assert.deepEqual(
          report.problems.map((problem) => problem.index),
          [index],
          harm,
        );
        assert.match(report.problems[0]?.says ?? "", says);
        if (index < 600) assert.equal(report.problems[0]?.entryId, ids[index]);
        throw new Error("undo");
      }),
      /undo/,
    );
  }
  await sql`update audit_entry set body = null, salt = null where leaf_index = 11`.execute(db);
  assert.deepEqual(await saysOf(bench), [], "an erased body is no alteration");
});

const insertCopy = `insert into audit_entry (id, at, kind, actor, subject_kind, subject_id, because, body, salt, entry, leaf_index)
  select gen_random_uuid(), at, kind, actor, subject_kind, subject_id, because, body, salt, entry, 700 from audit_entry where leaf_index = 5`;

onLog("I05 harm to the log's files is told from harm to the rows", async (bench) => {
  const { db, deps, files } = bench;
  await append(db, 0, 600);
  const sequencer = new AuditSequencer(deps);
  await sequencer.integrateNow();
  await sequencer.close();
  const flip = async (path: string) => {
    const bytes = await readFile(join(files.folder, path));
    const bad = Buffer.from(bytes);
    bad[40] = (bad[40] ?? 0) ^ 1;
    await writeFile(join(files.folder, path), bad);
    return () => writeFile(join(files.folder, path), bytes);
  };
  for (const path of ["tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2"]) {
    const undo = await flip(path);
    assert.deepEqual(await saysOf(bench), [`- the log's file ${path} is missing or was changed`]);
    await undo();
  }
  const undo = await flip("tile/entries/001");
  const [first] = await saysOf(bench);
  assert.match(first ?? "", /entries 256 to 511 were changed on disk; the rows are as signed/);
  await sql`update audit_entry set entry = '\\x7b7d'::bytea where leaf_index = 3`.execute(db);
  assert.match((await saysOf(bench))[0] ?? "", /both were changed/);
  await undo();
  await rm(join(files.folder, "tile/entries/001"));
  assert.equal((await verify(bench)).ok, false);
});

onLog("I05 a crash after any write is made good at the next start", async (bench) => {
  const { db, deps, files } = bench;
  let total = 0;
  for (let crashAt = 1; crashAt <= 12; crashAt += 1) {
    let writes = 0;
    const dies = () => {
      writes += 1;
      if (writes >= crashAt) throw new Error("power cut");
    };
    const dying: LogFiles = {
      ...files,
      writeTiles: async (tiles) => {
        for (const tile of tiles) {
          dies();
          await files.writeTiles([tile]);
        }
        dies();
      },
      writeCheckpoint: async (note) => {
        dies();
        await files.writeCheckpoint(note);
        dies();
      },
    };
    await append(db, total, 130);
    total += 130;
    const cut = new AuditSequencer({ ...deps, files: dying });
    await cut.integrateNow().catch(() => undefined);
    // Its lease runs out, as that of a process which died.
    await sql`update audit_log set lease_until = '-infinity'`.execute(db);
    const next = new AuditSequencer(deps);
    await next.integrateNow();
    await next.close();
    assert.equal(await sizeOf(files), total);
    assert.deepEqual(await saysOf(bench), []);
  }
});

onLog("I05 a lost log folder is built again from the rows, byte for byte", async (bench) => {
  const { db, deps, files } = bench;
  await append(db, 0, 900);
  const sequencer = new AuditSequencer(deps);
  await sequencer.integrateNow();
  await sequencer.close();
  const snapshot = async () => {
    const names = (await readdir(files.folder, { recursive: true, withFileTypes: true })).filter((entry) =>
      entry.isFile(),
    );
    const all = names.map(async (entry) => [
      join(entry.parentPath, entry.name),
      (await readFile(join(entry.parentPath, entry.name))).toString("hex"),
    ]);
    return Object.fromEntries(await Promise.all(all)) as Record<string, string>;
  };
  const before = await snapshot();
  await rm(files.folder, { recursive: true });
  const again = await openLogFiles(files.folder);
  await append(db, 900, 1);
  const next = new AuditSequencer({ ...deps, files: again });
  await next.integrateNow();
  await next.close();
  const after = await snapshot();
  for (const [path, bytes] of Object.entries(before)) {
    if (!path.includes(".p") && !path.endsWith("checkpoint")) assert.equal(after[path], bytes, path);
  }
  assert.deepEqual(await saysOf(bench), []);
});

onLog("I05 nothing is signed over a record that lost or changed entries", async (bench) => {
  const { db, deps, files } = bench;
  await append(db, 0, 300);
  const sequencer = new AuditSequencer(deps);
  await sequencer.integrateNow();
  await sequencer.close();
  const published = await files.read("checkpoint");
  const other: Signer = await signerFromSeed(new Uint8Array(32).fill(4));
  const note = "update audit_log set published_note";
  const cases: readonly { readonly harm: string; readonly want: string; readonly change?: Partial<SequencerDeps> }[] = [
    { harm: "delete from audit_entry where leaf_index = 20", want: "audit_log_rows_missing" },
    { harm: "delete from audit_entry where leaf_index = 299", want: "audit_log_rows_missing" },
    {
      harm: "delete from audit_entry where leaf_index > 100; update audit_log set next_index = 101, published_size = 0, published_note = null",
      want: "audit_log_ahead_of_database",
    },
    {
      harm: "truncate audit_entry; update audit_log set origin = null, vkey = null, next_index = 0, published_size = 0, published_note = null",
      want: "audit_log_ahead_of_database",
    },
    { harm: `${note} = replace(published_note, '300', '301')`, want: "audit_log_checkpoint_invalid" },
    { harm: "select 1", want: "audit_log_key_changed", change: { signer: other } },
    { harm: "select 1", want: "audit_log_origin_changed", change: { origin: "other.example/log" } },
  ];
  for (const { harm, want, change } of cases) {
    await assert.rejects(
      db.transaction().execute(async (tx) => {
        await sql.raw(harm).execute(tx);
        // The sequencer opens transactions of its own; inside this one they are savepoints, and all of it is undone.
        const inside = { ...bench.database, db: nested(tx) };
        const next = new AuditSequencer({ ...deps, ...change, database: inside });
        await append(inside.db, 300, 2);
        await assert.rejects(next.integrateNow(), { code: want }, harm);
        assert.equal(next.state.kind, "halted");
        throw new Error("undo");
      }),
      /undo/,
    );
    assert.deepEqual(await files.read("checkpoint"), published, `${want}: nothing was published`);
  }
  await files.writeCheckpoint("not a checkpoint\n");
  await assert.rejects(new AuditSequencer(deps).integrateNow(), { code: "audit_log_checkpoint_invalid" });
});

/** A transaction that answers `transaction()` with itself. */
function nested(tx: Db): Db {
  return new Proxy(tx, {
    get: (target, name) => {
      if (name === "transaction") return () => ({ execute: (run: (inner: Db) => unknown) => run(tx) });
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

onLog("I05 rows changed while the tiles are lost are not signed over", async (bench) => {
  const { db, deps, files } = bench;
  await append(db, 0, 300);
  const sequencer = new AuditSequencer(deps);
  await sequencer.integrateNow();
  await sequencer.close();
  await rm(join(files.folder, "tile"), { recursive: true });
  await sql`update audit_entry set entry = entry || '\\x20'::bytea where leaf_index = 5`.execute(db);
  await append(db, 300, 1);
  const next = new AuditSequencer(deps);
  await assert.rejects(next.integrateNow(), { code: "audit_log_rows_altered" });
  await assert.rejects(next.integrateNow(), { code: "audit_log_rows_altered" });
});

onLog("I05 of two sequencers one works, and one that lost its lease publishes nothing", async (bench) => {
  const { db, deps, files } = bench;
  if (bench.database.kind === "pglite") return; // an embedded database has one process
  const [first, second] = [new AuditSequencer(deps), new AuditSequencer(deps)];
  await append(db, 0, 10);
  await first.integrateNow();
  await append(db, 10, 10);
  await second.integrateNow();
  assert.equal(second.state.kind, "standby");
  assert.equal(await sizeOf(files), 10);
  await sql`update audit_log set lease_until = now() - interval '1 second'`.execute(db);
  await second.integrateNow();
  assert.equal(await sizeOf(files), 20);
  await append(db, 20, 10);
  await assert.rejects(first.integrateNow(), /lease/);
  assert.equal(await sizeOf(files), 20);
  await Promise.all([second.integrateNow(), first.integrateNow()]);
  assert.equal(await sizeOf(files), 30);
  await Promise.all([first.close(), second.close()]);
  assert.deepEqual(await saysOf(bench), []);
});

onLog("O04 entries from before reasons were sealed are not served to everybody; their hashes are", async (bench) => {
  const { db, deps } = bench;
  await append(db, 0, 600);
  const sequencer = new AuditSequencer(deps);
  await sequencer.integrateNow();
  await sql`update audit_log set public_from = 300`.execute(db);
  const { app, url, fetch } = await serve(db, [logRoutes({ ...deps, db })]);
  try {
    const answers = async (path: string) => (await fetch(`${url}/log/tile/${path}`)).status;
    assert.deepEqual(
      [await answers("entries/000"), await answers("entries/001"), await answers("entries/002.p/88")],
      [403, 403, 200],
    );
    assert.deepEqual([await answers("0/000"), await answers("0/001"), await answers("1/000.p/2")], [200, 200, 200]);
  } finally {
    await app.close();
    await sequencer.close();
  }
});

onLog("I05 I06 the log is served byte for byte, and an entry's proof as text", async (bench) => {
  const { db, deps } = bench;
  const ids = await append(db, 0, 300);
  const sequencer = new AuditSequencer(deps);
  await sequencer.integrateNow();
  const { app, url, fetch } = await serve(db, [
    auditRoutes({ ...deps, db, logPublicKey: publicKey(deps) }),
    logRoutes({ ...deps, db }),
  ]);
  try {
    const checkpoint = await fetch(`${url}/log/checkpoint`);
    assert.equal(checkpoint.headers.get("content-type"), "text/plain; charset=utf-8");
    assert.match(await checkpoint.text(), /^shop\.example\/log\n300\n/);
    const tile = await fetch(`${url}/log/tile/0/000`);
    assert.equal(tile.headers.get("content-type"), "application/octet-stream");
    assert.match(tile.headers.get("cache-control") ?? "", /immutable/);
    assert.equal((await tile.arrayBuffer()).byteLength, 8192);
    assert.equal((await fetch(`${url}/log/tile/entries/001.p/44`)).status, 200);
    for (const path of [
      "tile/0/000.p/256",
      "tile/0/0",
      "tile/0/x000/000",
      "tile/..%2f..%2fcheckpoint",
      "tile/64/000",
      "tile/0/000.p/3",
    ]) {
      assert.equal((await fetch(`${url}/log/${path}`)).status, 404, path);
    }
    const proof = await (await fetch(`${url}/api/v1/audit/${ids[5]}/proof`)).text();
    assert.match(proof, /^c2sp\.org\/tlog-proof@v1\nindex 5\n/);
    assert.equal((await fetch(`${url}/api/v1/audit/nonsense/proof`)).status, 404);
    const view = (await (await fetch(`${url}/api/v1/audit/checkpoint`)).json()) as { size: number; vkey: string };
    assert.equal(view.size, 300);
    assert.match(view.vkey, /^shop\.example\/log\+[0-9a-f]{8}\+/);
    const report = await fetch(`${url}/api/v1/audit/verify`, { method: "POST" });
    assert.equal(((await report.json()) as { ok: boolean }).ok, true);
    type Page = { items: { subject: { id: string }; kind: string }[]; nextCursor: string | null };
    const page = async (query: string) => (await (await fetch(`${url}/api/v1/audit?${query}`)).json()) as Page;
    assert.equal((await page("kind=audit.verified")).items.length, 1);
    const one = await page("subjectKind=thing&subject=t7");
    assert.deepEqual(
      one.items.map((item) => item.subject.id),
      ["t7"],
    );
    const seen: string[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const next: Page = await page(`kind=test.happened&limit=120${cursor === "" ? "" : `&cursor=${cursor}`}`);
      seen.push(...next.items.map((item) => item.subject.id));
      cursor = next.nextCursor;
    }
    assert.equal(new Set(seen).size, 300);
    assert.equal(seen.length, 300);
    const span = await page("from=2026-01-01T00:00:00.010Z&to=2026-01-01T00:00:00.020Z");
    assert.equal(span.items.length, 10);
    assert.equal((await fetch(`${url}/api/v1/audit?from=yesterday`)).status, 400);
  } finally {
    await app.close();
    await sequencer.close();
  }
});
