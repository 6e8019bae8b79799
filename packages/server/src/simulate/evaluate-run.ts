import { createWorld, evaluate, type Crime, type Evaluation, type IncidentFound } from "@tillwatch/sim";
import { sql } from "kysely";
import { horizonMs } from "../app/ports.ts";
import { Directory } from "../enrich/directory.ts";
import { incidentStage } from "../incident/incident-stage.ts";
import { openTaxonomies } from "../incident/taxonomy-store.ts";
import type { LoadedPack } from "../pack/load-pack.ts";
import { PipelineWorker } from "../pipeline-worker.ts";
import { asShipped } from "../rule/running-rules.ts";
import { pipeline, recounting } from "../pipeline.ts";
import { systemChance } from "../platform/chance.ts";
import { openFieldVault } from "../platform/keys/field-vault.ts";
import { masterKey } from "../platform/keys/keys.ts";
import { overPglite } from "../platform/database/database.ts";
import { nodeDigest } from "../platform/digest.ts";
import type { Log } from "../platform/log.ts";
import { migrate, readMigrations } from "../platform/database/migrate.ts";
import { openPgliteMemory } from "../platform/database/pglite-files.ts";
import { withVault } from "../platform/keys/vault-mark.ts";
import type { OpenDatabase, Schema } from "../schema.ts";
import { signalId } from "../signal/signal-id.ts";
import { SignalLog } from "../signal/signal-log-store.ts";
import { slicesOf } from "./slices.ts";

export type EvaluateGiven = {
  readonly pack: LoadedPack;
  readonly migrationsFolder: string;
  readonly seed: string;
  readonly startMs: number;
  readonly hours: number;
  readonly log: Log;
  readonly lateAfterMs: number;
  readonly onProgress?: (done: { readonly hours: number; readonly signals: number }) => void;
};

export type Evaluated = {
  readonly evaluation: Evaluation;
  readonly signals: number;
  readonly crimes: readonly Crime[];
};

// A second of the world at a time: fine enough to measure seconds to detection, coarse enough to be quick.
const stepMs = 1_000;
const hourMs = 3_600_000;

/**
 * Runs a world and the whole pipeline in this process, on a database in memory and by the world's clock, and holds the incidents
 * that were opened against what really happened.
 */
export async function evaluateRun(given: EvaluateGiven): Promise<Evaluated> {
  const database = overPglite<Schema>(await openPgliteMemory());
  try {
    await migrate(database, readMigrations(given.migrationsFolder));
    return await runOn(database, given);
  } finally {
    await database.close();
  }
}

async function runOn(opened: OpenDatabase, given: EvaluateGiven): Promise<Evaluated> {
  const { pack, startMs, log } = given;
  const fields = await openFieldVault(opened.db, { master: masterKey(systemChance.bytes(32)), chance: systemChance });
  const database = { ...opened, db: withVault(opened.db, async () => fields) };
  const directory = new Directory(pack.directory);
  const taxonomies = await openTaxonomies(database.db, pack.taxonomy, startMs);
  if (!taxonomies.ok) throw new Error("a new database has no taxonomy to differ from");
  const needs = { taxonomies: taxonomies.value, places: directory };
  let nowMs = startMs;
  const nothing = async () => {};
  const work = {
    incident: incidentStage({ chance: systemChance, fields, needs: () => needs }),
    respond: nothing,
    notify: nothing,
  };
  const places = { site: () => true, device: () => "known" as const };
  const signalLog = await SignalLog.open({ database, fields, places, log, onAppended: () => {} });
  const worker = new PipelineWorker({
    db: database.db,
    pipeline: pipeline({ pack, chance: systemChance, fields, work, lateAfterMs: given.lateAfterMs }),
    directory: () => directory,
    enrichPolicy: { explain: pack.policy.explain, lateAfterMs: given.lateAfterMs },
    clock: () => nowMs,
    log,
    owner: "evaluation",
    running: () => asShipped(pack),
    recount: recounting({ fields, db: database.db }),
    horizonMs: horizonMs(pack),
    onCommitted: () => {},
    setAside: async (_tx, signal, fault) => {
      throw new Error(`signal ${signal.id} cannot be processed: ${fault}`);
    },
  });
  const world = createWorld({ seed: given.seed, directory: pack.directory, startMs });
  let signals = 0;
  let hours = 0;
  for (const slice of slicesOf(world.deliveries(startMs + given.hours * hourMs), stepMs)) {
    await signalLog.append(slice.signals);
    nowMs = slice.atMs;
    await worker.drain();
    signals += slice.signals.length;
    const passed = Math.floor((slice.atMs - startMs) / hourMs);
    if (passed > hours) given.onProgress?.({ hours: passed, signals });
    hours = passed;
  }
  await worker.close();
  await signalLog.close();
  const incidents = await incidentsFound(database);
  const crimes = world.truth();
  const evaluation = evaluate({ crimes, incidents, signalIdOf: (source, id) => signalId(nodeDigest, source, id) });
  return { evaluation, signals, crimes };
}

/** Everything that became an incident, with the instant at which it did (a watch item: when it was promoted). */
async function incidentsFound(database: OpenDatabase): Promise<readonly IncidentFound[]> {
  const { rows } = await sql<{
    id: string;
    site_id: string;
    category: string;
    opened: Date;
    signals: readonly string[];
  }>`
    select i.id, i.site_id, i.category, i.incident_since as opened,
      (select json_agg(s.signal_id) from incident_signal s where s.incident_id = i.id) as signals
    from incident i where i.incident_since is not null`.execute(database.db);
  return rows.map((row) => ({
    id: row.id,
    siteId: row.site_id,
    category: row.category,
    openedAtMs: row.opened.getTime(),
    signalIds: row.signals,
  }));
}
