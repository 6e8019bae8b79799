import { isJsonObject, parseJson, type AuditHeader, type DisclosedAuditEntry, type Json } from "@tillwatch/evidence";
import { sql, type RawBuilder } from "kysely";
import type { AuditEntryView, AuditQuestion, JsonObject, JsonValue } from "@tillwatch/wire";
import { erasedText } from "../platform/keys/field-vault.ts";
import { vaultOf } from "../platform/keys/vault-mark.ts";
import type { DbOrTx } from "../schema.ts";
import { kindsAsked, uuidForm } from "./audit-question.ts";
import { groundMarks } from "./ground-words.ts";
import { reasonInBody } from "./public-reason.ts";

/** A question as the database is asked it. */
export type AuditFilter = Omit<AuditQuestion, "from" | "to"> & {
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  readonly order?: "newest" | "oldest" | undefined;
  /** Rows beyond this one, in the order asked for. */
  readonly cursor?: number | undefined;
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

/** One page of the answer, newest first unless asked otherwise. */
export async function auditPage(
  db: DbOrTx,
  filter: AuditFilter,
): Promise<{ readonly items: readonly AuditEntryView[]; readonly next: number | null }> {
  const statement = await auditStatement(db, filter);
  if (statement === null) return { items: [], next: null };
  const { rows } = await statement.execute(db);
  const items = rows.slice(0, filter.limit).map(toView);
  return { items, next: rows.length > filter.limit ? (rows[filter.limit - 1]?.appended ?? null) : null };
}

/** The statement behind a page, which reads one row more than the page holds; null where nothing can answer. */
export async function auditStatement(db: DbOrTx, filter: AuditFilter): Promise<RawBuilder<Row> | null> {
  const conditions = await conditionsOf(db, filter);
  if (conditions === null) return null;
  const oldest = filter.order === "oldest";
  if (filter.cursor !== undefined) {
    conditions.push(oldest ? sql`appended > ${filter.cursor}` : sql`appended < ${filter.cursor}`);
  }
  const where = conditions.length === 0 ? sql`` : sql`where ${sql.join(conditions, sql` and `)}`;
  return sql<Row>`
    select appended, leaf_index as index, id, at, kind, actor, subject_kind, subject_id, because, body
    from audit_entry ${where} order by appended ${oldest ? sql`asc` : sql`desc`} limit ${filter.limit + 1}`;
}

/** The question as SQL; null where nothing can answer it (a kind that was never recorded). */
async function conditionsOf(db: DbOrTx, filter: Omit<AuditFilter, "limit">): Promise<RawBuilder<unknown>[] | null> {
  const instant = (ms: number) => sql`${new Date(ms).toISOString()}::timestamptz`;
  const byKind = filter.kind ?? filter.area ?? filter.verb ?? filter.did;
  const kinds = byKind === undefined ? null : kindsAsked(filter, await kindsRecorded(db));
  if (kinds?.length === 0) return null;
  return [
    filter.subjectKind === undefined ? undefined : sql`subject_kind = ${filter.subjectKind}`,
    filter.subject === undefined ? undefined : sql`subject_id = ${filter.subject}`,
    filter.incident === undefined ? undefined : await incidentCondition(db, filter.incident),
    filter.actor === undefined ? undefined : sql`actor = ${filter.actor}`,
    kinds === null ? undefined : sql`kind = any(${[...kinds]}::text[])`,
    filter.purpose === undefined ? undefined : sql`purpose = ${filter.purpose}`,
    filter.ground === undefined ? undefined : await groundCondition(db, filter.ground),
    filter.fromMs === undefined ? undefined : sql`at >= ${instant(filter.fromMs)}`,
    filter.toMs === undefined ? undefined : sql`at < ${instant(filter.toMs)}`,
  ].filter((condition) => condition !== undefined);
}

/** What a person gave as the reason holds all of these words: sealed ones by their marks, codes and old ones as they stand. */
async function groundCondition(db: DbOrTx, ground: string): Promise<RawBuilder<unknown>> {
  const marks = groundMarks(await vaultOf(db), ground);
  // The very expressions and predicates of the indexes audit_entry_ground and audit_entry_ground_words.
  const open = sql`(actor <> 'machine' and to_tsvector('simple', because) @@ plainto_tsquery('simple', ${ground}))`;
  if (marks.length === 0) return open;
  return sql`(${open} or (ground_words is not null and ground_words @> ${[...marks]}::text[]))`;
}

/** Entries that name the incident, and those about what belongs to it. */
async function incidentCondition(db: DbOrTx, incident: string): Promise<RawBuilder<unknown>> {
  const subjects = await incidentSubjects(db, incident);
  if (subjects.length === 0) return sql`false`;
  return sql`(incident_id = ${incident} or subject_id = any(${[...subjects]}::text[]))`;
}

/** The ids under which the record speaks of an incident: its own, its situation's, its exhibits' and packets'; empty: no id. */
export async function incidentSubjects(db: DbOrTx, incident: string): Promise<readonly string[]> {
  if (!uuidForm.test(incident)) return [];
  const { rows } = await sql<{ id: string }>`
    select situation_id::text as id from incident where id = ${incident} and situation_id is not null
    union all select id::text from exhibit where incident_id = ${incident}
    union all select id::text from packet where incident_id = ${incident}`.execute(db);
  return [incident, ...rows.map((row) => row.id)];
}

/** The case that people name by its reference ("TW-2026-000022"), as its id; an id as it is; null: no case of this database has it. */
export async function incidentNamed(db: DbOrTx, named: string): Promise<string | null> {
  const text = named.trim();
  if (!referenceForm.test(text)) return text;
  const { rows } = await sql<{ id: string }>`
    select id::text as id from incident where ref = ${text.toUpperCase()}`.execute(db);
  return rows[0]?.id ?? null;
}

const referenceForm = /^[a-z]{1,8}-\d{4}-\d{6,12}$/i;

/** Every kind that stands in the record: one step in the index for each, however long the record is. */
export async function kindsRecorded(db: DbOrTx): Promise<readonly string[]> {
  const { rows } = await sql<{ kind: string }>`
    with recursive each (kind) as (
      (select kind from audit_entry order by kind limit 1)
      union all
      select (select kind from audit_entry where audit_entry.kind > each.kind order by kind limit 1) from each
      where each.kind is not null
    ) select kind from each where kind is not null`.execute(db);
  return rows.map((row) => row.kind);
}

/** These entries, in the order of the record. */
export async function entriesById(db: DbOrTx, ids: readonly string[]): Promise<readonly AuditEntryView[]> {
  const { rows } = await sql<Row>`
    select appended, leaf_index as index, id, at, kind, actor, subject_kind, subject_id, because, body
    from audit_entry where id = any(${[...ids]}::uuid[]) order by appended`.execute(db);
  return rows.map(toView);
}

function toView(row: Row): AuditEntryView {
  const { index, id, kind, actor } = row;
  const subject = { kind: row.subject_kind, id: row.subject_id };
  const kept = row.body === null ? null : (JSON.parse(row.body) as JsonObject);
  const { said, ...body } = kept ?? {};
  const because = row.because === reasonInBody ? (saidText(said) ?? erasedText) : row.because;
  return { index, id, at: row.at.toISOString(), kind, actor, subject, because, body: kept === null ? null : body };
}

/** A reason that somebody gave, sealed; undefined: it was erased with its entry's body. */
function saidText(said: JsonValue | undefined): string | undefined {
  const text = isJsonObject(said) ? said["text"] : undefined;
  return typeof text === "string" ? text : undefined;
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

/** Entries of an answer with what an export discloses of them, in the order of the log, from leaf `from` on and below `below`. */
export async function disclosedPage(
  db: DbOrTx,
  filter: Omit<AuditFilter, "limit" | "cursor">,
  span: { readonly from: number; readonly below: number; readonly limit: number },
): Promise<readonly DisclosedEntry[]> {
  const conditions = await conditionsOf(db, filter);
  if (conditions === null) return [];
  conditions.push(sql`leaf_index >= ${span.from}`, sql`leaf_index < ${span.below}`);
  const { rows } = await sql<DisclosedRow>`
    select id, leaf_index as index, entry, body, salt from audit_entry where ${sql.join(conditions, sql` and `)}
    order by leaf_index limit ${span.limit}`.execute(db);
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
