import { createHash } from "node:crypto";
import { sealedBytes } from "@tillwatch/evidence";
import { sql } from "kysely";
import type { Checked, Control } from "../controls/control.ts";
import { hashed, readSealed, type Vault } from "../platform/keys/vault.ts";
import type { Tx } from "../schema.ts";
import type { ExhibitDeps } from "./exhibit-intake-store.ts";
import { recordTouch, sealedDigestField, type Touch } from "./exhibit-store.ts";

/** How much one run reads. One exhibit is always read, and as a whole, however large it is. */
export type ReadingShare = {
  readonly bytesMax: number;
  readonly filesMax: number;
  /** A run that finds so many newly damaged ones ends: a disk that is away must not write an entry for each file at once. */
  readonly damagedMax: number;
};

const everyMinutes = 10;
const withinDays = 30;
// 144 runs a day: 144 GiB and 144,000 files a day, 4.2 TiB and 4.3 million files in 30 days.
const share: ReadingShare = { bytesMax: 1024 ** 3, filesMax: 1000, damagedMax: 20 };
const shownMax = 20;
const dayMs = 86_400_000;

export type WholeDeps = Pick<ExhibitDeps, "db" | "vault" | "clock" | "chance"> & {
  readonly share?: ReadingShare;
  /** Ends a run early, when the program ends; what was not read is read next time. */
  readonly stop?: AbortSignal;
};

/**
 * The control: reads a share of the stored exhibits, those first that were not looked at for longest, and hashes their bytes at rest, without
 * opening them, against what the record says of these. It holds while every one is whole and none waits for longer than was said.
 */
export function exhibitsWholeControl(deps: WholeDeps): Control {
  return {
    id: "exhibits_whole",
    title: "Exhibits are whole",
    says: `Every stored exhibit is what was received, byte for byte; each is read again within ${withinDays} days.`,
    everyMinutes,
    check: async () => judged(deps, await readShare(deps)),
  };
}

type Read = { files: number; bytes: number; damaged: number };

/** Each one is put down as soon as it was read: a run that is killed has lost one file's reading. */
async function readShare(deps: WholeDeps): Promise<Read> {
  const { bytesMax, filesMax, damagedMax } = deps.share ?? share;
  const read: Read = { files: 0, bytes: 0, damaged: 0 };
  for (const one of await dueExhibits(deps, filesMax)) {
    if (deps.stop?.aborted === true || read.damaged >= damagedMax) break;
    if (read.files > 0 && read.bytes + sealedBytes(one.bytes) > bytesMax) break;
    const seen = await examine(deps, one);
    if (seen === null) break;
    read.files += 1;
    read.bytes += seen.read;
    if (await deps.db.transaction().execute((tx) => putDown(tx, deps, { one, seen }))) read.damaged += 1;
  }
  return read;
}

type Found = "whole" | "changed" | "missing" | "unreadable";
type Due = {
  readonly id: string;
  readonly incidentId: string;
  readonly objectKey: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly wrappedKey: Uint8Array;
  /** What the record says of the bytes at rest; null: it was received before that was noted. */
  readonly sealedSha256: string | null;
  readonly before: Found;
};

/** Those that are known to be damaged first, so that what was put right is seen at once; of these at most half of the share. */
async function dueExhibits({ db }: WholeDeps, filesMax: number): Promise<readonly Due[]> {
  const { rows } = await sql<{
    id: string;
    incident_id: string;
    object_key: string;
    bytes: number;
    sha256: string;
    wrapped_key: Uint8Array;
    sealed: string | null;
    found: Found;
  }>`
    with due as (
      (select exhibit_id, 0 as turn, seen_at from exhibit_check where found in ('changed', 'missing', 'unreadable')
        order by seen_at, exhibit_id limit ${Math.ceil(filesMax / 2)})
      union all
      (select exhibit_id, 1, seen_at from exhibit_check where found = 'whole' order by seen_at, exhibit_id limit ${filesMax}))
    select e.id::text as id, e.incident_id::text as incident_id, e.object_key, e.bytes, e.sha256, e.wrapped_key, c.found,
      (select a.body::json ->> ${sealedDigestField}::text from audit_entry a
        where a.subject_id = e.id::text and a.subject_kind = 'exhibit' and a.kind in ('exhibit.received', 'exhibit.verified')
          and a.body::json ->> ${sealedDigestField}::text is not null order by a.appended limit 1) as sealed
    from due join exhibit_check c using (exhibit_id) join exhibit e on e.id = c.exhibit_id
    where e.object_key is not null order by due.turn, due.seen_at, e.id limit ${filesMax}`.execute(db);
  return rows.map((row) => ({
    id: row.id,
    incidentId: row.incident_id,
    objectKey: row.object_key,
    bytes: row.bytes,
    sha256: row.sha256,
    wrappedKey: new Uint8Array(row.wrapped_key),
    sealedSha256: row.sealed,
    before: row.found,
  }));
}

type Seen = {
  readonly found: Found;
  readonly says: string; // "" of a whole one
  readonly read: number; // bytes
  /** Of one whose bytes at rest nobody noted so far: read whole by its key once, these are they. */
  readonly noted: string | null;
};

