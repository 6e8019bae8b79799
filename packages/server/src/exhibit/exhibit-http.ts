import { Readable } from "node:stream";
import multipart from "@fastify/multipart";
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import { custodyDigest } from "@tillwatch/evidence";
import { parseExhibitId, type ExhibitView } from "@tillwatch/wire";
import { actorOf } from "../access/authenticate-http.ts";
import { problem } from "../api/problem.ts";
import { attachmentHeader, parseRange, type ByteSpan } from "../platform/http-range.ts";
import { KeyFault } from "../platform/keys.ts";
import { describeFault, type Log } from "../platform/log.ts";
import { nodeSha256 } from "../platform/node-crypto.ts";
import { readSealed, VaultFault, type SealedObject } from "../platform/vault.ts";
import type { Db } from "../schema.ts";
import { cleanMediaType, cleanName, cleanText, type Pointer } from "./exhibit.ts";
import {
  recordAccess,
  recordDamage,
  recordDeleteAttempt,
  recordExhibit,
  recordPointer,
  type ExhibitDeps,
  type Hand,
} from "./exhibit-intake-store.ts";
import { custodyOf, exhibitById, type ExhibitRow } from "./exhibit-read.ts";
import { etagOf, readInstant, receiveUpload } from "./exhibit-upload-http.ts";

export type ExhibitRouteDeps = ExhibitDeps & { readonly log: Log };

type ById = { Params: { id: string } };

const tags = ["exhibits"];
const params = Type.Object({ id: Type.String({ maxLength: 64 }) });
const because = Type.Optional(
  Type.String({ maxLength: 1000, description: "why you look; it goes into the custody record" }),
);
const lookSchema = {
  tags,
  operationId: "readExhibitContent",
  summary: "The bytes; the look is a custody entry",
  params,
  querystring: Type.Object({ because }),
};

/** Upload, pointers, metadata with custody, content. There is no deletion: an exhibit ends by retention, never by a request. */
export function exhibitRoutes(deps: ExhibitRouteDeps): FastifyPluginAsync {
  return async (app) => {
    if (!app.hasRequestDecorator("isMultipart")) await app.register(multipart);
    const take = {
      tags,
      operationId: "uploadExhibit",
      summary: "Takes a file as evidence",
      params,
      consumes: ["multipart/form-data"],
    };
    app.post<ById>("/api/v1/incidents/:id/exhibits", { schema: take }, (request, reply) =>
      upload(deps, request, reply),
    );
    pointerRoute(app, deps);
    const read = { tags, operationId: "readExhibit", summary: "An exhibit with its chain of custody", params };
    app.get<ById>("/api/v1/exhibits/:id", { schema: read }, async (request) =>
      viewOf(deps.db, await known(deps, request.params.id)),
    );
    app.get<ById & { Querystring: { because?: string } }>(
      "/api/v1/exhibits/:id/content",
      { exposeHeadRoute: false, schema: lookSchema },
      (request, reply) => sendContent(deps, request, reply),
    );
    for (const [path, operationId] of [
      ["", "refuseExhibitDeletion"],
      ["/content", "refuseContentDeletion"],
    ] as const) {
      const refuse = { tags, operationId, summary: "Always refused, and on the record", params };
      app.delete<ById>(`/api/v1/exhibits/:id${path}`, { schema: refuse }, (request, reply) =>
        refuseDelete(deps, request, reply),
      );
    }
  };
}

async function upload(
  deps: ExhibitRouteDeps,
  request: FastifyRequest<ById>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const incidentId = await knownIncident(deps, request.params.id);
  if (!request.isMultipart()) {
    throw problem(415, "exhibit_not_multipart", "send multipart/form-data with the field `file`");
  }
  const actor = actorOf(request);
  const id = deps.chance.uuid();
  const into = { id, bytesMax: deps.exhibitBytesMax, sourceDefault: actor.token };
  // After a refusal in the middle the rest of the body is on its way: the line is closed, not drained.
  reply.header("connection", "close");
  const { stored, facts, because: reason } = await receiveUpload(request, deps.vault, into);
  const hand = handOf(request, reason, "uploaded as evidence of the incident");
  const outcome = await recordExhibit(deps, { id, incidentId, facts, stored, hand });
  reply.removeHeader("connection");
  if ("code" in outcome) {
    const detail = `the capturing device claims ${outcome.claimed}, received was ${outcome.received}; nothing was kept`;
    throw problem(422, outcome.code, detail, { pointer: "/sha256", remedy: "send the file again from the device" });
  }
  return reply.code(201).header("location", `/api/v1/exhibits/${id}`).send(outcome);
}

