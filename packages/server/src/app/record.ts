import type { FastifyPluginAsync } from "fastify";
import type { PolicyEngine } from "../access/policy/policy-engine.ts";
import type { Foundation } from "./foundation.ts";
import { repeat } from "./timers.ts";
import { logKey } from "../audit/audit-http.ts";
import type { LogFiles } from "../audit/audit-log-files.ts";
import type { AuditSequencer } from "../audit/audit-sequencer.ts";
import { verifyAudit } from "../audit/audit-verify.ts";
import type { Config } from "../config/config.ts";
import type { Control } from "../controls/control.ts";
import { ControlRunner, type RunnerDeps } from "../controls/control-runner-append.ts";
import { controlRoutes } from "../controls/controls-http.ts";
import { installationControls } from "../controls/installation-controls-read.ts";
import { recordControls } from "../controls/record-controls-read.ts";
import { exhibitsWholeControl, type WholeDeps } from "../exhibit/exhibit-whole-store.ts";
import type { LoadedPack } from "../pack/load-pack.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import { homeOrganisation } from "../access/principal.ts";
import { queueTold, type Told } from "../notify/alarm-store.ts";
import type { DeliverJobs } from "../notify/delivery-store.ts";
import type { Tx } from "../schema.ts";
import type { ClosingStack } from "../platform/closing-stack.ts";
import type { Log } from "../platform/log.ts";
import { anchorControl, anchorPlace } from "../record/anchor-append.ts";
import { configurationNow, recordConfiguration } from "../record/configuration-append.ts";
import { Looks } from "../record/look-append.ts";
import { misuseRoutes } from "../record/misuse-http.ts";
import { MisuseWatch } from "../record/misuse-step-append.ts";
import { recordRefusals } from "../record/refusals-append.ts";

export type RecordGuard = {
  /** Puts on the record who reads what is about people. */
  readonly looks: Looks;
  readonly watch: MisuseWatch;
  /** To be registered before all routes: puts refusals on the record. */
  readonly refusals: FastifyPluginAsync;
  readonly routes: readonly FastifyPluginAsync[];
};

type Tell = (tx: Tx, told: Omit<Told, "nowMs"> & { readonly atMs: number }) => Promise<void>;

/** Tells receivers that asked for such alarms: codes and ids, in the transaction of what happened. */
export function alarmTeller(jobs: DeliverJobs, { fields, chance }: { fields: FieldVault; chance: Chance }): Tell {
  return (tx, { atMs, ...told }) => queueTold(tx, { jobs, chance, fields }, { ...told, nowMs: atMs });
}

type Given = {
  readonly pack: LoadedPack;
  readonly tell: Tell;
  readonly foundation: Foundation;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
};

/** Controls are the installation's: its own organisation is told. */
function controlAlarm(tell: Tell): NonNullable<RunnerDeps["alarm"]> {
  return (tx, { control, ok, atMs }) => {
    const event = ok ? "control.passed" : "control.failed";
    return tell(tx, { event, organisationId: homeOrganisation, data: { control }, atMs });
  };
}

// A flagged colleague is to be seen within a minute of what he did.
const watchEveryMs = 2_000;

/** What reads the record itself: looks that become entries, and the watch over them. */
export function openRecordGuard(
  closing: ClosingStack,
  { pack, foundation, clock, chance, log, tell }: Given,
): RecordGuard {
  const { db } = foundation.database;
  const { fields, directory } = foundation;
  const wordIndex = (word: string) => fields.blindIndex("record.search", word);
  const rules = pack.misuse;
  const looks = new Looks({ db, clock, chance, wordIndex });
  const watch = new MisuseWatch({
    db,
    rules,
    directory: () => directory.current(),
    vault: fields,
    wordIndex,
    clock,
    chance,
    log,
    alarm: (tx, { caseId, ruleId, level, organisationId, atMs }) =>
      tell(tx, { event: "misuse.flagged", organisationId, data: { case: caseId, rule: ruleId, level }, atMs }),
  });
  closing.add(
    "misuse watch",
    repeat("misuse watch", watchEveryMs, {
      log,
      step: async () => {
        await watch.step();
      },
    }),
  );
  const refusals = recordRefusals({ db, clock, chance, log });
  return { looks, watch, refusals, routes: [misuseRoutes({ db, clock, chance, vault: fields, wordIndex, rules })] };
}

type ControlsGiven = Given & {
  readonly config: Config;
  readonly version: string;
  readonly engine: PolicyEngine;
  readonly files: LogFiles;
  readonly logPublicKey: Uint8Array;
  readonly sequencer: AuditSequencer;
  readonly exhibits: WholeDeps;
};

const controlsEveryMs = 30_000;

/** Puts on the record what is in force since this start, and checks from now on that the controls hold. */
export async function openControls(
  closing: ClosingStack,
  given: ControlsGiven,
): Promise<readonly FastifyPluginAsync[]> {
  const { config, foundation, pack, clock, chance, log, files, sequencer } = given;
  const { db } = foundation.database;
  const now = configurationNow(config, { version: given.version, reason: config.changeReason });
  const changes = await recordConfiguration(db, now, { chance, atMs: clock() });
  if (changes.length > 0) log.info("configuration changed", { changes: changes.length, because: now.because });
  const key = () => logKey({ db, logPublicKey: given.logPublicKey });
  const verify = async () => verifyAudit({ db, files, key: await key(), clock });
  const { certificate } = foundation.authority;
  const certificates = async () => [{ name: "device authority", endsAtMs: Date.parse(certificate.validTo) }];
  const { keysFolder } = config;
  const place = config.anchor === null ? null : anchorPlace(config.anchor);
  const ending = new AbortController();
  const controls: readonly Control[] = [
    ...recordControls({ db, clock, verify, sequencer, misuse: pack.misuse }),
    ...installationControls({ db, clock, keysFolder, policies: pack.access, engine: given.engine, certificates }),
    ...(place === null ? [] : [anchorControl({ db, files, key, place, clock, chance })]),
    exhibitsWholeControl({ ...given.exhibits, stop: ending.signal }),
  ];
  const runner = new ControlRunner({ db, clock, chance, log, alarm: controlAlarm(given.tell) }, controls);
  closing.add("controls", repeat("controls", controlsEveryMs, { log, step: () => runner.step() }));
  closing.add("reading of exhibits", { close: () => ending.abort() }); // closed first: large files would hold up the end
  return [controlRoutes({ db, runner })];
}
