import { sql } from "kysely";
import type { Db, DbOrTx } from "../schema.ts";
import type { VerifiedRow } from "./audit-row-check.ts";

/** Rows of the leaves `from` (inclusive) to `to` (exclusive), by leaf. Uses audit_entry_by_leaf. */
export async function rowsForVerification(db: Db, from: number, to: number): Promise<ReadonlyMap<number, VerifiedRow>> {
  const { rows } = await sql<VerifiedRow & { index: number }>`
    select leaf_index as index, id, at, kind, actor, subject_kind as "subjectKind", subject_id as "subjectId", because, body,
      salt, entry, incident_id::text as "incidentId", purpose
    from audit_entry where leaf_index >= ${from} and leaf_index < ${to}`.execute(db);
  return new Map(rows.map((row) => [row.index, row]));
}

/** Rows whose leaf the log never handed out; one statement, so that a log growing meanwhile makes none of them. */
export async function strayRows(db: Db): Promise<readonly { readonly id: string; readonly index: number }[]> {
  const { rows } = await sql<{ id: string; index: number }>`
    select audit_entry.id, leaf_index as index from audit_entry, audit_log
    where leaf_index < 0 or leaf_index >= next_index order by leaf_index limit 100`.execute(db);
  return rows;
}

export type Uncommitted = { readonly index: number | null; readonly entryId: string | null; readonly says: string };

const uncommittedMax = 100;

/**
 * What stands beside the record and is committed to by its bodies: links of custody (digest, place, exhibit) and decisions (digest of
 * inputs and outputs). Answers those that were changed, deleted or put in. Bodies are searched as text, for one that somebody
 * changed may be no JSON any more.
 */
export async function uncommittedRows(db: DbOrTx): Promise<readonly Uncommitted[]> {
  const custody = await sql<Uncommitted>`
    select a.leaf_index as index, a.id as "entryId", case when c.audit_id is null
      then 'a custody entry of exhibit ' || a.subject_id || ' was deleted'
      else 'custody entry ' || c.seq || ' of exhibit ' || c.exhibit_id || ' was changed' end as says
    from audit_entry a left join custody_entry c on c.audit_id = a.id
    where a.subject_kind = 'exhibit' and a.body like '%"custodyDigest":"%' and (c.audit_id is null
      or c.exhibit_id::text <> a.subject_id
      or position('"custodySeq":' || c.seq || ',' in a.body) = 0
      or position('"custodyDigest":"' || c.digest || '"' in a.body) = 0
      or position('"custodyDigest":"' || encode(sha256(convert_to(c.entry, 'UTF8')), 'hex') || '"' in a.body) = 0)
    union all
    select null, null, 'custody entry ' || c.seq || ' of exhibit ' || c.exhibit_id || ' was put in'
    from custody_entry c where not exists (select from audit_entry a where a.id = c.audit_id)
    limit ${uncommittedMax}`.execute(db);
  const decisions = await sql<Uncommitted>`
    with made as (
      select id, leaf_index, subject_id, body from audit_entry
      where kind = 'decision.made' and body like '%"record_sha256":"%'
    ), held as (
      select id, situation_id::text as situation, encode(sha256(convert_to(inputs || chr(10) || outputs, 'UTF8')), 'hex') as digest
      from decision
    )
    select m.leaf_index as index, m.id as "entryId", case when h.id is null
      then 'a decision about situation ' || m.subject_id || ' was deleted'
      else 'decision ' || h.id || ' was changed' end as says
    from made m left join held h on h.situation = m.subject_id and position('"decision":"' || h.id || '"' in m.body) > 0
    where h.id is null or position('"record_sha256":"' || h.digest || '"' in m.body) = 0
    limit ${uncommittedMax}`.execute(db);
  return [...custody.rows, ...decisions.rows];
}
