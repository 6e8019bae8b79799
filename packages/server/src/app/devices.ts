import type { FastifyInstance, FastifyPluginAsync } from "fastify";
import type { TlsOptions } from "node:tls";
import { actorOf } from "../access/authenticate-http.ts";
import { listenHttps } from "../api/https-listener.ts";
import type { Foundation } from "./foundation.ts";
import { repeat } from "./timers.ts";
import type { Config } from "../config/config.ts";
import { DeviceGate } from "../device/device-gate.ts";
import { endedCredentials, organisationOfSite } from "../device/device-read.ts";
import { saveRefusals } from "../device/device-refusal-store.ts";
import { forgetExpiredTokens } from "../device/device-store.ts";
import { deviceRoutes } from "../device/devices-http.ts";
import type { EnrolDeps } from "../device/enrol.ts";
import { estRoutes } from "../device/est-http.ts";
import { OpenConnections } from "../device/open-connections.ts";
import { RefusalRecord } from "../device/refusal-record.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { ClosingStack } from "../platform/closing-stack.ts";
import type { Log } from "../platform/log.ts";
import { keysFromAuthority, keysFromFiles, type ServerKeys } from "../platform/keys/server-keys.ts";
import { tlsOptions } from "../platform/keys/tls-options.ts";

export type Devices = {
  readonly gate: DeviceGate;
  readonly routes: readonly FastifyPluginAsync[];
  /** null: no listener over TLS is configured. */
  readonly tls: TlsOptions | null;
  /** Hears of a renewed key and certificate. */
  readonly onRenewed: (renew: (tls: TlsOptions) => void) => void;
};

type Given = {
  readonly config: Config;
  readonly foundation: Foundation;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
};

// A revoked device's open connection ends within this time, also when another process revoked it.
const sweepEveryMs = 2_000;
const tokensForgottenEveryMs = 60_000;
const keysLookedAtEveryMs = 3600_000;

/** What proves devices: the authority, the gate, its record of refusals, and the keys of the listeners over TLS. */
export async function openDevices(closing: ClosingStack, given: Given): Promise<Devices> {
  const { config, foundation, clock, chance, log } = given;
  const { authority, directory } = foundation;
  const { db } = foundation.database;
  const known = ({ siteId, deviceId }: { siteId: string; deviceId: string }) =>
    directory.current().device(siteId, deviceId) !== null;
  const refusals = new RefusalRecord(known, clock);
  const connections = new OpenConnections();
  const audience = `urn:tillwatch:installation:${authority.id}`;
  const gate = new DeviceGate({ db, clock, authority, audience, refusals, connections });
  const flush = () => saveRefusals(db, refusals.take(), chance);
  closing.add("refusals", { close: flush });
  closing.add(
    "devices",
    repeat("devices", sweepEveryMs, {
      log,
      step: async () => {
        await flush();
        connections.close(await endedCredentials(db, connections.credentialIds, clock()));
      },
    }),
  );
  closing.add(
    "tokens",
    repeat("tokens", tokensForgottenEveryMs, { log, step: () => forgetExpiredTokens(db, clock()) }),
  );
  const enrol: EnrolDeps = {
    db,
    clock,
    chance,
    authority,
    audience,
    lifetimeMs: config.devices.lifetimeMs,
    gate,
    organisationOf: (siteId) => organisationOfSite(db, siteId),
  };
  const listed = () =>
    directory
      .current()
      .data.sites.flatMap((site) =>
        site.devices.map(({ id, kind, name }) => ({ siteId: site.id, deviceId: id, kind, name })),
      );
  return {
    gate,
    routes: [deviceRoutes({ ...enrol, actorOf, listed }), estRoutes(enrol)],
    ...(await openKeys(closing, given)),
  };
}

async function openKeys(
  closing: ClosingStack,
  { config, foundation, clock, chance, log }: Given,
): Promise<Pick<Devices, "tls" | "onRenewed">> {
  const { https, mqtts, tlsFiles, tlsNames: hosts } = config.devices;
  if (https === null && mqtts === null) return { tls: null, onRenewed: () => {} };
  const { authority } = foundation;
  const keys: ServerKeys =
    tlsFiles === null
      ? await keysFromAuthority(authority, { hosts, chance, nowMs: clock() })
      : await keysFromFiles(tlsFiles);
  const hearing: ((tls: TlsOptions) => void)[] = [];
  const step = async () => {
    if (!(await keys.refresh(clock()))) return;
    for (const renew of hearing) renew(tlsOptions(keys, authority));
    log.info("tls key and certificate renewed");
  };
  closing.add("tls keys", repeat("tls keys", keysLookedAtEveryMs, { log, step }));
  return { tls: tlsOptions(keys, authority), onRenewed: (renew) => void hearing.push(renew) };
}

/** The routes over TLS where TILLWATCH_HTTPS says so. Answers the address, or null. */
export async function openHttps(
  closing: ClosingStack,
  app: FastifyInstance,
  { config, devices }: { readonly config: Config; readonly devices: Devices },
): Promise<string | null> {
  const { https } = config.devices;
  if (https === null || devices.tls === null) return null;
  const listener = closing.add("https", await listenHttps(app, { ...https, tls: devices.tls }));
  devices.onRenewed((tls) => listener.renew(tls));
  return listener.url;
}
