import { Directory } from "../enrich/directory.ts";
import type { ScoredSituation } from "../flow.ts";
import type { ModelWatch } from "../model/model-watch.ts";
import type { LoadedPack } from "../pack/load-pack.ts";
import { PipelineWorker, type WorkerDeps } from "../pipeline-worker.ts";
import { pipeline, recounting, type WorkStages } from "../pipeline.ts";
import { systemChance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import { silentLog } from "../platform/log.ts";
import { asShipped, type RunningRules } from "../rule/running-rules.ts";
import type { OpenDatabase } from "../schema.ts";
import { setAsideSignal } from "../signal/dead-letter-store.ts";
import { SignalLog } from "../signal/signal-log-store.ts";
import { noonMs } from "./canonical.ts";
import { testFields } from "./fields.ts";

const minute = 60_000;
export const rigLateAfterMs = 2 * minute;
export const rigHorizonMs = 45 * minute;

export type PipelineRig = {
  readonly fields: FieldVault;
  readonly log: SignalLog;
  /** What came to the stages after the score, in order. */
  readonly scored: ScoredSituation[];
  readonly worker: (owner?: string, running?: () => RunningRules) => PipelineWorker;
  failures: number; // so many rounds from now on fail
  poisonedSite: string; // its situations never get through
};

export type RigGiven = {
  readonly pack: LoadedPack;
  readonly siteIds?: readonly string[]; // the pack's shop under each of these names, so that a round has several partitions
  readonly running?: () => RunningRules;
  readonly horizonMs?: number;
  readonly clock?: Clock;
  readonly modelWatch?: ModelWatch;
  readonly setAside?: WorkerDeps["setAside"];
  /** What comes after the score, beside remembering it. */
  readonly work?: (deps: { readonly fields: FieldVault; readonly directory: Directory }) => WorkStages;
};

/** Log and pipeline over one database; the stages after the score only remember what they were given. Its user closes `log`. */
export async function pipelineRig(database: OpenDatabase, given: RigGiven): Promise<PipelineRig> {
  const { db } = database;
  const { pack, siteIds, modelWatch, clock = () => noonMs + 60 * minute } = given;
  const fields = await testFields(db);
  const places = { site: () => true, device: () => "known" as const };
  const log = await SignalLog.open({ database, fields, places, log: silentLog, onAppended: () => {} });
  const sites = siteIds?.flatMap((id) => pack.directory.sites.map((site) => ({ ...site, id })));
  const directory = new Directory(sites === undefined ? pack.directory : { ...pack.directory, sites });
  const after = given.work?.({ fields, directory });
  const work: WorkStages = {
    incident: async (scored, at) => {
      if (rig.failures-- > 0) throw new Error("the disk is full");
      rig.failures = 0;
      if (scored.some(({ situation }) => situation.siteId === rig.poisonedSite)) throw new Error("poisoned");
      const changes = (await after?.incident(scored, at)) ?? [];
      rig.scored.push(...scored);
      return changes;
    },
    respond: async (changes, at) => after?.respond(changes, at),
    notify: async (changes, at) => after?.notify(changes, at),
  };
  const watched = modelWatch === undefined ? {} : { modelWatch };
  const run = pipeline({ pack, chance: systemChance, fields, work, lateAfterMs: rigLateAfterMs, ...watched });
  const worker = (owner = "worker-1", running = given.running ?? (() => asShipped(pack))) =>
    new PipelineWorker({
      db,
      pipeline: run,
      directory: () => directory,
      enrichPolicy: { explain: pack.policy.explain, lateAfterMs: rigLateAfterMs },
      clock,
      log: silentLog,
      owner,
      horizonMs: given.horizonMs ?? rigHorizonMs,
      running,
      recount: recounting({ fields, db }),
      onCommitted: () => {},
      setAside: given.setAside ?? setAsideSignal,
    });
  const rig: PipelineRig = { fields, log, scored: [], worker, failures: 0, poisonedSite: "" };
  return rig;
}
