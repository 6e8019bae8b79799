import { sql } from "kysely";
import type { DbOrTx } from "../schema.ts";
import type { DecisionRecord } from "./decision-record.ts";

export async function saveDecisions(db: DbOrTx, records: readonly DecisionRecord[]): Promise<void> {
  if (records.length === 0) return;
  const rows = records.map((record) => ({
    id: record.id,
    situation_id: record.situationId,
    at: new Date(record.atMs).toISOString(),
    rules_version: record.versions.rules,
    weights_version: record.versions.weights,
    correlation_version: record.versions.correlation,
    inputs: record.inputs,
    outputs: record.outputs,
  }));
  await sql`
    insert into decision (id, situation_id, at, rules_version, weights_version, correlation_version, inputs, outputs)
    select id, situation_id, at, rules_version, weights_version, correlation_version, inputs, outputs
    from json_to_recordset(${JSON.stringify(rows)}::json) as row (id uuid, situation_id uuid, at timestamptz,
      rules_version text, weights_version text, correlation_version text, inputs text, outputs text)`.execute(db);
}

export type PackContent = {
  readonly version: string;
  readonly kind: "rules" | "weights" | "correlation" | "models";
  readonly body: string;
};

/** Keeps the content of a version for as long as a decision may name it. */
export async function savePackContent(db: DbOrTx, contents: readonly PackContent[], nowMs: number): Promise<void> {
  const at = new Date(nowMs).toISOString();
  for (const { version, kind, body } of contents) {
    await sql`insert into pack_content (version, kind, body, first_used_at)
      values (${version}, ${kind}, ${body}, ${at}::timestamptz) on conflict (version) do nothing`.execute(db);
  }
}
