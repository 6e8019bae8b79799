import { sql } from "kysely";
import type { DbOrTx } from "../schema.ts";

/** The ground of a hold that keeps this subject of the vault, by itself or by a case in which it occurs; null: nothing holds it. */
export async function heldBy(db: DbOrTx, vaultSubject: string): Promise<string | null> {
  const { rows } = await sql<{ ground: string | null }>`select held_by(${vaultSubject}) as ground`.execute(db);
  return rows[0]?.ground ?? null;
}
