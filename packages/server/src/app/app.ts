import { hostname } from "node:os";
import { join } from "node:path";
import type { FastifyPluginAsync } from "fastify";
import { homeOrganisation } from "@tillwatch/wire";
import { signerFromSeed } from "@tillwatch/evidence";
import { actorOf } from "../access/authenticate-http.ts";
import type { Asker } from "../access/principal.ts";
import { administratorCredential } from "../access/credential.ts";
import { buildServer } from "../api/server.ts";
import { openAccess, openGrounds } from "./access.ts";
import { withheldText } from "../access/withheld-text-http.ts";
import { openFoundation } from "./foundation.ts";
import { openMetrics } from "./models.ts";
import type { App, AppGiven } from "./given.ts";
import { liveTellers, openLiveFeed, openSharedCases, tellStats } from "./live.ts";
import { exhibitPlugins, openExhibits, packetGoing, sealedOriginals } from "./media.ts";
import { openDevices, openHttps } from "./devices.ts";
import { lookAfter } from "./embedded.ts";
import { openPrivacy } from "./privacy.ts";
import { maySignalBy, openMqtt, type Mqtt } from "./mqtt.ts";
import { siteRules, tenancyRoutes } from "./organisations.ts";
import { offeredProviders } from "../access/federation/oidc-http.ts";
import { alarmTeller, openControls, openRecordGuard } from "./record.ts";
import { linkAnswer } from "../access/people/accounts-http.ts";
import { openFederation, openIdentity } from "./federation.ts";
import { openPeople } from "./people.ts";
import { openRules, watchWindows } from "./rules.ts";
import { brokerCheck, databaseCheck, horizonMs, roomCheck, sequencerCheck, sourceNames } from "./ports.ts";
import { agingEveryMs, grantsEveryMs, OrganisationRates, repeat } from "./timers.ts";
import { exportRoutes } from "../audit/audit-export-http.ts";
import { defineExportJobs, type ExportJobDeps } from "../audit/audit-export-jobs.ts";
import { auditRoutes, logRoutes } from "../audit/audit-http.ts";
import { openLogFiles } from "../audit/audit-log-files.ts";
import { AuditSequencer } from "../audit/audit-sequencer.ts";
import { deviceIdentifier, deviceOf, noteForeign } from "../device/identify-http.ts";
import { directoryRoutes } from "../enrich/directory-http.ts";
import { recordCopy } from "../exhibit/exhibit-intake-store.ts";
import { exhibitsOf } from "../exhibit/exhibit-read.ts";
import type { IncidentChange } from "../flow.ts";
import { ageOut } from "../incident/incident-desk-store.ts";
import { incidentRoutes } from "../incident/incident-http.ts";
import { incidentRecord } from "../incident/incident-read.ts";
import { incidentStage } from "../incident/incident-stage.ts";
import { addTimeline } from "../incident/incident-store.ts";
import { defineWebhookJobs } from "../notify/notify-jobs.ts";
import { notifyStage } from "../notify/notify-stage.ts";
import { webhookSender } from "../notify/webhook-send-http.ts";
import { webhookRoutes } from "../notify/webhooks-http.ts";
import { packetRoutes } from "../packet/packet-http.ts";
import { definePacketJobs, type PacketJobDeps } from "../packet/packet-jobs.ts";
import { packetsOf } from "../packet/packet-read.ts";
import { openCases } from "./cases.ts";
import { PipelineWorker } from "../pipeline-worker.ts";
import { logIsEmpty } from "../pipeline-store.ts";
import { pipeline, recounting, type WorkStages } from "../pipeline.ts";
import { ClosingStack } from "../platform/closing-stack.ts";
import { Jobs } from "../platform/jobs.ts";
import { actionRoutes } from "../respond/actions-http.ts";
import { playbooksOf } from "../respond/respond-read.ts";
import { draftRoutes } from "../draft/draft-http.ts";
import { acceptedDraftsOf, packetDraftsOf } from "../draft/draft-read.ts";
import { descriptionOf, keptTextsOf } from "../privacy/text/people-texts-store.ts";
import { respondStage } from "../respond/respond-stage.ts";
import { tokenised, withoutAddresses } from "../privacy/redact/clip-token.ts";
import type { DbOrTx, Schema, Tx } from "../schema.ts";
import { setAsideSignal } from "../signal/dead-letter-store.ts";
import { signalRoutes } from "../signal/signal-http.ts";
import { SignalLog } from "../signal/signal-log-store.ts";
import { noteOldTables, sealOldRowsBeside } from "../vault/seal-old-rows-store.ts";

