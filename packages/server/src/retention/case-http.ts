import type { FastifyRequest } from "fastify";
import type { Signer } from "@tillwatch/evidence";
import type { ActionName } from "../access/actions.ts";
import type { Access } from "../access/ask.ts";
import { askedOf } from "../access/ask-http.ts";
import { actorOf } from "../access/authenticate-http.ts";
import { callersDb } from "../access/callers-db.ts";
import { idInPath } from "../access/route-access.ts";
import type { Tx } from "../schema.ts";
import type { Disposal } from "./disposal-store.ts";
import { withstandingOnRecord } from "./withstood-append.ts";
import type { KeeperDeps, RetentionKeeper } from "./retention-keeper.ts";

export type RetentionDeps = Pick<KeeperDeps, "db" | "fields" | "clock" | "chance" | "keepOf" | "policyVersion"> & {
  readonly access: Access;
  readonly signer: Signer;
  readonly keeper: Pick<RetentionKeeper, "wake">;
};

export const tags = ["retention"];
export const ofCase = (action: ActionName) => ({ access: { action, on: "incident", id: idInPath() } }) as const;
export const path = "/api/v1/incidents/:id";

/** States in which a case is over: from then on its time runs. */
export const over: ReadonlySet<string> = new Set(["closed", "aged_out"]);

export type By = {
  readonly actor: string;
  readonly nowMs: number;
  readonly organisationId: string;
  readonly incidentId: string;
};

/** The case that was asked about. */
export function placeOf(request: FastifyRequest) {
  const { facts } = askedOf(request);
  if (!("incidentId" in facts)) throw new Error("retention is asked about a case");
  return { incidentId: facts.incidentId, siteId: facts.site.id, organisationId: facts.site.organisationId };
}

/** Runs in one transaction as whoever asks, about the case that was asked about. */
export function inCase<T>(
  deps: RetentionDeps,
  request: FastifyRequest,
  work: (tx: Tx, by: By) => Promise<T>,
): Promise<T> {
  const { incidentId, organisationId } = placeOf(request);
  const by = { actor: actorOf(request).token, nowMs: deps.clock(), organisationId, incidentId };
  const subject = { kind: "incident", id: incidentId };
  const withstood = { code: "disposal_on_hold", tried: "disposal", actor: by.actor, subject, atMs: by.nowMs } as const;
  return withstandingOnRecord(deps, withstood, () =>
    callersDb(deps.db, request)
      .transaction()
      .execute((tx) => work(tx, by)),
  );
}

export function viewOf(found: Disposal) {
  const { organisationId: _organisationId, counts: _counts, ...same } = found;
  const iso = (date: Date | null) => date?.toISOString() ?? null;
  return {
    ...same,
    listedAt: found.listedAt.toISOString(),
    requestedAt: iso(found.requestedAt),
    confirmedAt: iso(found.confirmedAt),
    keptUntil: iso(found.keptUntil),
    destroyedAt: iso(found.destroyedAt),
    doneAt: iso(found.doneAt),
  };
}
