import { careForDatabase } from "../platform/database/database-care.ts";
import type { ClosingStack } from "../platform/closing-stack.ts";
import type { Log } from "../platform/log.ts";
import type { OpenDatabase } from "../schema.ts";
import { repeat } from "./timers.ts";

const careEveryMs = 60_000; // as autovacuum_naptime
const careNotedFromMs = 250; // whoever wonders why it stood still finds it in the log

/** Looks after an embedded database, as a server of its own does by itself. */
export function lookAfter(closing: ClosingStack, { kind, db }: OpenDatabase, log: Log): void {
  if (kind !== "pglite") return;
  const step = async () => {
    for (const { table, did, tookMs } of await careForDatabase(db)) {
      if (tookMs >= careNotedFromMs) log.info("the embedded database was looked after", { table, did, tookMs });
    }
  };
  closing.add("database care", repeat("database care", careEveryMs, { log, step }));
}
