import type { Clock } from "../../platform/clock.ts";
import type { Db } from "../../schema.ts";
import type { PrivacyTools } from "../person/known-person-store.ts";
import { endWatchEntry, lockExpired } from "./watch-store.ts";

/** Deletes the content of entries whose time is over, each with its proof on the record. Answers how many. */
export async function expireWatchEntries(
  deps: PrivacyTools & { readonly db: Db; readonly clock: Clock },
): Promise<number> {
  const nowMs = deps.clock();
  return deps.db.transaction().execute(async (tx) => {
    const rows = await lockExpired(tx, nowMs);
    for (const row of rows) {
      await endWatchEntry(tx, { row, end: "expired", because: "its time is over", nowMs, actor: "machine" }, deps);
    }
    return rows.length;
  });
}
