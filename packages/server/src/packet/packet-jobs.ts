import type { Asker } from "../access/principal.ts";
import type { Result } from "@tillwatch/wire";
import type { Jobs, QueueRules } from "../platform/jobs.ts";
import { describeFault, type Log } from "../platform/log.ts";
import { sweepVault } from "../platform/keys/vault.ts";
import type { Db, Schema, Tx } from "../schema.ts";
import { buildPacket, type PacketDeps } from "./packet-build-store.ts";
import { knownPacketObjects, packetById, unfinishedPackets } from "./packet-read.ts";
import { markProblem } from "./packet-store.ts";

export const packetQueue = "packet_build";

// About two minutes of trying; then a person reads why and asks again.
const rules: QueueRules = { retries: 5, firstDelaySeconds: 2, delaySecondsMax: 60, runSecondsMax: 3600 };
const leftOverAfterMs = 24 * 3_600_000;

export type PacketJobDeps = PacketDeps & {
  readonly log: Log;
  /** Whether whoever asked may still have this packet built, or why not: policy is asked again when the job runs. */
  readonly stillMay: (asker: Asker, packetId: string) => Promise<Result<true, string>>;
};

/**
 * Defines the queue, takes up packets that a stop of the process cut off, and works. `retries` is for tests: a job that fails
 * oftener leaves its packet `failed`, with the reason.
 */
export async function definePacketJobs(
  jobs: Jobs<Schema>,
  deps: PacketJobDeps,
  retries = rules.retries,
): Promise<void> {
  await jobs.define(packetQueue, { ...rules, retries });
  const known = (keys: readonly string[]) => knownPacketObjects(deps.db, keys);
  await sweepVault(deps.vault, { prefix: "packets/", known, olderThanMs: deps.clock() - leftOverAfterMs });
  for (const id of await unfinishedPackets(deps.db)) {
    await enqueueBuild(jobs, deps.db, id);
  }
  await jobs.work(packetQueue, async ({ data, attempt }) => {
    const { packetId: id } = data as { packetId: string };
    try {
      if (!(await mayBuild(deps, id))) return;
      await buildPacket(deps, id);
    } catch (fault) {
      deps.log.error("packet not built", { packet: id, attempt, fault: describeFault(fault) });
      await noteProblem(deps, { id, fault, final: attempt >= retries });
      throw fault;
    }
  });
}

/** A packet of somebody who lost the right to it meanwhile, or the key by which he asked, is not built; it says so. */
async function mayBuild(deps: PacketJobDeps, id: string): Promise<boolean> {
  const packet = await packetById(deps.db, id);
  if (packet === null || packet.state !== "building") return true;
  const still = await deps.stillMay({ token: packet.requestedBy, keyId: packet.requestedWith }, id);
  if (still.ok) return true;
  await noteProblem(deps, { id, fault: new Error(still.error), final: true });
  return false;
}

export async function enqueueBuild(jobs: Jobs<Schema>, tx: Tx | Db, packetId: string): Promise<void> {
  await jobs.enqueue(tx, { queue: packetQueue, data: { packetId } });
}

async function noteProblem(
  deps: PacketJobDeps,
  failed: { readonly id: string; readonly fault: unknown; readonly final: boolean },
): Promise<void> {
  const { id, fault, final } = failed;
  const says = fault instanceof Error ? fault.message : "something went wrong";
  await markProblem(deps.db, id, { says: says.slice(0, 500), final });
  const packet = await packetById(deps.db, id);
  if (packet !== null) deps.packetChanged({ id: packet.id, incidentId: packet.incidentId, state: packet.state });
}