export type { App, AppGiven, Feed } from "./given.ts";

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
    const { database, directory, register, needs, keys, fields, admin } = foundation;
    const { db } = database;
    const { lateAfterMs } = config;
    const { metrics, modelWatch, modelRoutes } = openMetrics({ db, models: pack.models, clock, chance });
    const live = openLiveFeed({ db, chance });
    const rates = new OrganisationRates((siteId) => register.organisationOf(siteId));
    const tell = liveTellers(live, foundation);
    const hasEnded = (organisationId: string) => register.hasEnded(organisationId);
    const shared = openSharedCases(closing, { foundation, live, clock, log });
    const ofInstallation = { organisationId: homeOrganisation, siteId: null };
    const announce = (changes: readonly IncidentChange[]) => {
      for (const { kind, incident } of changes) {
        metrics.incidentChangesTotal.inc({ kind });
        tell.incident(incident);
      }
    };

    const access = openAccess({
      db,
      policies: pack.access,
      directory: () => directory.current(),
      clock,
      log,
      installationMay: config.adminTokenMay,
    });
    const jobs = closing.add("jobs", await Jobs.open<Schema>(db, log));
    const sender = closing.add("webhook sender", webhookSender({ allowPrivate: config.allowPrivateWebhooks }));
    await defineWebhookJobs(jobs, { db, fields, clock, chance, sender });

    const work: WorkStages = {
      incident: incidentStage({ chance, fields, needs }),
      respond: respondStage({ playbooks: pack.playbooks, chance, addTimeline }),
      notify: notifyStage({ jobs, fields, chance, organisationOf: (siteId) => register.organisationOf(siteId) }),
    };
    const afterPersonsChange = async (tx: Tx, changes: readonly IncidentChange[]) => {
      const at = { tx, nowMs: clock() };
      await work.respond(changes, at);
      await work.notify(changes, at);
    };
    const tellOf = alarmTeller(jobs, { fields, chance });
    const rules = await openRules(closing, { ...given, foundation, bar: config.ruleBar, lateAfterMs, tell: tellOf });
    let preludeMs: number | null = null;
    const worker = closing.add(
      "pipeline",
      new PipelineWorker({
        db,
        pipeline: pipeline({ pack, chance, fields, work, lateAfterMs, modelWatch }),
        directory: () => directory.current(),
        enrichPolicy: { explain: pack.policy.explain, lateAfterMs },
        clock: () => preludeMs ?? clock(),
        log,
        owner: `${hostname()}:${process.pid}:${chance.uuid()}`,
        running: rules.running,
        recount: recounting({ fields, db }),
        horizonMs: horizonMs(pack),
        onCommitted: (changes, signals) => {
          metrics.processedTotal.inc(signals.length);
          rates.add(signals, clock());
          announce(changes);
        },
        setAside: setAsideSignal,
      }),
    );
    watchWindows(metrics.registry, () => worker.counted);
    const signalLog = closing.add(
      "signal log",
      await SignalLog.open({
        database,
        fields,
        places: {
          site: (siteId) =>
            directory.current().site(siteId) !== null && !register.hasEnded(register.organisationOf(siteId)),
          organisationOf: (siteId) => register.organisationOf(siteId),
          device: (siteId, deviceId) => (directory.current().device(siteId, deviceId) === null ? "unknown" : "known"),
        },
        log,
        onAppended: () => worker.wake(),
      }),
    );
    await noteOldTables(db);
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
        published: (size) => live.publish({ kind: "checkpoint", size }, ofInstallation),
      }),
    );
    await sequencer.start();

    const { exhibits, maker } = await openExhibits({
      ...given,
      foundation,
      jobs,
      incidentChanged: (incidentId) => void tell.incidentById(incidentId),
    });
    const draftedOf = acceptedDraftsOf;
    const ports = { exhibitsOf, packetsOf, playbooksOf, descriptionOf, keptTextsOf, draftedOf };
    const recordOf = (from: DbOrTx, id: string) => incidentRecord(from, id, { ...needs(), ports });
    const packets: PacketJobDeps = {
      stillMay: (asker, id) => access.stillMay(asker, "packet:build", { kind: "packet", id }),
      db,
      fields,
      files,
      sequencer,
      clock,
      chance,
      log,
      addTimeline,
      vault: exhibits.vault,
      sealSigner: await signerFromSeed(keys.sealSeed),
      recordOf: tokenised(recordOf, fields),
      draftsOf: packetDraftsOf,
      goingOf: packetGoing({ exhibits, maker, minorGrounds: pack.privacy.release.minorGrounds }),
      recordCopy: (tx, copy) => recordCopy(tx, copy, chance),
      packetChanged: (packet) => void tell.packet(packet),
    };
    await definePacketJobs(jobs, packets);
    const mayExport = (asker: Asker) => access.stillMay(asker, "audit:export", { kind: "organisation" });
    const exports: ExportJobDeps = {
      db,
      files,
      sequencer,
      vault: exhibits.vault,
      clock,
      chance,
      log,
      stillMay: mayExport,
    };
    await defineExportJobs(jobs, exports);

    const around = { foundation, clock, chance, log, tell: tellOf };
    const guard = openRecordGuard(closing, { pack, ...around });
    const told = { changed: (id: string) => void tell.incidentById(id), walled: tell.accessChanged };
    const cases = openCases(closing, { foundation, pack, access, packets, jobs, log, ...told });
    const devices = await openDevices(closing, { config, foundation, clock, chance, log });
    const grounds = openGrounds({ db, access, fields, clock, chance, live, jobs, groundHours: config.groundHours });
    const desk = {
      db,
      fields,
      clock,
      chance,
      live,
      needs,
      texts: foundation.texts,
      looks: guard.looks,
      onChanges: afterPersonsChange,
    };
    const routes: readonly FastifyPluginAsync[] = [
      signalRoutes({
        db,
        fields,
        signalLog,
        clock,
        chance,
        actorOf,
        names: sourceNames(foundation),
        withoutAddresses,
        deviceOf,
        onForeign: noteForeign(devices.gate),
        onDeadLetters: tell.deadLetters,
      }),
      directoryRoutes({
        db,
        holder: directory,
        clock,
        chance,
        actorOf,
        sites: siteRules(foundation, clock),
        onChanged: () => worker.wake(),
      }),
      modelRoutes,
      draftRoutes({ ...desk, changed: (id) => void tell.drafts(id) }),
      incidentRoutes({
        ...desk,
        ports,
        colleagues: cases.colleagues,
        signalStats: async (organisationId) => rates.of(organisationId, clock()),
      }),
      ...openPrivacy(closing, {
        foundation,
        pack,
        clock,
        chance,
        log,
        signer: packets.sealSigner,
        recordOf,
      }),
      ...exhibitPlugins(exhibits, { log, pack }),
      packetRoutes({
        ...packets,
        jobs,
        ...sealedOriginals(exhibits),
        minorGrounds: pack.privacy.release.minorGrounds,
        takenByPartner: cases.takenByPartner,
      }),
      ...cases.routes,
      auditRoutes({ db, files, logPublicKey: signer.publicKey, clock, chance }),
      exportRoutes({ ...exports, jobs }),
      logRoutes({ db, files }),
      actionRoutes({
        playbooks: pack.playbooks,
        watchFloor: pack.weights.watch_floor,
        incidentThreshold: pack.weights.incident_threshold,
        thresholdShifts: Object.fromEntries(
          Object.entries(pack.weights.calendar).map(([name, shift]) => [name, shift.incident_threshold]),
        ),
      }),
      ...devices.routes,
      ...tenancyRoutes(foundation, {
        clock,
        chance,
        onShared: () => shared.check(),
        minorGrounds: pack.privacy.release.minorGrounds,
      }),
      ...grounds.routes,
      ...guard.routes,
      ...rules.routes,
      webhookRoutes({ db, fields, clock, chance, jobs, allowPrivate: config.allowPrivateWebhooks }),
    ];
    const identity = openIdentity(config);
    const otherWays = async () => offeredProviders(identity, hasEnded);
    const people = openPeople(closing, { ...around, config, otherWays, demo: given.demo === true });
    const federation = openFederation(closing, { config, identity, people, log });
    const controls = await openControls(closing, {
      ...around,
      config,
      version: given.version,
      pack,
      engine: access.engine,
      files,
      logPublicKey: signer.publicKey,
      sequencer,
      exhibits,
    });
    const opened: { mqtt: Mqtt | null } = { mqtt: null }; // the last way in that opens, and readiness tells of it
    const server = closing.add(
      "http",
      await buildServer({
        db,
        sessions: people.watch,
        secureCookies: people.secureCookies,
        access,
        clock,
        chance,
        log,
        live,
        shared,
        hasEnded,
        credentials: [administratorCredential(admin.token), ...(given.credentials ?? [])],
        identifiers: [...(given.identifiers ?? []), ...federation.identifiers, deviceIdentifier(devices.gate)],
        ready: async () => [
          await databaseCheck(foundation),
          sequencerCheck(sequencer),
          await roomCheck(config.dataFolder),
          ...brokerCheck(opened.mqtt?.outside ?? null),
          ...rules.ready(),
        ],
        metrics: metrics.registry,
        version: given.version,
        webFolder: given.webFolder,
        texts: { db, fields, withheld: withheldText },
        requestRates: config.requestRates,
        trustedProxies: config.trustedProxies,
        routes: [guard.refusals, ...routes, ...people.routes, ...federation.routes, ...controls],
      }),
    );
    const url = await server.listen(config.http);
    people.listening(url);
    const firstLink = await people.firstLink();
    const setUpLink = firstLink === null ? null : linkAnswer(firstLink, people.deps);
    const https = await openHttps(closing, server, { config, devices });
    const mqtt = await openMqtt(config.mqtt, {
      gate: devices.gate,
      devices: config.devices,
      maySignal: maySignalBy(access, { hasEnded }),
      tls: devices.tls,
      signalLog,
      clock,
      log,
      frigateSite: config.frigateSite,
      organisationOf: (siteId) => register.organisationOf(siteId),
      clientId: `tillwatch-${hostname()}`,
    });
    if (mqtt !== null) {
      opened.mqtt = closing.add("mqtt", mqtt);
      devices.onRenewed((tls) => mqtt.renew(tls));
    }
    closing.add("sealing of old text", sealOldRowsBeside({ db, fields, log }));
    const ttlMs = pack.weights.watch_minutes * 60_000;
    const age = (tx: Tx) => ageOut(tx, { chance, needs }, { nowMs: clock(), ttlMs });
    const step = async () => announce(await db.transaction().execute(age));
    closing.add("aging", repeat("aging", agingEveryMs, { log, step }));
    lookAfter(closing, database, log);
    closing.add("grants", repeat("grants", grantsEveryMs, { log, step: grounds.sweep }));
    closing.add(
      "stats",
      tellStats({
        live,
        register,
        log,
        gauge: metrics.liveReaders,
        tell: (id) => tell.stats(id, rates.of(id, clock())),
      }),
    );
    const shown = { url, https, server, mqtt: mqtt?.shown ?? null, admin, setUpLink };
    return { ...shown, signalLog, worker, close: () => closing.close() };
  } catch (fault) {
    await closing.close();
    throw fault;
  }
}