const text = (maxLength: number) => Type.String({ minLength: 1, maxLength });

const pointerBody = Type.Object(
  {
    uri: text(2048),
    mediaType: text(128),
    sha256: Type.Optional(Type.String({ pattern: "^[0-9a-f]{64}$" })),
    bytes: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
    name: Type.Optional(text(400)),
    capturedAt: Type.Optional(text(64)),
    source: Type.Optional(text(200)),
    note: Type.Optional(Type.String({ maxLength: 8192 })),
    because,
  },
  { additionalProperties: false },
);

function pointerRoute(app: FastifyInstance, deps: ExhibitRouteDeps): void {
  const point = {
    tags,
    operationId: "addExhibitPointer",
    summary: "Names media that stays where it is",
    params,
    body: pointerBody,
  };
  app.post<ById & { Body: Static<typeof pointerBody> }>(
    "/api/v1/incidents/:id/exhibits/pointer",
    { schema: point },
    async (request, reply) => {
      const incidentId = await knownIncident(deps, request.params.id);
      const { body } = request;
      const pointer: Pointer = {
        uri: readUri(body.uri),
        mediaType: cleanMediaType(body.mediaType),
        bytes: body.bytes ?? null,
        sha256: body.sha256 ?? null,
      };
      const facts = {
        name: cleanName(body.name ?? new URL(pointer.uri).pathname),
        capturedAt: readInstant(body.capturedAt),
        source: cleanText(body.source ?? "") || actorOf(request).token,
        note: cleanText(body.note ?? ""),
      };
      const hand = handOf(request, body.because, "recorded as evidence of the incident");
      const id = await recordPointer(deps, { incidentId, pointer, facts, hand });
      return reply
        .code(201)
        .header("location", `/api/v1/exhibits/${id}`)
        .send({ id, sha256: pointer.sha256, bytes: pointer.bytes });
    },
  );
}

// Schemes that say where media lies. `javascript:` and `data:` would run, or carry, what a pointer must only name.
const pointerSchemes = new Set(["http:", "https:", "rtsp:", "rtsps:", "s3:", "urn:", "onvif:", "frigate:", "nvr:"]);

function readUri(raw: string): string {
  const url = URL.parse(raw);
  if (url === null || !pointerSchemes.has(url.protocol) || url.username !== "" || url.password !== "") {
    const detail = `a pointer is an absolute URI without a password, of ${[...pointerSchemes].join(" ")}`;
    throw problem(400, "exhibit_uri_refused", detail, { pointer: "/uri" });
  }
  return url.href;
}

async function knownIncident(deps: ExhibitRouteDeps, id: string): Promise<string> {
  if ((await deps.incidentRefOf(deps.db, id)) === null)
    throw problem(404, "incident_unknown", "there is no such incident");
  return id;
}

async function known(deps: ExhibitRouteDeps, raw: string): Promise<ExhibitRow> {
  const id = parseExhibitId(raw);
  const exhibit = id.ok ? await exhibitById(deps.db, id.value) : null;
  if (exhibit === null) throw problem(404, "exhibit_unknown", "there is no such exhibit");
  return exhibit;
}

function handOf(request: FastifyRequest, reason: string | undefined, otherwise: string): Hand {
  const actor = actorOf(request);
  const why = cleanText(reason ?? "").slice(0, 1000) || otherwise;
  return { token: actor.token, why, authority: `role:${actor.kind}` };
}

async function viewOf(db: Db, exhibit: ExhibitRow): Promise<ExhibitView> {
  const { object: _object, ...shown } = exhibit;
  const chain = await custodyOf(db, exhibit.id);
  const custody = chain.map(({ entry, auditId }) => {
    const { exhibitId: _exhibitId, digest: exhibitSha256, ...line } = entry;
    return { ...line, exhibitSha256, digest: custodyDigest(nodeSha256, entry), auditEntryId: auditId };
  });
  return { ...shown, custody };
}

