import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { sql } from "kysely";
import { sealedBytes, verifyCustodyChain } from "@tillwatch/evidence";
import type { Checked } from "../controls/control.ts";
import { nodeSha256 } from "../platform/keys/node-crypto.ts";
import { putSealed } from "../platform/keys/vault.ts";
import { testOnDatabases } from "../testing/databases.ts";
import { incidentId, withHouse, type House } from "../testing/prove-house.ts";
import { recordExhibit } from "./exhibit-intake-store.ts";
import { custodyOf } from "./exhibit-read.ts";
import { exhibitsWholeControl, type WholeDeps } from "./exhibit-whole-store.ts";

const beginMs = Date.parse("2026-11-01T08:00:00Z");
const dayMs = 86_400_000;

type Kept = { readonly id: string; readonly path: string };

async function keep({ deps, folder }: House, bytes: Uint8Array): Promise<Kept> {
  const id = deps.chance.uuid();
  const objectKey = `exhibits/${id}`;
  const source = (async function* () {
    yield bytes;
  })();
  const stored = await putSealed(deps.vault, { id, objectKey }, { source, bytesMax: 2 ** 30 });
  const facts = {
    kind: "original",
    name: "clip.mp4",
    mediaType: "video/mp4",
    capturedAt: null,
    source: "C-01",
    note: "",
    claimedSha256: null,
  } as const;
  const hand = { token: "user:a", why: "a test", authority: "role:investigator" };
  const camera = { camera: "unsaid", deviceId: null } as const;
  await recordExhibit(deps, { id, incidentId, facts, stored, hand, camera, mediaKind: "document" });
  return { id, path: join(folder, "objects", objectKey) };
}

type Named = { exhibit: string; found: string; says: string; since: string };
const namedIn = (checked: Checked) => checked.evidence["exhibits"] as unknown as readonly Named[];

async function kindsOf({ deps }: House, id: string): Promise<readonly string[]> {
  const { rows } = await sql<{ kind: string }>`
    select kind from audit_entry where subject_id = ${id} order by appended`.execute(deps.db);
  return rows.map(({ kind }) => kind);
}

const time = { nowMs: beginMs };
const withClock = (deps: House["deps"]) => ({ ...deps, clock: () => time.nowMs });

testOnDatabases(
  "O10 I03 a stored exhibit that is changed, cut or gone fails the control by its id, is on its record, and ends when it is put back",
  async (database) => {
    time.nowMs = beginMs;
    await withHouse(
      database,
      async (house) => {
        const { deps } = house;
        // No key is used: the master opens nothing.
        const unwrap = () => Promise.reject(new Error("an exhibit was opened"));
        const vault = { ...deps.vault, master: { ...deps.vault.master, unwrap } };
        const control = exhibitsWholeControl({ ...deps, vault });
        const [kept, other] = [await keep(house, randomBytes(2_500_000)), await keep(house, randomBytes(10))];
        const before = await readFile(kept.path);
        assert.equal(before.length, sealedBytes(2_500_000));
        const first = await control.check();
        assert.deepEqual([first.ok, namedIn(first), first.evidence["filesRead"]], [true, [], 2]);

        const flipped = Buffer.from(before);
        flipped[2_000_000] = (flipped[2_000_000] ?? 0) ^ 1;
        const broken: readonly [string, string, () => Promise<void>][] = [
          ["changed", "its sealed bytes are not those that were stored", () => writeFile(kept.path, flipped)],
          [
            "changed",
            `the file has ${before.length - 1} bytes, ${before.length} were stored`,
            () => truncate(kept.path, before.length - 1),
          ],
          ["changed", `the file has 0 bytes, ${before.length} were stored`, () => truncate(kept.path, 0)],
          ["missing", "there is no file", () => rm(kept.path)],
        ];
        for (const [found, says, breaks] of broken) {
          await breaks();
          time.nowMs += 600_000;
          const failed = await control.check();
          assert.equal(failed.ok, false, says);
          assert.match(failed.says, new RegExp(`1 of 2 exhibits: ${kept.id} is ${found}`));
          const since = new Date(time.nowMs).toISOString();
          assert.deepEqual(namedIn(failed), [{ exhibit: kept.id, found, says, since }]);
          time.nowMs += 600_000;
          assert.deepEqual(namedIn(await control.check()), namedIn(failed), "it stays so until somebody puts it right");
          await writeFile(kept.path, before);
          assert.deepEqual([(await control.check()).ok, says], [true, says]);
        }
        assert.ok(!JSON.stringify(await control.check()).includes("clip.mp4"));
        assert.deepEqual(await kindsOf(house, kept.id), [
          "exhibit.received",
          ...broken.flatMap(() => ["exhibit.damaged", "exhibit.verified"]),
        ]);
        assert.deepEqual(await kindsOf(house, other.id), ["exhibit.received"], "what is whole makes no noise");
        const chain = (await custodyOf(deps.db, kept.id)).map(({ entry }) => entry);
        assert.equal(verifyCustodyChain(nodeSha256, chain).ok, true);
        assert.equal(chain.at(-1)?.what, "verified: it is whole again");
      },
      withClock,
    );
  },
);

