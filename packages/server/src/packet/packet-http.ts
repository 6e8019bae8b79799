import { Readable } from "node:stream";
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import { parsePacketId, type IncidentId, type PacketId } from "@tillwatch/wire";
import { actorOf } from "../access/authenticate-http.ts";
import { problem } from "../api/problem.ts";
import { appendAudit } from "../audit/audit-append.ts";
import { attachmentHeader, parseRange, type ByteSpan } from "../platform/http-range.ts";
import type { Jobs } from "../platform/jobs.ts";
import { describeFault } from "../platform/log.ts";
import { readSealed, VaultFault } from "../platform/vault.ts";
import type { Db, Schema } from "../schema.ts";
import { enqueueBuild, type PacketJobDeps } from "./packet-jobs.ts";
import { downloadedLately, packetById, type PacketRow } from "./packet-read.ts";
import { insertPacket, reopenPacket } from "./packet-store.ts";

export type PacketRouteDeps = PacketJobDeps & {
  readonly jobs: Jobs<Schema>;
  /** The human reference of an incident, null where there is none. */
  readonly incidentRefOf: (db: Db, id: string) => Promise<string | null>;
};

const tags = ["packets"];
const params = Type.Object({ id: Type.String({ maxLength: 64 }) });
const because = Type.Optional(Type.String({ maxLength: 1000, description: "why; it goes into the record" }));
const requestBody = Type.Object(
  { includeMedia: Type.Optional(Type.Boolean({ description: "false: pointers in place of the media" })), because },
  { additionalProperties: false },
);

type ById = { Params: { id: string } };
type Asked = Static<typeof requestBody>;

/** Ask for a packet, follow its building, take it. */
export function packetRoutes(deps: PacketRouteDeps): FastifyPluginAsync {
  return async (app) => {
    const ask = {
      tags,
      operationId: "requestPacket",
      summary: "Starts building a sealed packet",
      params,
      body: requestBody,
    };
    app.post<ById & { Body: Asked }>(
      "/api/v1/incidents/:id/packets",
      { schema: ask, preValidation: emptyBody },
      (request, reply) => requestPacket(deps, request, reply),
    );
    const take = {
      tags,
      operationId: "readPacket",
      summary: "202 while it is built, then the zip; the download is on the record",
      params,
      querystring: Type.Object({ because }),
    };
    app.get<ById & { Querystring: { because?: string } }>(
      "/api/v1/packets/:id",
      { schema: take, exposeHeadRoute: false },
      (request, reply) => takePacket(deps, request, reply),
    );
    const again = { tags, operationId: "retryPacket", summary: "Builds a failed packet again", params };
    app.post<ById>("/api/v1/packets/:id/retry", { schema: again }, (request, reply) =>
      retryPacket(deps, request, reply),
    );
  };
}

/** Nothing said is nothing special wanted: a request without a body is `{}`. */
async function emptyBody(request: FastifyRequest): Promise<void> {
  request.body ??= {};
}

async function requestPacket(
  deps: PacketRouteDeps,
  request: FastifyRequest<ById & { Body: Asked }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const incidentId = request.params.id;
  const incidentRef = await deps.incidentRefOf(deps.db, incidentId);
  if (incidentRef === null) throw problem(404, "incident_unknown", "there is no incident with this id");
  const actor = actorOf(request);
  const id = deps.chance.uuid();
  const includeMedia = request.body.includeMedia ?? true;
  const why = clean(request.body.because) ?? "a packet was asked for";
  const requestedAtMs = deps.clock();
  await deps.db.transaction().execute(async (tx) => {
    const authority = `role:${actor.kind}`;
    const requestedBy = actor.token;
    await insertPacket(tx, {
      id,
      incidentId,
      incidentRef,
      includeMedia,
      because: why,
      authority,
      requestedAtMs,
      requestedBy,
    });
    const record = {
      kind: "packet.requested",
      actor: actor.token,
      subject: { kind: "packet", id },
      because: why,
      atMs: requestedAtMs,
      body: { incidentId, incidentRef, includeMedia, authority },
    };
    await appendAudit(tx, [record], deps.chance);
    await enqueueBuild(deps.jobs, tx, id);
  });
  deps.packetChanged({ id: id as PacketId, incidentId: incidentId as IncidentId, state: "building" });
  return reply.code(202).header("location", `/api/v1/packets/${id}`).send({ id });
}

