import type { FastifyPluginAsync } from "fastify";
import type { Access } from "../access/ask.ts";
import { openConflicts } from "./conflict.ts";
import type { Foundation } from "./foundation.ts";
import { openReleases } from "./release.ts";
import { openRetention } from "./retention.ts";
import type { IncidentHttpDeps } from "../incident/incident-answer-http.ts";
import type { DeliverJobs } from "../notify/delivery-store.ts";
import type { LoadedPack } from "../pack/load-pack.ts";
import type { PacketRouteDeps } from "../packet/packet-http.ts";
import type { PacketJobDeps } from "../packet/packet-jobs.ts";
import type { ClosingStack } from "../platform/closing-stack.ts";
import type { Log } from "../platform/log.ts";

type Given = {
  readonly foundation: Foundation;
  readonly pack: LoadedPack;
  readonly access: Access;
  readonly packets: PacketJobDeps;
  readonly jobs: DeliverJobs;
  readonly log: Log;
  readonly changed: (incidentId: string) => void;
  readonly walled: (organisationId: string) => void;
};

/** What becomes of cases: packets that leave, holds, the end of content, and whom reports about colleagues go to. */
export function openCases(
  closing: ClosingStack,
  given: Given,
): {
  readonly routes: readonly FastifyPluginAsync[];
  readonly takenByPartner: PacketRouteDeps["takenByPartner"];
  readonly colleagues: NonNullable<IncidentHttpDeps["colleagues"]>;
} {
  const { foundation, pack, access, packets, jobs, log, changed, walled } = given;
  const { clock, chance, sealSigner: signer } = packets;
  const { database, fields, register } = foundation;
  const conflicts = openConflicts({
    db: database.db,
    fields,
    clock,
    chance,
    policy: pack.privacy.conflict,
    places: (organisationId) => register.sitesOf(organisationId),
    changed,
    walled,
  });
  const released = openReleases({ foundation, pack, access, packets, jobs });
  const retention = openRetention(closing, { foundation, pack, access, signer, clock, chance, log, changed });
  return {
    routes: [...conflicts.routes, ...released.routes, ...retention],
    takenByPartner: released.takenByPartner,
    colleagues: conflicts.colleagues,
  };
}
