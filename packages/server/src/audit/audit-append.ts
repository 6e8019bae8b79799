import { auditLeaf, canonicalBytes, expectAccepted, saltBytes } from "@tillwatch/evidence";
import { sql } from "kysely";
import type { JsonObject } from "@tillwatch/wire";
import type { Chance } from "../platform/chance.ts";
import { nodeSha256 } from "../platform/node-crypto.ts";
import type { Tx } from "../schema.ts";

/**
 * One line of the record. `actor` is a token ("machine", "user:...", "device:..."); `because` is the reason in a word or
 * sentence and is never empty; `body` holds personal data only as tokens.
 */
export type AuditRecord = {
  readonly kind: string; // incident.opened, exhibit.received, signal.redriven ...: area.verb
  readonly actor: string;
  readonly subject: { readonly kind: string; readonly id: string };
  readonly because: string;
  readonly atMs: number;
  readonly body: JsonObject;
};

/**
 * Appends to the record, in the transaction of what is recorded. Answers the new entries' ids in order. Throws an EvidenceFault
 * on a record that has no canonical form, an empty field, or more than 65,535 bytes besides its body: a bug of the caller.
 */
export async function appendAudit(tx: Tx, records: readonly AuditRecord[], chance: Chance): Promise<readonly string[]> {
  if (records.length === 0) return [];
  const rows = records.map((record) => toRow(record, chance));
  await sql`
    insert into audit_entry (id, at, kind, actor, subject_kind, subject_id, because, body, salt, entry)
    select id, at, kind, actor, subject_kind, subject_id, because, body, decode(salt, 'hex'), decode(entry, 'hex')
    from json_to_recordset(${JSON.stringify(rows)}::json) as row (
      id uuid, at timestamptz, kind text, actor text, subject_kind text, subject_id text, because text, body text, salt text, entry text)
  `.execute(tx);
  return rows.map((row) => row.id);
}

function toRow(record: AuditRecord, chance: Chance) {
  const { kind, actor, subject, because, body } = record;
  const id = chance.uuid();
  const at = new Date(record.atMs).toISOString();
  const salt = chance.bytes(saltBytes);
  const leaf = expectAccepted(auditLeaf(nodeSha256, { fields: { id, at, kind, actor, subject, because }, body, salt }));
  return {
    id,
    at,
    kind,
    actor,
    subject_kind: subject.kind,
    subject_id: subject.id,
    because,
    body: Buffer.from(canonicalBytes(body)).toString("utf8"),
    salt: Buffer.from(salt).toString("hex"),
    entry: Buffer.from(leaf.entryBytes).toString("hex"),
  };
}
