import { sql } from "kysely";
import type { AppliedPlaybook } from "@tillwatch/wire";
import type { DbOrTx } from "../schema.ts";
import { saysBecause, type AppliesBecause } from "./respond.ts";

type AppliedRow = Omit<AppliedPlaybook, "because"> & { readonly because: AppliesBecause };

/** The playbooks of an incident, in the order in which they came to apply. Uses the primary key. */
export async function playbooksOf(db: DbOrTx, incidentId: string): Promise<readonly AppliedPlaybook[]> {
  const result = await sql<AppliedRow>`
    select playbook_id as id, title, because, version, steps
    from playbook_applied
    where incident_id = ${incidentId}::uuid
    order by applied_at, playbook_id
    limit 500`.execute(db);
  return result.rows.map((row) => ({ ...row, because: saysBecause(row.because) }));
}