async function sendContent(
  deps: ExhibitRouteDeps,
  request: FastifyRequest<ById & { Querystring: { because?: string } }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const exhibit = await known(deps, request.params.id);
  const { object, bytes, sha256 } = exhibit;
  if (object === null || bytes === null || sha256 === null) {
    throw problem(409, "exhibit_is_pointer", "this exhibit is a pointer; its media stays with its holder", {
      remedy: "request the media from the holder named by `uri`, and upload it as an exhibit",
    });
  }
  const span = parseRange(request.headers.range, bytes);
  if (span === "unsatisfiable") {
    reply.header("content-range", `bytes */${bytes}`);
    throw problem(416, "range_not_satisfiable", `the exhibit has ${bytes} bytes`);
  }
  const part = span === "whole" ? undefined : span;
  const hand = handOf(request, request.query.because, "no reason given");
  const what = part === undefined ? "the whole content" : `content, from byte ${part.from}`;
  await recordAccess(deps, { exhibitId: exhibit.id, hand, what, continues: part !== undefined && part.from > 0 });
  const sealed: SealedObject = { id: exhibit.id, bytes, sha256, ...object };
  const body = await openChecked(deps, sealed, part);
  const from = part?.from ?? 0;
  const to = part?.to ?? bytes;
  if (part !== undefined) reply.code(206).header("content-range", `bytes ${from}-${to - 1}/${bytes}`);
  return reply
    .headers({
      "content-type": "application/octet-stream",
      "content-length": to - from,
      "content-disposition": attachmentHeader(exhibit.name),
      "x-content-type-options": "nosniff",
      "content-security-policy": "sandbox; default-src 'none'",
      "cache-control": "private, no-store",
      "accept-ranges": "bytes",
      etag: etagOf(sha256),
      "repr-digest": `sha-256=:${Buffer.from(sha256, "hex").toString("base64")}:`,
    })
    .send(Readable.from(body, { objectMode: false }));
}

/** Opens the stream and its first piece, so that damage found at once is answered in words; later damage cuts the line. */
async function openChecked(
  deps: ExhibitRouteDeps,
  sealed: SealedObject,
  span: ByteSpan | undefined,
): Promise<AsyncIterable<Uint8Array>> {
  const plain = readSealed(deps.vault, sealed, span);
  const guarded = async <T>(step: () => Promise<T>): Promise<T> => {
    try {
      return await step();
    } catch (fault) {
      deps.log.error("exhibit not readable", { exhibit: sealed.id, fault: describeFault(fault) });
      if (fault instanceof VaultFault) await recordDamage(deps, sealed.id, fault.message);
      throw asProblem(fault);
    }
  };
  const first = await guarded(() => plain.next());
  return (async function* () {
    try {
      for (let next = first; next.done !== true; next = await guarded(() => plain.next())) yield next.value;
    } finally {
      await plain.return();
    }
  })();
}

function asProblem(fault: unknown): unknown {
  if (fault instanceof VaultFault) {
    return problem(500, "exhibit_damaged", "the stored bytes are not what was received; this is on the record", {
      remedy: "restore the object from a backup; `tillwatch doctor` names it",
    });
  }
  if (fault instanceof KeyFault) {
    return problem(500, "key_master_wrong", "the exhibit was sealed under another master key", {
      remedy: "put the right master.key into the key folder",
    });
  }
  return fault;
}

async function refuseDelete(
  deps: ExhibitRouteDeps,
  request: FastifyRequest<ById>,
  reply: FastifyReply,
): Promise<never> {
  const id = parseExhibitId(request.params.id);
  if (!id.ok) throw problem(404, "exhibit_unknown", "there is no such exhibit");
  await recordDeleteAttempt(deps, id.value, handOf(request, undefined, "no reason given"));
  reply.header("allow", "GET");
  throw problem(405, "exhibit_immutable", "an exhibit is never deleted or replaced; the attempt is on the record");
}