/** Looks at the bytes at rest. Null: it was told to stop. */
async function examine({ vault, stop }: WholeDeps, one: Due): Promise<Seen | null> {
  const hash = createHash("sha256");
  let read = 0;
  const bad = (found: Found, says: string): Seen => ({ found, says, read, noted: null });
  try {
    const there = await vault.objects.stat(one.objectKey);
    if (there === null) return bad("missing", "there is no file");
    const wanted = sealedBytes(one.bytes);
    if (there.bytes !== wanted) return bad("changed", `the file has ${there.bytes} bytes, ${wanted} were stored`);
    for await (const chunk of one.sealedSha256 === null
      ? openedOnce(vault, one, hash)
      : hashed(await vault.objects.get(one.objectKey), hash)) {
      if (stop?.aborted === true) return null;
      read += chunk.length;
    }
  } catch (fault) {
    const code = fault instanceof Error && "code" in fault ? String(fault.code) : "";
    if (code === "ENOENT" || code === "object_missing") return bad("missing", "there is no file");
    if (code === "object_damaged") return bad("changed", "its sealed bytes do not open");
    if (unreadable.has(code)) return bad("unreadable", `it cannot be read (${code})`);
    throw fault;
  }
  const sealedSha256 = hash.digest("hex");
  if (one.sealedSha256 === null) return { found: "whole", says: "", read, noted: sealedSha256 };
  if (one.sealedSha256 === sealedSha256) return { found: "whole", says: "", read, noted: null };
  return bad("changed", "its sealed bytes are not those that were stored");
}

// What the disk says of a file, and of a key that opens nothing: the next run tries again.
const unreadable = new Set(["EACCES", "EPERM", "EIO", "ELOOP", "EISDIR", "key_master_wrong", "exhibit_key_unusable"]);

/** The plain bytes of one that came before digests of sealed bytes were noted; `hash` takes in the sealed ones. */
function openedOnce(vault: Vault, one: Due, hash: ReturnType<typeof createHash>): AsyncIterable<Uint8Array> {
  const get: Vault["objects"]["get"] = async (key, range) => hashed(await vault.objects.get(key, range), hash);
  return readSealed({ ...vault, objects: { ...vault.objects, get } }, one);
}

/** True: it is damaged, and was not so far. An exhibit that was disposed of meanwhile is no longer looked after. */
async function putDown(
  tx: Tx,
  { clock, chance }: WholeDeps,
  { one, seen }: { readonly one: Due; readonly seen: Seen },
): Promise<boolean> {
  await sql`select id from exhibit where id = ${one.id} for update`.execute(tx);
  const atMs = clock();
  const at = new Date(atMs).toISOString();
  const { numAffectedRows } = await sql`
    update exhibit_check set seen_at = ${at}::timestamptz, says = ${seen.says}, found = ${seen.found},
      since = case when found = ${seen.found} then since else ${at}::timestamptz end
    where exhibit_id = ${one.id}`.execute(tx);
  if (numAffectedRows === 0n) return false;
  const damaged = seen.found !== "whole";
  const touched = damaged ? one.before !== seen.found : one.before !== "whole" || seen.noted !== null;
  if (touched) await recordTouch(tx, touchOf({ one, seen, atMs }), chance);
  return damaged && one.before === "whole";
}

function touchOf({ one, seen, atMs }: { readonly one: Due; readonly seen: Seen; readonly atMs: number }): Touch {
  const common = {
    exhibitId: one.id,
    incidentId: one.incidentId,
    action: "verified",
    atMs,
    who: "machine",
    why: "stored exhibits are read again in turn",
    authority: "machine",
    digest: one.sha256,
  } as const;
  if (seen.found !== "whole") {
    const what = `verification FAILED: ${seen.says}`;
    return { ...common, what, auditKind: "exhibit.damaged", detail: { found: seen.says } };
  }
  const what = one.before === "whole" ? "verified: it is whole" : "verified: it is whole again";
  const detail = seen.noted === null ? {} : { [sealedDigestField]: seen.noted };
  return { ...common, what, auditKind: "exhibit.verified", detail };
}

async function judged({ db, clock }: Pick<WholeDeps, "db" | "clock">, read: Read): Promise<Checked> {
  const { rows } = await sql<{ stored: number; broken: number; oldest: Date | null }>`
    select count(*) as stored, count(*) filter (where found <> 'whole') as broken, min(seen_at) as oldest from exhibit_check`.execute(
    db,
  );
  const { stored = 0, broken = 0, oldest = null } = rows[0] ?? {};
  const { rows: shown } = await sql<{ exhibit: string; found: Found; says: string; since: Date }>`
    select exhibit_id::text as exhibit, found, says, since from exhibit_check
    where found <> 'whole' order by since, exhibit_id limit ${shownMax}`.execute(db);
  const days = oldest === null ? 0 : Math.floor((clock() - oldest.getTime()) / dayMs);
  const late = days >= withinDays;
  const evidence = {
    stored,
    damaged: broken,
    exhibits: shown.map((one) => ({ ...one, since: one.since.toISOString() })),
    filesRead: read.files,
    bytesRead: read.bytes,
    oldestReadAt: oldest?.toISOString() ?? null,
  };
  const names = shown.map(({ exhibit, found }) => `${exhibit} is ${found}`).join(", ");
  const says =
    broken > 0
      ? `${broken} of ${stored} exhibits: ${names}`
      : late
        ? `${stored} exhibits, and some were not read for ${days} days`
        : `${stored} exhibits, ${read.files} of them read now`;
  return { ok: broken === 0 && !late, says, evidence };
}
