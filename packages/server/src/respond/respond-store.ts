import { sql } from "kysely";
import type { Tx } from "../schema.ts";

export type AppliedRow = {
  readonly incidentId: string;
  readonly playbookId: string;
  readonly version: string;
  readonly title: string;
  readonly because: string;
  readonly steps: readonly string[];
  readonly appliedAt: string; // RFC 3339
};

/** Records what applies; answers only those that did not apply before. The version of the first time stays. */
export async function recordApplied(
  tx: Tx,
  rows: readonly AppliedRow[],
): Promise<readonly { readonly incidentId: string; readonly playbookId: string }[]> {
  if (rows.length === 0) return [];
  const result = await sql<{ incidentId: string; playbookId: string }>`
    insert into playbook_applied (incident_id, playbook_id, version, title, because, steps, applied_at)
    select "incidentId", "playbookId", version, title, because, steps, "appliedAt"
    from json_to_recordset(${JSON.stringify(rows)}::json) as row (
      "incidentId" uuid, "playbookId" text, version text, title text, because text, steps json, "appliedAt" timestamptz)
    on conflict (incident_id, playbook_id) do nothing
    returning incident_id as "incidentId", playbook_id as "playbookId"`.execute(tx);
  return result.rows;
}
