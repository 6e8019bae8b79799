import type { FastifyPluginAsync } from "fastify";
import { Type } from "typebox";
import { canonicalBytes, signDsse } from "@tillwatch/evidence";
import type { ReleaseView } from "@tillwatch/wire";
import { actorOf } from "../access/authenticate-http.ts";
import { callersDb, sharedOnly } from "../access/callers-db.ts";
import { idInPath } from "../access/route-access.ts";
import { typed, type TypedApp } from "../api/typed.ts";
import { nodeSha256 } from "../platform/keys/node-crypto.ts";
import { channels, obstaclesOf } from "./release.ts";
import { recordTaken, recordWithdrawal, release, releaserOf } from "./release-append.ts";
import { placeOf, unknownRelease, type ReleaseDeps } from "./release-deps.ts";
import {
  becauseBody,
  listQuery,
  madeShape,
  packetParams,
  receiptShape,
  releaseBody,
  releaseParams,
  releasesShape,
  takenBody,
  withdrawnShape,
} from "./release-schema.ts";
import { linksOf, linkView, type ReleaseLink } from "./release-link-store.ts";
import { holdsInForce, situationOf } from "./release-situation-read.ts";
import { exhibitsIn, releaseById, releasesOf, type Release } from "./release-store.ts";

const tags = ["releases"];
const reads = { access: { action: "release:read", on: "packet", id: idInPath() } } as const;
const releases = { access: { action: "packet:release", on: "packet", id: idInPath() } } as const;
export const receiptPayloadType = "application/vnd.tillwatch.release-receipt+json";

/** Hands a sealed packet to a named recipient: who, why, on what ground, with a second proof; and takes that back. */
export function releaseRoutes(deps: ReleaseDeps): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    listRoute(app, deps);
    const add = {
      tags,
      operationId: "releasePacket",
      summary: "Releases a sealed packet to a named recipient",
      params: packetParams,
      body: releaseBody,
      response: { 201: madeShape },
    };
    app.post("/api/v1/packets/:id/releases", { schema: add, config: releases }, async (request, reply) => {
      const made = await release(deps, request, request.body);
      return reply
        .code(201)
        .header("location", `/api/v1/packets/${request.params.id}/releases/${made.id}/receipt`)
        .send(made);
    });
    changeRoutes(app, deps);
    receiptRoute(app, deps);
  };
}

function listRoute(app: TypedApp, deps: ReleaseDeps): void {
  const list = {
    tags,
    operationId: "listReleases",
    summary: "To whom packets of a case were released, and what stands against another release",
    params: packetParams,
    querystring: listQuery,
    response: { 200: releasesShape },
  };
  const ofCase = { access: { action: "release:read", on: "incident", id: idInPath() } } as const;
  app.get("/api/v1/incidents/:id/releases", { schema: list, config: ofCase }, async (request, reply) => {
    const { id } = request.params;
    const db = callersDb(deps.db, request);
    const found = await releasesOf(db, id);
    reply.header("cache-control", "no-store");
    // A partner learns what came to it, and nothing of what the case holds besides.
    if (sharedOnly(actorOf(request)) !== null) {
      const items = found.map((one) => ({ ...viewOf(one, deps, null), holds: [] }));
      return { items, partners: [], standing: [], holds: [], purposes: [], grounds: [], channels: [] };
    }
    const place = placeOf(request);
    const { packet } = request.query;
    const inIt = packet === undefined ? null : await exhibitsIn(db, { id: packet, incidentId: place.incidentId });
    const exhibitIds = inIt?.map((exhibit) => exhibit.id) ?? null;
    const situation = await situationOf(deps.db, { ...place, nowMs: deps.clock(), exhibitIds }, deps.fields);
    const { purposes, grounds } = deps.access.engine.set;
    const shared = new Set(situation.sharedWith);
    const links = await linksOf(deps.db, place.incidentId);
    return {
      items: found.map((one) => viewOf(one, deps, links.get(one.id) ?? null)),
      partners: deps.partners().filter((partner) => shared.has(partner.id)),
      standing: [...obstaclesOf(situation, deps.grounds, releaserOf(request))],
      holds: (await holdsInForce(deps.db, place.incidentId)).map(({ at, ...same }) => ({
        ...same,
        at: at.toISOString(),
      })),
      purposes: purposes.filter((purpose) => purpose !== "hr" && purpose !== "marketing"),
      grounds: [...grounds],
      channels: [...channels],
    };
  });
}

