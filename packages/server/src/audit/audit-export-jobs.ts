import type { Asker } from "../access/principal.ts";
import type { Result } from "@tillwatch/wire";
import type { Jobs, QueueRules } from "../platform/jobs.ts";
import { describeFault, type Log } from "../platform/log.ts";
import { sweepVault } from "../platform/keys/vault.ts";
import type { Db, Schema, Tx } from "../schema.ts";
import { buildExport, ExportFault, type ExportDeps } from "./audit-export-append.ts";
import { exportById, knownExportObjects, markExportProblem, unfinishedExports } from "./audit-export-store.ts";

export const exportQueue = "record_export";

const rules: QueueRules = { retries: 4, firstDelaySeconds: 2, delaySecondsMax: 60, runSecondsMax: 1800 };
const leftOverAfterMs = 24 * 3_600_000;

export type ExportJobDeps = ExportDeps & {
  readonly log: Log;
  /** Whether whoever asked may still export, or why not: policy is asked again when the job runs. */
  readonly stillMay: (asker: Asker) => Promise<Result<true, string>>;
};

/** Defines the queue, takes up exports that a stop of the process cut off, and works. */
export async function defineExportJobs(jobs: Jobs<Schema>, deps: ExportJobDeps): Promise<void> {
  await jobs.define(exportQueue, rules);
  const known = (keys: readonly string[]) => knownExportObjects(deps.db, keys);
  await sweepVault(deps.vault, { prefix: "exports/", known, olderThanMs: deps.clock() - leftOverAfterMs });
  for (const id of await unfinishedExports(deps.db)) await enqueueExport(jobs, deps.db, id);
  await jobs.work(exportQueue, async ({ data, attempt }) => {
    const { exportId: id } = data as { exportId: string };
    try {
      const asked = await exportById(deps.db, id);
      const still = asked === null ? null : await deps.stillMay({ token: asked.askedBy, keyId: asked.askedWith });
      if (still !== null && !still.ok) {
        await markExportProblem(deps.db, id, { says: still.error, final: true });
        return;
      }
      await buildExport(deps, id);
    } catch (fault) {
      deps.log.error("record not exported", { export: id, attempt, fault: describeFault(fault) });
      // What is too large stays too large.
      const tooLarge = fault instanceof ExportFault;
      const says = fault instanceof Error ? fault.message.slice(0, 500) : "something went wrong";
      await markExportProblem(deps.db, id, { says, final: tooLarge || attempt >= rules.retries });
      if (!tooLarge) throw fault;
    }
  });
}

export async function enqueueExport(jobs: Jobs<Schema>, tx: Tx | Db, exportId: string): Promise<void> {
  await jobs.enqueue(tx, { queue: exportQueue, data: { exportId } });
}
