import type { FastifyPluginAsync } from "fastify";
import type { SourceSummary } from "@tillwatch/wire";
import type { Clock } from "../platform/clock.ts";
import type { Db } from "../schema.ts";
import { readSources } from "./source-read.ts";
import { sourceState } from "./source-state.ts";

export type NamedDevice = {
  readonly siteId: string;
  readonly deviceId: string;
  readonly kind: string;
  readonly name: string;
};

/** What the directory calls its devices, and all that it expects to signal. */
export type SourceNames = {
  readonly device: (siteId: string, deviceId: string) => NamedDevice | null;
  readonly expected: () => readonly NamedDevice[];
};

export type SourceRouteDeps = { readonly db: Db; readonly clock: Clock; readonly names: SourceNames };

/** `GET /api/v1/sources`: who signals, who fell silent, and who of the directory never did. */
export function sourceRoutes({ db, clock, names }: SourceRouteDeps): FastifyPluginAsync {
  return async (app) => {
    const schema = { tags: ["sources"], summary: "Sources: last seen, counts, clock offset, gaps" };
    app.get("/api/v1/sources", { schema }, async () => {
      const nowMs = clock();
      const seen = (await readSources(db, nowMs)).map((row): SourceSummary => {
        const { shape, usualGapMs: _gap, signalsTotal: _total, lastReceivedAtMs: _last, ...summary } = row;
        const device = row.deviceId === null ? null : names.device(row.siteId, row.deviceId);
        const kind = device?.kind ?? (shape === "staff-report" || shape === "incident-record" ? "person" : "unknown");
        return { ...summary, kind, name: device?.name ?? row.source, state: sourceState(row, nowMs) };
      });
      const heard = new Set(seen.map((summary) => `${summary.siteId}/${summary.deviceId ?? ""}`));
      const silent = names.expected().filter(({ siteId, deviceId }) => !heard.has(`${siteId}/${deviceId}`));
      return { items: [...seen, ...silent.map(neverSeen)] };
    });
  };
}

function neverSeen({ siteId, deviceId, kind, name }: NamedDevice): SourceSummary {
  return {
    source: `${siteId}/${deviceId}`,
    siteId,
    deviceId,
    kind,
    name,
    lastSignalAt: null,
    signalsToday: 0,
    duplicatesToday: 0,
    clockOffsetMs: null,
    sequenceGaps: 0,
    state: "never_seen",
  };
}
