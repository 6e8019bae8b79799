import { sql } from "kysely";
import type { Db } from "../schema.ts";
import type { VerifiedRow } from "./audit-row-check.ts";

/** Rows of the leaves `from` (inclusive) to `to` (exclusive), by leaf. Uses audit_entry_by_leaf. */
export async function rowsForVerification(db: Db, from: number, to: number): Promise<ReadonlyMap<number, VerifiedRow>> {
  const { rows } = await sql<VerifiedRow & { index: number }>`
    select leaf_index as index, id, at, kind, actor, subject_kind as "subjectKind", subject_id as "subjectId", because, body,
      salt, entry
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
