import { hostname } from "node:os";
import { join } from "node:path";
import type { FastifyInstance, FastifyPluginAsync } from "fastify";
import { parseIncidentId, type Signal } from "@tillwatch/wire";
import { signerFromSeed } from "@tillwatch/evidence";
import { actorOf } from "./access/authenticate-http.ts";
import { administratorCredential } from "./access/credential.ts";
import { buildServer } from "./api/server.ts";
import { openFoundation, type Foundation } from "./app-foundation.ts";
import { openMqtt } from "./app-mqtt.ts";
import { databaseCheck, horizonMs, sequencerCheck, sourceNames } from "./app-ports.ts";
import { MinuteRate, repeat } from "./app-timers.ts";
import { auditRoutes, logRoutes } from "./audit/audit-http.ts";
import { openLogFiles } from "./audit/audit-log-files.ts";
import { AuditSequencer } from "./audit/audit-sequencer.ts";
import type { Config } from "./config.ts";
import { directoryRoutes } from "./enrich/directory-http.ts";
import { exhibitRoutes } from "./exhibit/exhibit-http.ts";
import { recordCopy, sweepExhibits, type ExhibitDeps } from "./exhibit/exhibit-intake-store.ts";
import { exhibitsOf } from "./exhibit/exhibit-read.ts";
import type { IncidentChange } from "./flow.ts";
import { ageOut } from "./incident/incident-desk-store.ts";
import { incidentRoutes } from "./incident/incident-http.ts";
import { incidentRecord, incidentRow, incidentSummaries } from "./incident/incident-read.ts";
import { incidentStage } from "./incident/incident-stage.ts";
import { addTimeline } from "./incident/incident-store.ts";
import { defineWebhookJobs } from "./notify/notify-jobs.ts";
import { notifyStage } from "./notify/notify-stage.ts";
import { webhookSender } from "./notify/webhook-send-http.ts";
import { webhookRoutes } from "./notify/webhooks-http.ts";
import type { LoadedPack } from "./pack/load-pack.ts";
import { packetRoutes } from "./packet/packet-http.ts";
import { definePacketJobs, type PacketJobDeps } from "./packet/packet-jobs.ts";
import { packetsOf } from "./packet/packet-read.ts";
import { PipelineWorker } from "./pipeline-worker.ts";
import { logIsEmpty } from "./pipeline-store.ts";
import { pipeline, type WorkStages } from "./pipeline.ts";
import type { Chance } from "./platform/chance.ts";
import type { Clock } from "./platform/clock.ts";
import { ClosingStack } from "./platform/closing-stack.ts";
import { Jobs } from "./platform/jobs.ts";
import { LiveFeed } from "./platform/live-feed.ts";
import type { Log } from "./platform/log.ts";
import { createMetrics } from "./platform/metrics.ts";
import { actionRoutes } from "./respond/actions-http.ts";
import { playbooksOf } from "./respond/respond-read.ts";
import { respondStage } from "./respond/respond-stage.ts";
import type { Schema, Tx } from "./schema.ts";
import { setAsideSignal } from "./signal/dead-letter-store.ts";
import { signalRoutes } from "./signal/signal-http.ts";
import { SignalLog } from "./signal/signal-log-store.ts";

export type AppGiven = {
  readonly config: Config;
  readonly pack: LoadedPack;
  readonly migrationsFolder: string;
  readonly webFolder: string | null;
  readonly version: string;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  /** Runs before anything comes in from outside: a demo's history, with its own clock. */
  readonly prelude?: (feed: Feed) => Promise<void>;
};

/** Signals into the log, and through the pipeline as if it were `nowMs`. */
export type Feed = {
  readonly append: (signals: readonly Signal[]) => Promise<unknown>;
  readonly process: (nowMs: number) => Promise<void>;
  readonly isEmpty: () => Promise<boolean>;
};

export type App = {
  readonly url: string;
  readonly server: FastifyInstance;
  readonly mqtt: string | null;
  readonly admin: Foundation["admin"];
  readonly signalLog: SignalLog;
  readonly worker: PipelineWorker;
  readonly close: () => Promise<void>;
};

