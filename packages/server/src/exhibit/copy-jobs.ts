import type { Jobs, QueueRules } from "../platform/jobs.ts";
import { describeFault, type Log } from "../platform/log.ts";
import { sweepVault } from "../platform/keys/vault.ts";
import type { Db, Schema, Tx } from "../schema.ts";
import { makeCopy, type CopyMakerDeps } from "./copy-make-store.ts";
import { knownCopyObjects, unfinishedCopies } from "./copy-read.ts";
import { retryCopies } from "./copy-store.ts";

const queue = "exhibit_copy";

const rules: QueueRules = { retries: 3, firstDelaySeconds: 5, delaySecondsMax: 60, runSecondsMax: 3600 };
const leftOverAfterMs = 24 * 3_600_000;
// Of this machine, not of the bytes: tried again when the program starts.
const passing = ["media_tool_missing", "media_took_too_long"];

/** Defines the queue, takes up what a stop cut off, and works: one copy at a time, because each takes what the machine has. */
export async function defineCopyJobs(jobs: Jobs<Schema>, deps: CopyMakerDeps & { readonly log: Log }): Promise<void> {
  await jobs.define(queue, rules);
  const known = (keys: readonly string[]) => knownCopyObjects(deps.db, keys);
  await sweepVault(deps.vault, { prefix: "copies/", known, olderThanMs: deps.clock() - leftOverAfterMs });
  await retryCopies(deps.db, passing);
  for (const id of await unfinishedCopies(deps.db)) await enqueueCopy(jobs, deps.db, id);
  await jobs.work(queue, async ({ data }) => {
    const { copyId } = data as { copyId: string };
    try {
      await makeCopy(deps, copyId);
    } catch (fault) {
      deps.log.error("copy not made", { copy: copyId, fault: describeFault(fault) });
      throw fault;
    }
  });
}

export async function enqueueCopy(jobs: Jobs<Schema>, tx: Tx | Db, copyId: string): Promise<void> {
  await jobs.enqueue(tx, { queue, data: { copyId }, key: copyId });
}
