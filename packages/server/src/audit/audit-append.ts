import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { sql } from "kysely";
import type { JsonObject } from "@tillwatch/wire";
import type { Chance } from "../platform/chance.ts";
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

const saltBytes = 32;

/** Appends to the record, in the transaction of what is recorded. Answers the new entries' ids in order. */
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
  const id = chance.uuid();
  const at = new Date(record.atMs).toISOString();
  const { kind, actor, subject, because } = record;
  const body = canonical(record.body);
  const salt = chance.bytes(saltBytes);
  const bodyDigest = createHash("sha256").update(salt).update(body).digest("hex");
  const entry = canonical({ v: 1, id, at, kind, actor, subject, because, body_digest: bodyDigest });
  return {
    id,
    at,
    kind,
    actor,
    subject_kind: subject.kind,
    subject_id: subject.id,
    because,
    body,
    salt: Buffer.from(salt).toString("hex"),
    entry: Buffer.from(entry, "utf8").toString("hex"),
  };
}

function canonical(value: JsonObject): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError("an audit body must be JSON");
  return text;
}