testOnDatabases(
  "O10 each run reads a bounded share, the oldest first, goes on where a stopped one was, and says when one waits too long",
  async (database) => {
    time.nowMs = beginMs;
    await withHouse(
      database,
      async (house) => {
        const { deps } = house;
        const kept: Kept[] = [];
        for (let at = 0; at < 5; at += 1) {
          time.nowMs += 1000;
          kept.push(await keep(house, randomBytes(100_000)));
        }
        const opened: string[] = [];
        const get: typeof deps.vault.objects.get = async (key, range) => {
          opened.push(key);
          return deps.vault.objects.get(key, range);
        };
        const seen: WholeDeps = { ...deps, vault: { ...deps.vault, objects: { ...deps.vault.objects, get } } };
        const keyOf = (at: number) => `exhibits/${kept[at]?.id ?? ""}`;
        const run = async (share: Partial<NonNullable<WholeDeps["share"]>>, more: Partial<WholeDeps> = {}) => {
          opened.length = 0;
          time.nowMs += 1000;
          // Made anew each time, as after a restart: where it was stands in the database.
          const all = { bytesMax: 2 ** 30, filesMax: 100, damagedMax: 20, ...share };
          return exhibitsWholeControl({ ...seen, ...more, share: all }).check();
        };
        await run({ filesMax: 2 });
        assert.deepEqual(opened, [keyOf(0), keyOf(1)]);
        await run({ bytesMax: 250_000 });
        assert.deepEqual(opened, [keyOf(2), keyOf(3)]);
        await run({ bytesMax: 1 });
        assert.deepEqual(opened, [keyOf(4)], "one is always read, however large");
        await run({}, { stop: AbortSignal.abort() });
        assert.deepEqual(opened, []);
        await run({ filesMax: 1 });
        assert.deepEqual(opened, [keyOf(0)], "and round again");
        // Cut off in the middle of the second one: the first is done, the second comes again.
        const ending = new AbortController();
        const stopping: typeof get = async (key, range) => {
          if (opened.length === 1) ending.abort();
          return get(key, range);
        };
        const cut = { ...seen.vault, objects: { ...seen.vault.objects, get: stopping } };
        await run({}, { vault: cut, stop: ending.signal });
        assert.deepEqual(opened, [keyOf(1), keyOf(2)]);
        await run({ filesMax: 1 });
        assert.deepEqual(opened, [keyOf(2)]);

        const added = await keep(house, randomBytes(10));
        await run({ filesMax: 1 });
        assert.deepEqual(opened, [keyOf(3)], "a new one does not push ahead of those that wait");
        time.nowMs += 30 * dayMs;
        const late = await run({ filesMax: 2 });
        assert.equal(late.ok, false);
        assert.equal(late.says, "6 exhibits, and some were not read for 30 days");
        assert.equal((await run({})).ok, true, "until they are read");
        assert.ok(opened.some((key) => key === `exhibits/${added.id}`));
      },
      (deps) => ({ ...deps, clock: () => (time.nowMs += 1) }), // no two are read at one time
    );
  },
);

