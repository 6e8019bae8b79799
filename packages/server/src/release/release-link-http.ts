import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { digestOf } from "../access/credential.ts";
import { actorOf } from "../access/authenticate-http.ts";
import { callersDb } from "../access/callers-db.ts";
import { idInPath } from "../access/route-access.ts";
import { problem } from "../api/problem.ts";
import { typed } from "../api/typed.ts";
import { appendAudit } from "../audit/audit-append.ts";
import { incidentSubject } from "../subjects.ts";
import { unknownRelease, type ReleaseDeps } from "./release-deps.ts";
import { codeOf, linkDaysMax, secretBytes } from "./release-link.ts";
import { endLink, insertLink } from "./release-link-store.ts";
import { becauseBody, releaseParams } from "./release-schema.ts";
import { lockRelease } from "./release-store.ts";

const tags = ["releases"];
const releases = { access: { action: "packet:release", on: "packet", id: idInPath() } } as const;
const dayMs = 86_400_000;
const linkParams = Type.Object({ ...releaseParams.properties, linkId: Type.String({ format: "uuid" }) });
const linkBody = Type.Object(
  { days: Type.Integer({ minimum: 1, maximum: linkDaysMax, description: "how long it opens" }) },
  { additionalProperties: false },
);
const linkShape = Type.Object({
  id: Type.String(),
  path: Type.String({ description: "below this server's address; shown here and nowhere again" }),
  code: Type.String({ description: "told to the recipient by another way; shown here and nowhere again" }),
  expiresAt: Type.String({ format: "date-time" }),
});

/** Links by which somebody outside takes what was released to him: made, and ended, by whoever releases. */
export function releaseLinkRoutes(deps: ReleaseDeps): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    const path = "/api/v1/packets/:id/releases/:releaseId/links";
    const make = {
      tags,
      operationId: "makeReleaseLink",
      summary:
        "A one-time link and a code by which the recipient outside takes the packet; the link before opens no more",
      params: releaseParams,
      body: linkBody,
      response: { 201: linkShape },
    };
    app.post(path, { schema: make, config: releases }, async (request, reply) =>
      reply.code(201).send(await makeLink(deps, request, { ...request.params, days: request.body.days })),
    );
    const end = {
      tags,
      operationId: "endReleaseLink",
      summary: "Ends a link at once; what was taken by it is out",
      params: linkParams,
      body: becauseBody,
      response: { 204: Type.Null() },
    };
    app.post(`${path}/:linkId/end`, { schema: end, config: releases }, async (request, reply) => {
      await recordEnd(deps, request, { ...request.params, because: request.body.because });
      return reply.code(204).send();
    });
  };
}

async function makeLink(
  deps: ReleaseDeps,
  request: FastifyRequest,
  asked: { readonly id: string; readonly releaseId: string; readonly days: number },
) {
  const actor = actorOf(request).token;
  const nowMs = deps.clock();
  const expiresAtMs = nowMs + asked.days * dayMs;
  const id = deps.chance.uuid();
  const secret = Buffer.from(deps.chance.bytes(secretBytes)).toString("base64url");
  const code = codeOf(deps.chance.bytes(8));
  const place = await callersDb(deps.db, request)
    .transaction()
    .execute(async (tx) => {
      const found = await lockRelease(tx, { id: asked.releaseId, packetId: asked.id.toLowerCase() });
      if (found === null) throw unknownRelease();
      if (found.withdrawnAt !== null) {
        throw problem(409, "release_already_withdrawn", "this release was taken back: there is no link to it");
      }
      if (found.partnerId !== null) {
        throw problem(409, "release_taken_by_partner", "the partner's people take it by themselves, signed in");
      }
      const digests = { sha256: digestOf(secret), codeSha256: codeDigest(secret, code) };
      const replaces = await insertLink(tx, { id, releaseId: found.id, ...digests, by: actor, nowMs, expiresAtMs });
      const { incidentId, packetId } = found;
      const body = { incidentId, packetId, link: id, expiresAt: new Date(expiresAtMs).toISOString(), replaces };
      const entry = { kind: "packet.link_made", actor, because: "asked for", atMs: nowMs, body };
      await appendAudit(tx, [{ ...entry, subject: { kind: "release", id: found.id } }], deps.chance);
      return { packetId, incidentId };
    });
  deps.released(place);
  return { id, path: `/take/${secret}`, code, expiresAt: new Date(expiresAtMs).toISOString() };
}

/** The code is worth nothing without the secret, and is digested with it: who has the row alone cannot try codes. */
export function codeDigest(secret: string, code: string): string {
  return digestOf(`${secret} ${code}`);
}

async function recordEnd(
  deps: ReleaseDeps,
  request: FastifyRequest,
  of: { readonly id: string; readonly releaseId: string; readonly linkId: string; readonly because: string },
): Promise<void> {
  const actor = actorOf(request).token;
  const nowMs = deps.clock();
  const place = await callersDb(deps.db, request)
    .transaction()
    .execute(async (tx) => {
      const found = await lockRelease(tx, { id: of.releaseId, packetId: of.id.toLowerCase() });
      if (found === null) throw unknownRelease();
      if (!(await endLink(tx, { id: of.linkId, releaseId: found.id, by: actor, nowMs }))) {
        throw problem(404, "release_link_unknown", "there is no such link of this release, or it was ended before");
      }
      const { incidentId, packetId } = found;
      const because = await deps.fields.seal(tx, incidentSubject(incidentId), of.because.trim());
      const body = { incidentId, packetId, link: of.linkId };
      const entry = { kind: "packet.link_ended", actor, because, atMs: nowMs, body };
      await appendAudit(tx, [{ ...entry, subject: { kind: "release", id: found.id } }], deps.chance);
      return { packetId, incidentId };
    });
  deps.released(place);
}
