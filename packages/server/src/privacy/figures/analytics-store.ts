import { sql } from "kysely";
import type { FigureExportView } from "@tillwatch/wire";
import type { DbOrTx, Tx } from "../../schema.ts";
import type { ScanFinding } from "../text/scan-text.ts";

export type NewExport = {
  readonly id: string;
  readonly organisationId: string;
  readonly nowMs: number;
  readonly actor: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly rows: number;
  readonly suppressed: number;
  readonly sha256: string;
  readonly state: "released" | "refused";
  readonly findings: readonly ScanFinding[];
};

export async function saveExport(tx: Tx, made: NewExport): Promise<void> {
  await sql`
    insert into analytics_export (id, organisation_id, at, actor, parameters, rows, suppressed, sha256, state, findings)
    values (${made.id}::uuid, ${made.organisationId}, ${new Date(made.nowMs)}::timestamptz, ${made.actor},
      ${JSON.stringify(made.parameters)}::json, ${made.rows}, ${made.suppressed}, ${made.sha256}, ${made.state},
      ${JSON.stringify(made.findings.slice(0, 100))}::json)
  `.execute(tx);
}

/** The latest 100, newest first. */
export async function exportsOf(db: DbOrTx, organisationId: string): Promise<readonly FigureExportView[]> {
  type Row = Omit<NewExport, "organisationId" | "nowMs"> & { readonly at: Date };
  const { rows } = await sql<Row>`
    select id, at, actor, parameters, rows, suppressed, sha256, state, findings from analytics_export
    where organisation_id = ${organisationId} order by at desc, id limit 100
  `.execute(db);
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}
