import { sql } from "kysely";
import type { DbOrTx } from "../schema.ts";

/** A playbook of an incident, as the record shows it. */
export type AppliedPlaybook = {
  readonly id: string;
  readonly title: string;
  readonly because: string;
  readonly version: string;
  readonly steps: readonly string[];
};

/** The playbooks of an incident, in the order in which they came to apply. Uses the primary key. */
export async function playbooksOf(db: DbOrTx, incidentId: string): Promise<readonly AppliedPlaybook[]> {
  const result = await sql<AppliedPlaybook>`
    select playbook_id as id, title, because, version, steps
    from playbook_applied
    where incident_id = ${incidentId}::uuid
    order by applied_at, playbook_id
    limit 500`.execute(db);
  return result.rows;
}