testOnDatabases(
  "O10 J10 a disposed exhibit is no failure, also when it goes while it is read; a disk that is away writes a bounded number of entries",
  async (database) => {
    time.nowMs = beginMs;
    await withHouse(
      database,
      async (house) => {
        const { deps } = house;
        const kept: Kept[] = [];
        for (let at = 0; at < 6; at += 1) kept.push(await keep(house, randomBytes(10)));
        const [gone, going, away] = kept as [Kept, Kept, Kept];
        const dispose = (id: string) =>
          sql`update exhibit set object_key = null, wrapped_key = null, master_key_id = null, disposed_at = now() where id = ${id}`.execute(
            deps.db,
          );
        await dispose(gone.id);
        await rm(gone.path);
        const stat: typeof deps.vault.objects.stat = async (key) => {
          if (key.endsWith(going.id)) {
            await dispose(going.id);
            await rm(going.path);
          }
          return deps.vault.objects.stat(key);
        };
        const racing = { ...deps, vault: { ...deps.vault, objects: { ...deps.vault.objects, stat } } };
        const checked = await exhibitsWholeControl(racing).check();
        assert.deepEqual([checked.ok, checked.evidence["stored"], namedIn(checked)], [true, 4, []]);
        for (const { id } of [gone, going]) assert.deepEqual(await kindsOf(house, id), ["exhibit.received"]);

        // One that is broken and then disposed of ends as well.
        await rm(away.path);
        assert.equal((await exhibitsWholeControl(deps).check()).ok, false);
        await dispose(away.id);
        assert.equal((await exhibitsWholeControl(deps).check()).ok, true);

        const share = { bytesMax: 2 ** 30, filesMax: 100, damagedMax: 2 };
        const exhibits = dirname(away.path);
        await rename(exhibits, `${exhibits}-away`);
        const first = await exhibitsWholeControl({ ...deps, share }).check();
        assert.deepEqual([first.ok, first.evidence["damaged"]], [false, 2]);
        await exhibitsWholeControl({ ...deps, share }).check();
        await mkdir(exhibits, { recursive: true });
        await rm(exhibits, { recursive: true });
        await rename(`${exhibits}-away`, exhibits);
        assert.equal(
          (await exhibitsWholeControl({ ...deps, share }).check()).ok,
          true,
          "all are seen to be back at once",
        );
      },
      withClock,
    );
  },
);

testOnDatabases(
  "O10 I03 one that came before its sealed bytes were noted is opened once, noted on the record, and then checked without a key",
  async (database) => {
    time.nowMs = beginMs;
    await withHouse(
      database,
      async (house) => {
        const { deps } = house;
        const [old, spoilt] = [await keep(house, randomBytes(1_200_000)), await keep(house, randomBytes(50))];
        await sql`alter table audit_entry disable trigger user`.execute(deps.db);
        await sql`update audit_entry set body = (body::jsonb - 'sealedSha256')::json`.execute(deps.db);
        await sql`alter table audit_entry enable trigger user`.execute(deps.db);
        const bytes = await readFile(spoilt.path);
        await writeFile(spoilt.path, Buffer.concat([bytes.subarray(0, -1), Buffer.of((bytes.at(-1) ?? 0) ^ 1)]));
        const failed = await exhibitsWholeControl(deps).check();
        assert.deepEqual(
          namedIn(failed).map(({ exhibit, says }) => [exhibit, says]),
          [[spoilt.id, "its sealed bytes do not open"]],
        );
        assert.deepEqual(await kindsOf(house, old.id), ["exhibit.received", "exhibit.verified"]);
        await writeFile(spoilt.path, bytes);
        assert.equal((await exhibitsWholeControl(deps).check()).ok, true);
        const unwrap = () => Promise.reject(new Error("an exhibit was opened"));
        const vault = { ...deps.vault, master: { ...deps.vault.master, unwrap } };
        assert.equal((await exhibitsWholeControl({ ...deps, vault }).check()).ok, true);
        const sealed = await readFile(old.path);
        sealed[20] = (sealed[20] ?? 0) ^ 1;
        await writeFile(old.path, sealed);
        assert.equal((await exhibitsWholeControl({ ...deps, vault }).check()).ok, false);
      },
      withClock,
    );
  },
);
