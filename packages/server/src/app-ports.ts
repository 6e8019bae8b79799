import { sql } from "kysely";
import type { ReadyCheck } from "./api/health-http.ts";
import type { Foundation } from "./app-foundation.ts";
import type { AuditSequencer } from "./audit/audit-sequencer.ts";
import { longestReachMs } from "./correlate/correlation-policy.ts";
import type { LoadedPack } from "./pack/load-pack.ts";
import { describeFault } from "./platform/log.ts";
import type { NamedDevice, SourceNames } from "./signal/source-http.ts";

/** Small adapters that give one area what it asks for in the words of another. */

// Sales and exits that are delivered late still find each other if both arrived within this time beyond the longest tie.
const slackMs = 30 * 60_000;

/** How long enrichment remembers: the longest span by which a sale may explain an exit, and some lateness. */
export function horizonMs(pack: LoadedPack): number {
  return Math.max(longestReachMs(pack.policy), pack.policy.explain.beforeMs + pack.policy.explain.afterMs) + slackMs;
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