async function takePacket(
  deps: PacketRouteDeps,
  request: FastifyRequest<ById & { Querystring: { because?: string } }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const packet = await known(deps, request.params.id);
  if (packet.state === "failed") {
    throw problem(409, "packet_failed", packet.problem ?? "the packet could not be built", {
      remedy: `mend what is named, then POST /api/v1/packets/${packet.id}/retry`,
    });
  }
  const { object, bytes, sha256 } = packet;
  if (object === null || bytes === null || sha256 === null) {
    const { id, state, requestedAt, problem: trouble } = packet;
    return reply.code(202).header("retry-after", "1").send({ id, state, requestedAt, problem: trouble });
  }
  const span = parseRange(request.headers.range, bytes);
  if (span === "unsatisfiable") {
    reply.header("content-range", `bytes */${bytes}`);
    throw problem(416, "range_not_satisfiable", `the packet has ${bytes} bytes`);
  }
  const part = span === "whole" ? undefined : span;
  await recordDownload(deps, { packet, part, request });
  const plain = readSealed(deps.vault, { id: packet.id, bytes, sha256, ...object }, part);
  const first = await opened(deps, packet, plain);
  const from = part?.from ?? 0;
  const to = part?.to ?? bytes;
  if (part !== undefined) reply.code(206).header("content-range", `bytes ${from}-${to - 1}/${bytes}`);
  return reply
    .headers({
      "content-type": "application/zip",
      "content-length": to - from,
      "content-disposition": attachmentHeader(`${packet.incidentRef}-packet.zip`),
      "x-content-type-options": "nosniff",
      "cache-control": "private, no-store",
      "accept-ranges": "bytes",
      etag: `"${sha256.slice(0, 32)}"`,
      "repr-digest": `sha-256=:${Buffer.from(sha256, "hex").toString("base64")}:`,
    })
    .send(Readable.from(continued(first, plain), { objectMode: false }));
}

async function opened(
  deps: PacketRouteDeps,
  packet: PacketRow,
  plain: AsyncGenerator<Uint8Array>,
): Promise<IteratorResult<Uint8Array>> {
  try {
    return await plain.next();
  } catch (fault) {
    deps.log.error("packet not readable", { packet: packet.id, fault: describeFault(fault) });
    if (!(fault instanceof VaultFault)) throw fault;
    throw problem(500, "packet_damaged", "the stored packet is not what was sealed", {
      remedy: "request a new packet; the exhibits and the record are untouched",
    });
  }
}

async function* continued(
  first: IteratorResult<Uint8Array>,
  rest: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    for (let next = first; next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return(undefined);
  }
}

// A download that goes on after a break is the same download.
const sameDownloadMs = 10 * 60_000;

async function recordDownload(
  deps: PacketRouteDeps,
  taken: {
    readonly packet: PacketRow;
    readonly part: ByteSpan | undefined;
    readonly request: FastifyRequest<{ Querystring: { because?: string } }>;
  },
): Promise<void> {
  const { packet, part, request } = taken;
  const actor = actorOf(request);
  const atMs = deps.clock();
  await deps.db.transaction().execute(async (tx) => {
    const goesOn = part !== undefined && part.from > 0;
    if (goesOn && (await downloadedLately(tx, packet.id, { who: actor.token, sinceMs: atMs - sameDownloadMs }))) return;
    const record = {
      kind: "packet.downloaded",
      actor: actor.token,
      subject: { kind: "packet", id: packet.id },
      because: clean(request.query.because) ?? "no reason given",
      atMs,
      body: {
        incidentId: packet.incidentId,
        sha256: packet.sha256,
        authority: `role:${actor.kind}`,
        from: part?.from ?? 0,
      },
    };
    await appendAudit(tx, [record], deps.chance);
  });
}

async function retryPacket(
  deps: PacketRouteDeps,
  request: FastifyRequest<ById>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const packet = await known(deps, request.params.id);
  const reopened = await deps.db.transaction().execute(async (tx) => {
    if (!(await reopenPacket(tx, packet.id))) return false;
    await enqueueBuild(deps.jobs, tx, packet.id);
    return true;
  });
  if (!reopened)
    throw problem(409, "packet_not_failed", `the packet is ${packet.state}; only a failed one is built again`);
  deps.packetChanged({ id: packet.id, incidentId: packet.incidentId, state: "building" });
  return reply.code(202).header("location", `/api/v1/packets/${packet.id}`).send({ id: packet.id });
}

async function known(deps: PacketRouteDeps, raw: string): Promise<PacketRow> {
  const id = parsePacketId(raw);
  const packet = id.ok ? await packetById(deps.db, id.value) : null;
  if (packet === null) throw problem(404, "packet_unknown", "there is no such packet");
  return packet;
}

/** A reason as it goes into the record: one well-formed line, or undefined when there is none. */
function clean(raw: string | undefined): string | undefined {
  const text = (raw ?? "")
    .toWellFormed()
    .replaceAll(/\p{Cc}+/gu, " ")
    .trim();
  return text === "" ? undefined : text;
}
