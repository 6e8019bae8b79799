import type { FastifyPluginAsync } from "fastify";
import { replaceSealedIn, type JsonObject, type Signal, type SourceSignal, type SourceSummary } from "@tillwatch/wire";
import { Type } from "typebox";
import { problem } from "../api/problem.ts";
import { typed } from "../api/typed.ts";
import { callersDb } from "../access/callers-db.ts";
import type { Scope } from "../platform/database/scoped.ts";
import type { Clock } from "../platform/clock.ts";
import type { Db } from "../schema.ts";
import { latestSignals, sitesOfSource } from "./signal-read.ts";
import { originalOf } from "./signal-shapes.ts";
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

export type SourceRouteDeps = {
  readonly db: Db;
  readonly clock: Clock;
  readonly names: SourceNames;
  /** Takes the addresses of recordings out of what is shown. */
  readonly withoutAddresses: (original: JsonObject) => JsonObject;
};

/**
 * `GET /api/v1/sources`: who signals, who fell silent, and who of the directory never did. `GET /api/v1/signals?source=`: the last
 * signals of one, in the shape they came in, for whoever connects it and asks whether what he sent arrived as he meant it.
 */
export function sourceRoutes({ db, clock, names, withoutAddresses }: SourceRouteDeps): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    app.get(
      "/api/v1/signals",
      {
        schema: {
          tags: ["signals"],
          summary: "The last signals of a source, in the shape they came in",
          querystring: ofSource,
        },
        config: { access: { action: "signal:read", on: "sites" } },
      },
      async (request) => {
        const { source, limit = 20 } = request.query;
        const sites = await sitesOfSource(callersDb(db, request), source);
        if (sites.length === 0) {
          throw problem(404, "source_unknown", "no source of this name has signalled", {
            remedy: "GET /api/v1/sources lists them; what waits for its place is a dead letter.",
          });
        }
        return {
          items: (await latestSignals(db, { source, sites, limit })).map((signal) =>
            toSourceSignal(signal, withoutAddresses),
          ),
        };
      },
    );
    const schema = { tags: ["sources"], summary: "Sources: last seen, counts, clock offset, gaps" };
    app.get(
      "/api/v1/sources",
      { schema, config: { access: { action: "source:read", on: "sites" } } },
      async (request) => {
        const nowMs = clock();
        const seen = (await readSources(callersDb(db, request), nowMs)).map((row): SourceSummary => {
          const { shape, usualGapMs: _gap, signalsTotal: _total, lastReceivedAtMs: _last, ...summary } = row;
          const device = row.deviceId === null ? null : names.device(row.siteId, row.deviceId);
          const isPerson = shape === "staff-report" || shape === "incident-record";
          const kind = device?.kind ?? (isPerson ? "person" : "unknown");
          // People tell what happened earlier: their time is no clock that could be off, and nobody repairs it.
          const clockOffsetMs = isPerson ? null : row.clockOffsetMs;
          const state = sourceState({ ...row, clockOffsetMs }, nowMs);
          return { ...summary, clockOffsetMs, kind, name: device?.name ?? row.source, state };
        });
        const heard = new Set(seen.map((summary) => `${summary.siteId}/${summary.deviceId ?? ""}`));
        const silent = expectedIn(names, request.scope).filter(
          ({ siteId, deviceId }) => !heard.has(`${siteId}/${deviceId}`),
        );
        return { items: [...seen, ...silent.map(neverSeen)] };
      },
    );
  };
}

const ofSource = Type.Object(
  {
    source: Type.String({ minLength: 1, maxLength: 512 }),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  },
  { additionalProperties: false },
);

const kept = "[sealed]";

/** Text of people and addresses of clips stay sealed: whoever connects devices needs neither. */
function toSourceSignal(signal: Signal, withoutAddresses: SourceRouteDeps["withoutAddresses"]): SourceSignal {
  const { id, type, shape, occurredAt, clockOffsetMs } = signal;
  const original = originalOf(signal);
  return {
    id,
    type,
    shape,
    occurredAt,
    receivedAt: new Date(signal.receivedAtMs).toISOString(),
    clockOffsetMs,
    original: original === null ? null : (replaceSealedIn(withoutAddresses(original), () => kept) as JsonObject),
  };
}

/** Devices of sites within reach: the directory is of all organisations. */
function expectedIn(names: SourceNames, scope: Scope): readonly NamedDevice[] {
  const sites = new Set(scope.sites);
  return names.expected().filter(({ siteId }) => scope.all || sites.has(siteId));
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