const agingEveryMs = 10_000;
const statsEveryMs = 2_000;

/**
 * Builds everything once, in one straight line, and registers its closing at once; `close()` runs them in reverse. A failed start
 * leaves nothing running. Longer than other functions because it is the one place where everything meets.
 */
// oxlint-disable-next-line max-lines-per-function
export async function startApp(given: AppGiven): Promise<App> {
  const { config, pack, clock, chance, log } = given;
  const closing = new ClosingStack(log);
  try {
    const foundation = await openFoundation(closing, given);
    const { database, directory, needs, keys, objects, admin } = foundation;
    const { db } = database;
    const metrics = createMetrics();
    const live = new LiveFeed({ epoch: chance.uuid().slice(0, 8) });
    const rate = new MinuteRate();
    const announce = (changes: readonly IncidentChange[]) => {
      for (const { kind, incident } of changes) {
        metrics.incidentChangesTotal.inc({ kind });
        live.publish({ kind: "incident", id: incident.id, version: incident.version, summary: incident });
      }
    };

    const jobs = closing.add("jobs", await Jobs.open<Schema>(db, log));
    const sender = closing.add("webhook sender", webhookSender({ allowPrivate: config.allowPrivateWebhooks }));
    await defineWebhookJobs(jobs, { db, clock, chance, sender });

    const work: WorkStages = {
      incident: incidentStage({ chance, needs }),
      respond: respondStage({ playbooks: pack.playbooks, chance, addTimeline }),
      notify: notifyStage({ jobs, chance }),
    };
    const afterPersonsChange = async (tx: Tx, changes: readonly IncidentChange[]) => {
      const at = { tx, nowMs: clock() };
      await work.respond(changes, at);
      await work.notify(changes, at);
    };
    let preludeMs: number | null = null;
    const worker = closing.add(
      "pipeline",
      new PipelineWorker({
        db,
        pipeline: pipeline({ pack, chance, work, lateAfterMs: config.lateAfterMs }),
        directory: () => directory.current(),
        enrichPolicy: { explain: pack.policy.explain, lateAfterMs: config.lateAfterMs },
        clock: () => preludeMs ?? clock(),
        log,
        owner: `${hostname()}:${process.pid}:${chance.uuid()}`,
        horizonMs: horizonMs(pack),
        onCommitted: (changes, signals) => {
          metrics.processedTotal.inc(signals);
          rate.add(signals, clock());
          announce(changes);
        },
        setAside: setAsideSignal,
      }),
    );
    const signalLog = closing.add(
      "signal log",
      await SignalLog.open({
        database,
        places: {
          site: (siteId) => directory.current().site(siteId) !== null,
          device: (siteId, deviceId) => (directory.current().device(siteId, deviceId) === null ? "unknown" : "known"),
        },
        log,
        onAppended: () => worker.wake(),
      }),
    );
    await given.prelude?.({
      append: (signals) => signalLog.append(signals),
      process: async (nowMs) => {
        preludeMs = nowMs;
        await worker.drain();
      },
      isEmpty: () => logIsEmpty(db),
    });
    preludeMs = null;
    worker.start();

    const signer = await signerFromSeed(keys.logSeed);
    const files = await openLogFiles(join(config.dataFolder, "log"));
    const sequencer = closing.add(
      "audit sequencer",
      new AuditSequencer({
        database,
        files,
        signer,
        clock,
        chance,
        log,
        ...(config.logOrigin === null ? {} : { origin: config.logOrigin }),
        published: (size) => live.publish({ kind: "checkpoint", size }),
      }),
    );
    await sequencer.start();

    const exhibits: ExhibitDeps = {
      db,
      vault: { objects, master: keys.master, chance },
      clock,
      chance,
      incidentRefOf: async (from, id) => (parseIncidentId(id).ok ? ((await incidentRow(from, id))?.ref ?? null) : null),
      addTimeline,
      incidentChanged: (incidentId) => void publishIncident(incidentId),
      exhibitBytesMax: config.exhibitBytesMax,
    };
    await sweepExhibits(exhibits);
    const publishIncident = async (incidentId: string) => {
      const [summary] = await incidentSummaries(db, [incidentId], needs());
      if (summary !== undefined) live.publish({ kind: "incident", id: summary.id, version: summary.version, summary });
    };
    const ports = { exhibitsOf, packetsOf, playbooksOf };
    const packets: PacketJobDeps = {
      db,
      files,
      sequencer,
      clock,
      chance,
      log,
      addTimeline,
      vault: exhibits.vault,
      sealSigner: await signerFromSeed(keys.sealSeed),
      recordOf: (from, id) => incidentRecord(from, id, { ...needs(), ports }),
      recordCopy: (tx, copy) => recordCopy(tx, copy, chance),
      packetChanged: ({ id, incidentId, state }) => live.publish({ kind: "packet", id, incidentId, state }),
    };
    await definePacketJobs(jobs, packets);

    const routes: readonly FastifyPluginAsync[] = [
      signalRoutes({
        db,
        signalLog,
        clock,
        chance,
        actorOf,
        names: sourceNames(foundation),
        onDeadLetters: (waiting) => live.publish({ kind: "dead_letters", waiting }),
      }),
      directoryRoutes({ db, holder: directory, clock, chance, actorOf, onChanged: () => worker.wake() }),
      incidentRoutes({
        db,
        clock,
        chance,
        live,
        needs,
        ports,
        onChanges: afterPersonsChange,
        signalStats: async () => ({ acceptedTotal: rate.total, perMinute: rate.perMinute(clock()) }),
      }),
      exhibitRoutes({ ...exhibits, log }),
      packetRoutes({ ...packets, jobs, incidentRefOf: exhibits.incidentRefOf }),
      auditRoutes({ db, files, logPublicKey: signer.publicKey, clock, chance }),
      logRoutes({ files }),
      actionRoutes({
        playbooks: pack.playbooks,
        watchFloor: pack.weights.watch_floor,
        incidentThreshold: pack.weights.incident_threshold,
        thresholdShifts: Object.fromEntries(
          Object.entries(pack.weights.calendar).map(([name, shift]) => [name, shift.incident_threshold]),
        ),
      }),
      webhookRoutes({ db, clock, chance, jobs, allowPrivate: config.allowPrivateWebhooks }),
    ];
    const server = closing.add(
      "http",
      await buildServer({
        db,
        clock,
        chance,
        log,
        live,
        credentials: [administratorCredential(admin.token)],
        ready: async () => [await databaseCheck(foundation), sequencerCheck(sequencer)],
        metrics: metrics.registry,
        version: given.version,
        webFolder: given.webFolder,
        routes,
      }),
    );
    const url = await server.listen(config.http);
    const mqtt = await openMqtt(config.mqtt, {
      signalLog,
      clock,
      log,
      frigateSite: config.frigateSite,
      clientId: `tillwatch-${hostname()}`,
    });
    if (mqtt !== null) closing.add("mqtt", mqtt);
    closing.add(
      "aging",
      repeat("aging", agingEveryMs, {
        log,
        step: async () => {
          const ttlMs = pack.weights.watch_minutes * 60_000;
          announce(await db.transaction().execute((tx) => ageOut(tx, { chance, needs }, { nowMs: clock(), ttlMs })));
        },
      }),
    );
    closing.add(
      "stats",
      repeat("stats", statsEveryMs, {
        log,
        step: async () => {
          metrics.liveReaders.set(live.readers);
          if (live.readers === 0) return;
          live.publish({ kind: "stats", signalsPerMinute: rate.perMinute(clock()), acceptedTotal: rate.total });
        },
      }),
    );
    return { url, server, mqtt: mqtt?.shown ?? null, admin, signalLog, worker, close: () => closing.close() };
  } catch (fault) {
    await closing.close();
    throw fault;
  }
}
