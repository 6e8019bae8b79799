import type { IncidentId, IncidentSummary, LiveEvent } from "@tillwatch/wire";
import type { Foundation } from "./foundation.ts";
import { repeat } from "./timers.ts";
import { incidentRow, incidentSummaries } from "../incident/incident-read.ts";
import type { ClosingStack } from "../platform/closing-stack.ts";
import type { Clock } from "../platform/clock.ts";
import { LiveFeed } from "../platform/live-feed.ts";
import type { Log } from "../platform/log.ts";
import { scopedDb } from "../platform/database/scoped.ts";
import { SharedCases } from "../share/shared-cases-read.ts";
import { audiencesBy } from "./conflict.ts";
import type { Chance } from "../platform/chance.ts";
import type { Db } from "../schema.ts";

/** The feed of this process; its epoch tells readers who come back that another process wrote the numbers they know. */
export function openLiveFeed({ db, chance }: { readonly db: Db; readonly chance: Chance }): LiveFeed {
  return new LiveFeed({ epoch: chance.uuid().slice(0, 8), audiencesOf: audiencesBy(db) });
}

type PacketEvent = Omit<Extract<LiveEvent, { readonly kind: "packet" }>, "kind">;

/** Tells readers what changed at a site: those who may know of it, and nobody else. After the commit only. */
export function liveTellers(
  live: LiveFeed,
  { database: { db }, register, needs }: Pick<Foundation, "database" | "register" | "needs">,
) {
  const readersAt = (siteId: string) => ({ organisationId: register.organisationOf(siteId), siteId });
  const incident = (summary: IncidentSummary) => {
    const { id, version, siteId } = summary;
    live.publish({ kind: "incident", id, version, summary }, readersAt(siteId));
  };
  const incidentById = async (incidentId: string): Promise<void> => {
    const [summary] = await incidentSummaries(db, [incidentId], needs());
    if (summary !== undefined) incident(summary);
  };
  const packet = async ({ id, incidentId, state }: PacketEvent): Promise<void> => {
    const row = await incidentRow(db, incidentId);
    if (row !== null) live.publish({ kind: "packet", id, incidentId, state }, readersAt(row.siteId));
  };
  const drafts = async (incidentId: string): Promise<void> => {
    const row = await incidentRow(db, incidentId);
    if (row !== null) live.publish({ kind: "drafts", incidentId: row.id as IncidentId }, readersAt(row.siteId));
  };
  const stats = (organisationId: string, now: { readonly perMinute: number; readonly acceptedSinceStart: number }) => {
    const { perMinute: signalsPerMinute, acceptedSinceStart } = now;
    live.publish({ kind: "stats", signalsPerMinute, acceptedSinceStart }, { organisationId, siteId: null });
  };
  const deadLetters = (waiting: number, organisationId: string) =>
    live.publish({ kind: "dead_letters", waiting }, { organisationId, siteId: null });
  const accessChanged = (organisationId: string) =>
    live.publish({ kind: "access_changed" }, { organisationId, siteId: null });
  return { incident, incidentById, packet, drafts, stats, deadLetters, accessChanged };
}

// What another process shared, or time ended, reaches the streams of partners so quickly.
const sharedEveryMs = 1_000;

type SharedGiven = {
  readonly foundation: Pick<Foundation, "database" | "needs">;
  readonly live: LiveFeed;
  readonly clock: Clock;
  readonly log: Log;
};

/** What streams of partners are told of the cases that others share with them. */
export function openSharedCases(closing: ClosingStack, { foundation, live, clock, log }: SharedGiven): SharedCases {
  const { db } = foundation.database;
  const shared = new SharedCases({
    db,
    clock,
    live,
    seenBy: async (organisationId, incidentId) => {
      const asPartner = scopedDb(db, { organisationId, sites: [], all: false });
      const [summary] = await incidentSummaries(asPartner, [incidentId], foundation.needs());
      return summary ?? null;
    },
  });
  closing.add("shared cases", repeat("shared cases", sharedEveryMs, { log, step: () => shared.check() }));
  return shared;
}

const statsEveryMs = 2_000;

/** Tells each organisation its own numbers, while somebody listens. */
export function tellStats(given: {
  readonly live: LiveFeed;
  readonly register: Foundation["register"];
  readonly log: Log;
  readonly gauge: { readonly set: (readers: number) => void };
  readonly tell: (organisationId: string) => void;
}): ReturnType<typeof repeat> {
  const { live, register, log, gauge, tell } = given;
  const step = async () => {
    gauge.set(live.readers);
    if (live.readers === 0) return;
    for (const { id } of register.organisations) tell(id);
  };
  return repeat("stats", statsEveryMs, { log, step });
}
