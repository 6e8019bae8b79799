import type { FastifyPluginAsync } from "fastify";
import type { Access } from "../access/ask.ts";
import type { Foundation } from "./foundation.ts";
import { partnersOf } from "./organisations.ts";
import { queueTold } from "../notify/alarm-store.ts";
import type { DeliverJobs } from "../notify/delivery-store.ts";
import type { LoadedPack } from "../pack/load-pack.ts";
import type { PacketRouteDeps } from "../packet/packet-http.ts";
import type { PacketJobDeps } from "../packet/packet-jobs.ts";
import { asMachine } from "../platform/database/scoped.ts";
import type { IncidentId, PacketId } from "@tillwatch/wire";
import { takenByPartner } from "../release/release-append.ts";
import type { ReleaseDeps } from "../release/release-deps.ts";
import { releaseRoutes } from "../release/release-http.ts";
import { releaseLinkRoutes } from "../release/release-link-http.ts";
import { takeRoutes } from "../release/take-http.ts";

type Given = {
  readonly foundation: Foundation;
  readonly pack: LoadedPack;
  readonly access: Access;
  readonly packets: PacketJobDeps;
  readonly jobs: DeliverJobs;
};

// Longer than any refusal takes to find out, a sleeping disk left aside.
const refusalMs = 400;

/** Packets that leave: the routes of releases, and what the download of a packet asks of them. */
export function openReleases({ foundation, pack, access, packets, jobs }: Given): {
  readonly routes: readonly FastifyPluginAsync[];
  readonly takenByPartner: PacketRouteDeps["takenByPartner"];
} {
  const { database, fields, register } = foundation;
  const { clock, chance } = packets;
  const deps = {
    ...partnersOf(register),
    db: database.db,
    hasEnded: (organisationId: string) => register.hasEnded(organisationId),
    access,
    fields,
    clock,
    chance,
    signer: packets.sealSigner,
    grounds: pack.privacy.release,
    addTimeline: packets.addTimeline,
    tell: (tx, { event, organisationId, atMs, data }) =>
      queueTold(tx, { jobs, chance, fields }, { event, organisationId, nowMs: atMs, data }),
    released: ({ packetId, incidentId }) =>
      packets.packetChanged({ id: packetId as PacketId, incidentId: incidentId as IncidentId, state: "ready" }),
  } satisfies ReleaseDeps;
  const take = takeRoutes({ ...deps, vault: packets.vault, log: packets.log, refusalMs });
  return {
    routes: [releaseRoutes(deps), releaseLinkRoutes(deps), take],
    takenByPartner: (tx, of) => asMachine(tx, (machine) => takenByPartner(machine, of)),
  };
}
