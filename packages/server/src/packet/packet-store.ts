import { sql } from "kysely";
import type { Asker } from "../access/principal.ts";
import type { DbOrTx, Tx } from "../schema.ts";
import type { StoredObject } from "../platform/keys/vault.ts";

export type NewPacket = {
  readonly id: string;
  readonly incidentId: string;
  readonly incidentRef: string;
  readonly includeMedia: boolean;
  readonly originals: boolean;
  readonly purpose: string | null;
  readonly minorGround: string | null;
  readonly because: string;
  readonly authority: string;
  readonly requestedAtMs: number;
  readonly requestedBy: string;
  readonly requestedWith: string | null;
};

export async function insertPacket(tx: Tx, packet: NewPacket): Promise<void> {
  await sql`
    insert into packet (id, incident_id, incident_ref, state, include_media, originals, purpose, minor_ground, because, authority, requested_at, requested_by, requested_with)
    values (${packet.id}, ${packet.incidentId}, ${packet.incidentRef}, 'building', ${packet.includeMedia}, ${packet.originals},
      ${packet.purpose}, ${packet.minorGround}, ${packet.because}, ${packet.authority}, ${new Date(packet.requestedAtMs).toISOString()}::timestamptz, ${packet.requestedBy},
      ${packet.requestedWith})`.execute(tx);
}

/** Marks that the copies are in the custody chains; false when an earlier attempt did so already. */
export async function markCopies(tx: Tx, id: string): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update packet set copies_recorded = true where id = ${id} and not copies_recorded`.execute(tx);
  return numAffectedRows === 1n;
}

/** Keeps what was gathered, unless another attempt was first; answers what is kept. */
export async function freezePacket(db: DbOrTx, id: string, frozen: string): Promise<string> {
  const { rows } = await sql<{ frozen: string }>`
    update packet set frozen = coalesce(frozen, ${frozen}) where id = ${id} returning frozen`.execute(db);
  if (rows[0] === undefined) throw new Error(`packet ${id} vanished`);
  return rows[0].frozen;
}

/** The audit entry of the sealing; the row stays locked, so that of two attempts one makes it. */
export async function lockSeal(tx: Tx, id: string): Promise<string | null> {
  const { rows } = await sql<{ seal: string | null }>`
    select seal_audit_id as seal from packet where id = ${id} for update`.execute(tx);
  if (rows[0] === undefined) throw new Error(`packet ${id} vanished`);
  return rows[0].seal;
}

export async function saveSeal(tx: Tx, id: string, auditId: string): Promise<void> {
  await sql`update packet set seal_audit_id = ${auditId} where id = ${id}`.execute(tx);
}

/** False when another attempt finished first: then the caller's object is one too many. */
export async function markReady(
  tx: Tx,
  id: string,
  ready: { readonly atMs: number; readonly stored: StoredObject },
): Promise<boolean> {
  const { stored } = ready;
  const { numAffectedRows } = await sql`
    update packet set state = 'ready', problem = null, ready_at = ${new Date(ready.atMs).toISOString()}::timestamptz,
      bytes = ${stored.bytes}, sha256 = ${stored.sha256}, object_key = ${stored.objectKey},
      wrapped_key = decode(${Buffer.from(stored.wrappedKey).toString("hex")}, 'hex'), master_key_id = ${stored.masterKeyId},
      frozen = null
    where id = ${id} and state <> 'ready'`.execute(tx);
  return numAffectedRows === 1n;
}

export async function markProblem(
  db: DbOrTx,
  id: string,
  failed: { readonly says: string; readonly final: boolean },
): Promise<void> {
  await sql`
    update packet set problem = ${failed.says}, state = ${failed.final ? "failed" : "building"}
    where id = ${id} and state <> 'ready'`.execute(db);
}

/** Puts a failed packet back to work; false when it is not failed. Who asked for it himself asks with what he shows now. */
export async function reopenPacket(tx: Tx, id: string, by: Asker): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update packet set state = 'building',
      requested_with = case when requested_by = ${by.token} then ${by.keyId} else requested_with end
    where id = ${id} and state = 'failed'`.execute(tx);
  return numAffectedRows === 1n;
}
