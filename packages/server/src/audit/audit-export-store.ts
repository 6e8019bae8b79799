import { sql } from "kysely";
import type { AuditQuestion } from "@tillwatch/wire";
import type { Scope } from "../platform/database/scoped.ts";
import { erasedText } from "../platform/keys/field-vault.ts";
import { sealInto, vaultOf } from "../platform/keys/vault-mark.ts";
import type { StoredObject } from "../platform/keys/vault.ts";
import type { DbOrTx, Tx } from "../schema.ts";

export type NewExport = {
  readonly id: string;
  readonly scope: Scope;
  readonly askedBy: string;
  /** The API key that a program asked with; null: no program. */
  readonly askedWith: string | null;
  readonly because: string;
  readonly askedAtMs: number;
  readonly question: AuditQuestion;
};

export type ExportRow = NewExport & {
  readonly state: "building" | "ready" | "failed";
  readonly problem: string | null;
  readonly entries: number | null;
  readonly treeSize: number | null;
  readonly readyAt: string | null;
  readonly bytes: number | null;
  readonly sha256: string | null;
  readonly object: { readonly objectKey: string; readonly wrappedKey: Uint8Array } | null;
};

type Row = {
  id: string;
  scope: string;
  asked_by: string;
  asked_with: string | null;
  because: string;
  asked_at: Date;
  question: string;
  state: ExportRow["state"];
  problem: string | null;
  entries: number | null;
  tree_size: number | null;
  ready_at: Date | null;
  bytes: number | null;
  sha256: string | null;
  object_key: string | null;
  wrapped_key: Uint8Array | null;
};

const columns =
  sql.raw(`id, scope, asked_by, asked_with, because, asked_at, question, state, problem, entries, tree_size, ready_at, bytes, sha256,
  object_key, wrapped_key`);

/** Question and reason are kept sealed: somebody may have looked for a word that is a name. */
export async function insertExport(tx: Tx, asked: NewExport): Promise<void> {
  const because = await sealInto(tx, exportSubject(asked.id), asked.because);
  const question = await sealInto(tx, exportSubject(asked.id), JSON.stringify(asked.question));
  await sql`
    insert into record_export (id, organisation_id, scope, asked_by, asked_with, because, asked_at, question, state)
    values (${asked.id}, ${asked.scope.organisationId}, ${JSON.stringify(asked.scope)}, ${asked.askedBy}, ${asked.askedWith}, ${because},
      ${new Date(asked.askedAtMs).toISOString()}::timestamptz, ${question}, 'building')`.execute(tx);
}

export async function exportById(db: DbOrTx, id: string): Promise<ExportRow | null> {
  const { rows } = await sql<Row>`select ${columns} from record_export where id = ${id}`.execute(db);
  return rows[0] === undefined ? null : ((await opened(db, rows))[0] ?? null);
}

export function exportSubject(id: string): string {
  return `record_export:${id}`;
}

async function opened(db: DbOrTx, rows: readonly Row[]): Promise<readonly ExportRow[]> {
  const vault = await vaultOf(db);
  const texts = await vault.openKept(
    db,
    rows.flatMap((row) => [row.because, row.question]),
  );
  return rows.map((row, at) =>
    toRow({ ...row, because: texts[2 * at] ?? erasedText, question: texts[2 * at + 1] ?? "{}" }),
  );
}

/** The latest of an organisation, newest first. */
export async function exportsOf(db: DbOrTx, organisationId: string): Promise<readonly ExportRow[]> {
  const { rows } = await sql<Row>`
    select ${columns} from record_export where organisation_id = ${organisationId} order by asked_at desc, id limit 50`.execute(
    db,
  );
  return opened(db, rows);
}

export async function unfinishedExports(db: DbOrTx): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from record_export where state = 'building' order by asked_at limit 1000`.execute(db);
  return rows.map((row) => row.id);
}

/** False when another attempt finished first: then the caller's object is one too many. */
export async function markExportReady(
  tx: Tx,
  id: string,
  ready: { readonly atMs: number; readonly stored: StoredObject; readonly entries: number; readonly treeSize: number },
): Promise<boolean> {
  const { stored } = ready;
  const { numAffectedRows } = await sql`
    update record_export set state = 'ready', problem = null, entries = ${ready.entries}, tree_size = ${ready.treeSize},
      ready_at = ${new Date(ready.atMs).toISOString()}::timestamptz, bytes = ${stored.bytes}, sha256 = ${stored.sha256},
      object_key = ${stored.objectKey}, wrapped_key = decode(${Buffer.from(stored.wrappedKey).toString("hex")}, 'hex')
    where id = ${id} and state = 'building'`.execute(tx);
  return numAffectedRows === 1n;
}

export async function markExportProblem(
  db: DbOrTx,
  id: string,
  failed: { readonly says: string; readonly final: boolean },
): Promise<void> {
  await sql`
    update record_export set problem = ${failed.says}, state = ${failed.final ? "failed" : "building"}
    where id = ${id} and state = 'building'`.execute(db);
}

export async function knownExportObjects(db: DbOrTx, objectKeys: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ key: string }>`
    select object_key as key from record_export where object_key = any(${[...objectKeys]}::text[])`.execute(db);
  return new Set(rows.map((row) => row.key));
}

/** Whether this person took this export lately: ranges that follow belong to that download. */
export async function exportTakenLately(
  db: DbOrTx,
  id: string,
  by: { readonly who: string; readonly sinceMs: number },
): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select exists (select 1 from audit_entry where subject_id = ${id} and subject_kind = 'record_export'
      and kind = 'audit.export_downloaded' and actor = ${by.who}
      and at >= ${new Date(by.sinceMs).toISOString()}::timestamptz) as found`.execute(db);
  return rows[0]?.found === true;
}

function toRow(row: Row): ExportRow {
  return {
    id: row.id,
    scope: JSON.parse(row.scope) as Scope,
    askedBy: row.asked_by,
    askedWith: row.asked_with,
    because: row.because,
    askedAtMs: row.asked_at.getTime(),
    question: JSON.parse(row.question) as AuditQuestion,
    state: row.state,
    problem: row.problem,
    entries: row.entries,
    treeSize: row.tree_size,
    readyAt: row.ready_at?.toISOString() ?? null,
    bytes: row.bytes,
    sha256: row.sha256,
    object:
      row.object_key === null || row.wrapped_key === null
        ? null
        : { objectKey: row.object_key, wrappedKey: new Uint8Array(row.wrapped_key) },
  };
}