function changeRoutes(app: TypedApp, deps: ReleaseDeps): void {
  const withdraw = {
    tags,
    operationId: "withdrawRelease",
    summary: "Takes a release back: nobody can take the packet by it any more; what was taken is gone out",
    params: releaseParams,
    body: becauseBody,
    response: { 200: withdrawnShape },
  };
  app.post(
    "/api/v1/packets/:id/releases/:releaseId/withdraw",
    { schema: withdraw, config: releases },
    async (request) => recordWithdrawal(deps, request, { ...request.params, because: request.body.because }),
  );
  const taken = {
    tags,
    operationId: "recordHandOver",
    summary: "Records that a recipient outside has the packet now",
    params: releaseParams,
    body: takenBody,
    response: { 204: Type.Null() },
  };
  app.post(
    "/api/v1/packets/:id/releases/:releaseId/taken",
    { schema: taken, config: releases },
    async (request, reply) => {
      await recordTaken(deps, request, { ...request.params, note: request.body.note?.trim() || null });
      return reply.code(204).send();
    },
  );
}

function receiptRoute(app: TypedApp, deps: ReleaseDeps): void {
  const read = {
    tags,
    operationId: "readReleaseReceipt",
    summary: "The signed receipt of a release (DSSE): digest, recipient, time",
    params: releaseParams,
    response: { 200: receiptShape },
  };
  app.get(
    "/api/v1/packets/:id/releases/:releaseId/receipt",
    { schema: read, config: reads },
    async (request, reply) => {
      const { id: packetId, releaseId } = request.params;
      const db = callersDb(deps.db, request);
      const found = await releaseById(db, { id: releaseId, packetId: packetId.toLowerCase() });
      if (found === null) throw unknownRelease();
      const receipt = await deps.fields.openJson(deps.db, receiptOf(found, deps));
      const payload = canonicalBytes(receipt);
      const envelope = await signDsse(nodeSha256, { payloadType: receiptPayloadType, payload }, [deps.signer]);
      return reply.header("cache-control", "no-store").send({ receipt, envelope });
    },
  );
}

function recipientOf({ partnerId, recipient }: Release, deps: Pick<ReleaseDeps, "nameOf">) {
  if (recipient === null) {
    const agency = partnerId === null ? "" : deps.nameOf(partnerId);
    return { kind: "partner" as const, partnerId, agency, person: null, reference: null };
  }
  return { kind: "outside" as const, partnerId, ...recipient };
}

function viewOf(found: Release, deps: ReleaseDeps, link: ReleaseLink | null) {
  const { organisationId: _organisationId, releasedAt, takenAt, withdrawnAt, ...same } = found;
  return {
    ...same,
    noted: [...found.noted],
    holds: found.holds.map(({ id, ground }) => ({ id, ground })),
    recipient: recipientOf(found, deps),
    link: link === null ? null : linkView(link, { nowMs: deps.clock(), hasEnded: deps.hasEnded }),
    releasedAt: releasedAt.toISOString(),
    takenAt: takenAt?.toISOString() ?? null,
    withdrawnAt: withdrawnAt?.toISOString() ?? null,
  } satisfies ReleaseView;
}

/** A function of the row: asked for twice it is the same receipt. */
function receiptOf(found: Release, deps: ReleaseDeps) {
  const { kind, agency, person, reference } = recipientOf(found, deps);
  return {
    type: "https://tillwatch.org/formats/release-receipt/v1",
    releaseId: found.id,
    packet: { id: found.packetId, sha256: found.sha256, bytes: found.bytes },
    recipient: { kind, agency, person, reference },
    channel: found.channel,
    purpose: found.purpose,
    ground: found.ground,
    releasedAt: found.releasedAt.toISOString(),
    releasedBy: found.releasedBy,
    releasedFor: deps.nameOf(found.organisationId),
    takenAt: found.takenAt?.toISOString() ?? null,
    withdrawnAt: found.withdrawnAt?.toISOString() ?? null,
  };
}
