import type { FastifyPluginAsync } from "fastify";
import type { Signer } from "@tillwatch/evidence";
import type { Access } from "../access/ask.ts";
import type { Foundation } from "./foundation.ts";
import { repeat } from "./timers.ts";
import type { LoadedPack } from "../pack/load-pack.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { ClosingStack } from "../platform/closing-stack.ts";
import type { Log } from "../platform/log.ts";
import { allSitePrivacy } from "../privacy/site/site-privacy-store.ts";
import { RetentionKeeper } from "../retention/retention-keeper.ts";
import { retentionRoutes } from "../retention/retention-http.ts";

type Given = {
  readonly foundation: Foundation;
  readonly pack: LoadedPack;
  readonly access: Access;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly changed: (incidentId: string) => void;
};

// Days are counted, so minutes do not matter; a confirmation and the end of a hold wake it at once.
const everyMs = 10 * 60_000;

/** What is kept no longer than sites say: the rounds that list and destroy, and the routes of holds and disposals. */
export function openRetention(closing: ClosingStack, given: Given): readonly FastifyPluginAsync[] {
  const { foundation, pack, access, signer, clock, chance, log, changed } = given;
  const { db } = foundation.database;
  const { siteDefaults, retention, version } = pack.privacy;
  const keepOf = async () => {
    const own = await allSitePrivacy(db);
    return (siteId: string) => ({ ...siteDefaults, ...own.get(siteId) });
  };
  const deps = { db, fields: foundation.fields, objects: foundation.objects, clock, chance, log, keepOf };
  const keeper = new RetentionKeeper({
    ...deps,
    automatic: retention.automatic,
    policyVersion: version,
    destroyed: changed,
  });
  const timer = repeat("retention", everyMs, { log, step: () => keeper.step() });
  // What a stop cut off goes on at once.
  keeper.wake();
  closing.add("retention", {
    close: async () => {
      await timer.close();
      await keeper.settled();
    },
  });
  return [retentionRoutes({ ...deps, access, signer, keeper, policyVersion: version })];
}
