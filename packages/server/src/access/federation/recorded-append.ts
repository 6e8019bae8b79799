import { sql } from "kysely";
import { appendAudit } from "../../audit/audit-append.ts";
import type { JsonObject } from "@tillwatch/wire";
import type { Chance } from "../../platform/chance.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Tx } from "../../schema.ts";

export type Recorded = {
  readonly kind: string; // area.verb
  readonly actor: string;
  readonly organisationId: string; // whose record it stands in
  readonly subject: { readonly kind: string; readonly id: string };
  readonly because: string;
  readonly body?: JsonObject;
};

/** One entry of the record, at this moment, in the transaction of what is recorded. */
export async function record(
  tx: Tx,
  entry: Recorded,
  at: { readonly clock: Clock; readonly chance: Chance },
): Promise<void> {
  const { organisationId, ...rest } = entry;
  // The column that says whose an entry is takes it from the transaction's scope (migration 0022).
  await sql`select set_config('tillwatch.organisation', ${organisationId}, true)`.execute(tx);
  await appendAudit(tx, [{ body: {}, ...rest, atMs: at.clock() }], at.chance);
}
