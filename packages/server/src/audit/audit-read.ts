import { isJsonObject, parseJson, type AuditHeader, type DisclosedAuditEntry, type Json } from "@tillwatch/evidence";
import { sql } from "kysely";
import type { AuditEntryView } from "@tillwatch/wire";
import type { DbOrTx } from "../schema.ts";

export type AuditFilter = {
  readonly subjectKind?: string | undefined;
  readonly subjectId?: string | undefined;
  readonly actor?: string | undefined;
  readonly kind?: string | undefined;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** Rows appended before this one. */
  readonly before?: number | undefined;
  readonly limit: number;
};

type Row = {
  appended: number;
  index: number | null;
  id: string;
  at: Date;
  kind: string;
  actor: string;
  subject_kind: string;
  subject_id: string;
  because: string;
  body: string | null;
};

/** The record, newest first. Uses audit_entry_by_subject, _by_kind, _by_actor or _by_appended, as the filter has it. */
export async function auditPage(
  db: DbOrTx,
  filter: AuditFilter,
): Promise<{ readonly items: readonly AuditEntryView[]; readonly next: number | null }> {
  const instant = (ms: number) => new Date(ms).toISOString();
  const given = [
    filter.subjectKind === undefined ? undefined : sql`subject_kind = ${filter.subjectKind}`,
    filter.subjectId === undefined ? undefined : sql`subject_id = ${filter.subjectId}`,
    filter.actor === undefined ? undefined : sql`actor = ${filter.actor}`,
    filter.kind === undefined ? undefined : sql`kind = ${filter.kind}`,
    filter.fromMs === undefined ? undefined : sql`at >= ${instant(filter.fromMs)}::timestamptz`,
    filter.toMs === undefined ? undefined : sql`at < ${instant(filter.toMs)}::timestamptz`,
    filter.before === undefined ? undefined : sql`appended < ${filter.before}`,
  ].filter((condition) => condition !== undefined);
  const where = given.length === 0 ? sql`` : sql`where ${sql.join(given, sql` and `)}`;
  const { rows } = await sql<Row>`
    select appended, leaf_index as index, id, at, kind, actor, subject_kind, subject_id, because, body
    from audit_entry ${where} order by appended desc limit ${filter.limit + 1}`.execute(db);
  const items = rows.slice(0, filter.limit).map(toView);
  return { items, next: rows.length > filter.limit ? (rows[filter.limit - 1]?.appended ?? null) : null };
}

function toView(row: Row): AuditEntryView {
  const { index, id, kind, actor, because, body } = row;
  const subject = { kind: row.subject_kind, id: row.subject_id };
  return {
    index,
    id,
    at: row.at.toISOString(),
    kind,
    actor,
    subject,
    because,
    body: body === null ? null : JSON.parse(body),
  };
}

/** How many of these entries stand under the published checkpoint. */
export async function publishedOf(db: DbOrTx, ids: readonly string[]): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*) as n from audit_entry, audit_log
    where audit_entry.id = any(${[...ids]}::uuid[]) and leaf_index < published_size`.execute(db);
  return rows[0]?.n ?? 0;
}

/** Entries about these subjects that are not under a published checkpoint yet. */
export async function waitingOf(
  db: DbOrTx,
  subjects: readonly { readonly kind: string; readonly id: string }[],
): Promise<readonly string[]> {
  const kinds = subjects.map((subject) => subject.kind);
  const ids = subjects.map((subject) => subject.id);
  const { rows } = await sql<{ id: string }>`
    select audit_entry.id from audit_entry, audit_log
    where (leaf_index is null or leaf_index >= published_size)
      and (subject_kind, subject_id) in (select * from unnest(${kinds}::text[], ${ids}::text[]))`.execute(db);
  return rows.map((row) => row.id);
}

/** An entry as a packet discloses it; null while it waits. `entry` are the bytes that the log holds. */
export type DisclosedEntry = DisclosedAuditEntry & {
  readonly id: string;
  readonly index: number | null;
  readonly entry: Uint8Array;
};

type DisclosedRow = {
  id: string;
  index: number | null;
  entry: Uint8Array;
  body: string | null;
  salt: Uint8Array | null;
};

export async function disclosedEntry(db: DbOrTx, id: string): Promise<DisclosedEntry | null> {
  const { rows } = await sql<DisclosedRow>`
    select id, leaf_index as index, entry, body, salt from audit_entry where id = ${id}`.execute(db);
  return rows[0] === undefined ? null : toDisclosed(rows[0]);
}

/** Everything recorded about these subjects, in the order of the log; entries that wait are left out. */
export async function disclosedOf(
  db: DbOrTx,
  subjects: readonly { readonly kind: string; readonly id: string }[],
): Promise<readonly DisclosedEntry[]> {
  const kinds = subjects.map((subject) => subject.kind);
  const ids = subjects.map((subject) => subject.id);
  const { rows } = await sql<DisclosedRow>`
    select id, leaf_index as index, entry, body, salt from audit_entry
    where leaf_index is not null
      and (subject_kind, subject_id) in (select * from unnest(${kinds}::text[], ${ids}::text[]))
    order by leaf_index`.execute(db);
  return rows.map(toDisclosed);
}

function toDisclosed(row: DisclosedRow): DisclosedEntry {
  const header = parseJson(new Uint8Array(row.entry));
  if (!isJsonObject(header)) throw new Error(`audit entry ${row.id} does not hold a header`);
  const erased = row.body === null || row.salt === null;
  return {
    id: row.id,
    index: row.index,
    entry: new Uint8Array(row.entry),
    header: header as unknown as AuditHeader,
    body: erased ? null : (JSON.parse(row.body ?? "null") as Json),
    salt: erased ? null : Buffer.from(row.salt ?? []).toString("hex"),
  };
}
