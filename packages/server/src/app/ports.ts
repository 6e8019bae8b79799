import { statfs } from "node:fs/promises";
import { sql } from "kysely";
import type { ReadyCheck } from "../api/health-http.ts";
import type { Foundation } from "./foundation.ts";
import type { AuditSequencer } from "../audit/audit-sequencer.ts";
import { longestReachMs } from "../correlate/correlation-policy.ts";
import { windowsReachMs } from "../enrich/site-windows.ts";
import type { LoadedPack } from "../pack/load-pack.ts";
import { describeFault } from "../platform/log.ts";
import type { OutsideState } from "./mqtt.ts";
import type { NamedDevice, SourceNames } from "../signal/source-http.ts";

/** Small adapters that give one area what it asks for in the words of another. */

// Sales and exits that are delivered late still find each other if both arrived within this time beyond the longest tie.
const slackMs = 30 * 60_000;

/** How long enrichment remembers: the longest span by which a sale may explain an exit or a window counts, and some lateness. */
export function horizonMs(pack: LoadedPack): number {
  const { explain } = pack.policy;
  return Math.max(longestReachMs(pack.policy), explain.beforeMs + explain.afterMs, windowsReachMs) + slackMs;
}

/** Devices that speak by themselves; the others (a till's drawer has none) are in the directory but never expected to. */
export function sourceNames({ directory }: Pick<Foundation, "directory">): SourceNames {
  const named = (siteId: string, device: { id: string; kind: string; name: string }): NamedDevice => ({
    siteId,
    deviceId: device.id,
    kind: device.kind,
    name: device.name,
  });
  return {
    device: (siteId, deviceId) => {
      const device = directory.current().device(siteId, deviceId);
      return device === null ? null : named(siteId, device);
    },
    expected: () =>
      directory.current().data.sites.flatMap((site) => site.devices.map((device) => named(site.id, device))),
  };
}

export async function databaseCheck({ database }: Pick<Foundation, "database">): Promise<ReadyCheck> {
  try {
    await sql`select 1`.execute(database.db);
    return { name: "database", ok: true, says: `${database.kind} answers` };
  } catch (fault) {
    return { name: "database", ok: false, says: describeFault(fault) };
  }
}

/** A halted log means that record and log disagree: people must look before anything else is signed. */
export function sequencerCheck(sequencer: AuditSequencer): ReadyCheck {
  const { state } = sequencer;
  const says = state.kind === "halted" ? `${state.code}: ${state.says}` : state.kind;
  return { name: "audit log", ok: state.kind !== "halted", says };
}

const freeBytesMin = 32 * 1024 ** 2; // two segments of the database's log: below, a commit may fail at any time

/** Whoever looks sees the full disk before the first 503 says so. */
export async function roomCheck(folder: string): Promise<ReadyCheck> {
  const name = "disk";
  try {
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    const size = free >= 1024 ** 3 ? `${(free / 1024 ** 3).toFixed(1)} GiB` : `${Math.floor(free / 1024 ** 2)} MiB`;
    const ok = free >= freeBytesMin;
    return { name, ok, says: ok ? `${size} free` : `full (${size} free): make room, it goes on by itself` };
  } catch (fault) {
    return { name, ok: false, says: describeFault(fault) };
  }
}

/** An outside broker that is away stops no request, but its devices are not heard: it is stated, and does not make the server unready. */
export function brokerCheck(outside: OutsideState | null): readonly ReadyCheck[] {
  if (outside === null) return [];
  const says = outside.connected
    ? `connected, MQTT ${outside.protocolVersion === 5 ? "5" : "3.1.1"}`
    : "away: what devices publish waits at the broker; it is tried again for ever";
  return [{ name: "mqtt broker", ok: outside.connected, says, stopsRequests: false }];
}
