import multipart from "@fastify/multipart";
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import { custodyDigest } from "@tillwatch/evidence";
import { parseExhibitId, type ExhibitCopyView, type ExhibitView } from "@tillwatch/wire";
import { actorOf } from "../access/authenticate-http.ts";
import { openedBecause } from "../access/opened-because-http.ts";
import { idInPath } from "../access/route-access.ts";
import { inScope } from "../access/callers-db.ts";
import { problem } from "../api/problem.ts";
import type { Log } from "../platform/log.ts";
import { nodeSha256 } from "../platform/keys/node-crypto.ts";
import { cleanMediaType, cleanName, cleanText, type Pointer } from "./exhibit.ts";
import { cameraOf, copiesOf, regionsOf, type CopyRow, type ExhibitCamera } from "./copy-read.ts";
import { sendContent, type ContentRequest } from "./exhibit-content-http.ts";
import {
  recordDeleteAttempt,
  recordExhibit,
  recordPointer,
  type ExhibitDeps,
  type Hand,
} from "./exhibit-intake-store.ts";
import { custodyOf, exhibitById, type ExhibitRow } from "./exhibit-read.ts";
import { minorIn } from "./marks-store.ts";
import { requestsFor } from "./original-read.ts";
import { readInstant, receiveUpload } from "./exhibit-upload-http.ts";

export type ExhibitRouteDeps = ExhibitDeps & {
  readonly log: Log;
  /** Legal grounds of the pack on which what a minor is in may go out. */
  readonly minorGrounds: readonly string[];
};

type ById = { Params: { id: string } };

const tags = ["exhibits"];
const params = Type.Object({ id: Type.String({ maxLength: 64 }) });
const because = Type.Optional(
  Type.String({ maxLength: 1000, description: "why you look; it goes into the custody record" }),
);
const lookSchema = {
  tags,
  operationId: "readExhibitContent",
  summary: "The copy, or the original under two keys; the look is a custody entry",
  params,
  querystring: Type.Object({
    because,
    of: Type.Optional(
      Type.Enum(["copy", "original"], {
        description: "copy (the default): made anew without metadata, masked; 202 while it is made. original: sealed",
      }),
    ),
  }),
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
    app.post<ById>(
      "/api/v1/incidents/:id/exhibits",
      { schema: take, config: { access: { action: "exhibit:add", on: "incident", id: idInPath() } } },
      (request, reply) => upload(inScope(deps, request), request, reply),
    );
    pointerRoute(app, deps);
    const read = { tags, operationId: "readExhibit", summary: "An exhibit with its chain of custody", params };
    app.get<ById>(
      "/api/v1/exhibits/:id",
      { schema: read, config: { access: { action: "exhibit:read", on: "exhibit", id: idInPath() } } },
      async (request) => {
        const own = inScope(deps, request);
        return viewOf(own, await known(own, request.params.id));
      },
    );
    app.get<ById & { Querystring: { because?: string; of?: "copy" | "original" } }>(
      "/api/v1/exhibits/:id/content",
      {
        exposeHeadRoute: false,
        schema: lookSchema,
        config: { access: { action: "exhibit:open", on: "exhibit", id: idInPath() } },
      },
      (request, reply) => openContent(inScope(deps, request), request, reply),
    );
    for (const [path, operationId] of [
      ["", "refuseExhibitDeletion"],
      ["/content", "refuseContentDeletion"],
    ] as const) {
      const refuse = { tags, operationId, summary: "Always refused, and on the record", params };
      app.delete<ById>(
        `/api/v1/exhibits/:id${path}`,
        { schema: refuse, config: { access: { action: "exhibit:ask_deletion", on: "exhibit", id: idInPath() } } },
        (request, reply) => refuseDelete(inScope(deps, request), request, reply),
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
  const { stored, facts, because: reason, device, kind } = await receiveUpload(request, deps.vault, into);
  const { cameras } = await deps.asking.placeOf(deps.db, incidentId);
  const camera = cameraFrom(cameras, { device, source: facts.source });
  if (camera === null) {
    await deps.vault.objects.delete(stored.objectKey);
    throw unknownCamera("/device");
  }
  const hand = handOf(request, reason, "uploaded as evidence of the incident");
  const outcome = await recordExhibit(deps, { id, incidentId, facts, stored, hand, camera, mediaKind: kind.kind });
  reply.removeHeader("connection");
  if ("code" in outcome) {
    const detail = `the capturing device claims ${outcome.claimed}, received was ${outcome.received}; nothing was kept`;
    throw problem(422, outcome.code, detail, { pointer: "/sha256", remedy: "send the file again from the device" });
  }
  return reply.code(201).header("location", `/api/v1/exhibits/${id}`).send(outcome);
}

/** The camera that was named, or that the source is; null: one was named that the site does not have. */
function cameraFrom(
  cameras: readonly string[],
  { device, source }: { readonly device: string | undefined; readonly source: string },
): ExhibitCamera | null {
  if (device === "none") return { camera: "none", deviceId: null };
  const named = device === undefined || device === "" ? source : device;
  if (cameras.includes(named)) return { camera: "ours", deviceId: named };
  return named === source ? { camera: "unsaid", deviceId: null } : null;
}

function unknownCamera(pointer: string) {
  return problem(422, "camera_unknown", "the site has no such camera", {
    pointer,
    remedy: "Name a camera of the site's directory, or `none`.",
  });
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
    { schema: point, config: { access: { action: "exhibit:add", on: "incident", id: idInPath() } } },
    async (request, reply) => {
      const own = inScope(deps, request);
      const incidentId = await knownIncident(own, request.params.id);
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
      const id = await recordPointer(own, { incidentId, pointer, facts, hand });
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
  const said = cleanText(reason ?? "").slice(0, 1000);
  const inOwnWords = said !== "";
  return { token: actor.token, why: inOwnWords ? said : otherwise, inOwnWords, authority: `role:${actor.kind}` };
}

async function viewOf(deps: ExhibitRouteDeps, exhibit: ExhibitRow): Promise<ExhibitView> {
  const { db } = deps;
  const { object: _object, ...shown } = exhibit;
  const chain = await custodyOf(db, exhibit.id);
  const custody = chain.map(({ entry, auditId }) => {
    const { exhibitId: _exhibitId, digest: exhibitSha256, ...line } = entry;
    return { ...line, exhibitSha256, digest: custodyDigest(nodeSha256, entry), auditEntryId: auditId };
  });
  return {
    ...shown,
    custody,
    ...(await cameraOf(db, exhibit.id)),
    copies: (await copiesOf(db, exhibit.id)).map(copyView),
    originalRequests: await requestsFor(db, exhibit.id, deps.clock()),
    regions: await regionsOf(db, exhibit.id),
    minor: await minorView(deps, exhibit.id),
  };
}

async function minorView({ db, minorGrounds }: ExhibitRouteDeps, id: string): Promise<ExhibitView["minor"]> {
  const flag = await minorIn(db, id);
  return flag === null ? null : { ...flag, grounds: [...minorGrounds] };
}

function copyView({ id, state, problem: trouble, madeAt, ready, wanted }: CopyRow): ExhibitCopyView {
  const tool = ready === null ? null : `${ready.recipe.tool.name} ${ready.recipe.tool.version}`;
  return {
    id,
    state,
    problem: trouble,
    madeAt,
    mediaType: ready?.mediaType ?? null,
    bytes: ready?.bytes ?? null,
    sha256: ready?.sha256 ?? null,
    tool,
    maskVersion: wanted.mask?.version ?? null,
    regionsVersion: wanted.regions?.version ?? null,
    sound: ready?.recipe.sound ?? false,
  };
}

async function openContent(
  deps: ExhibitRouteDeps,
  request: ContentRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const exhibit = await known(deps, request.params.id);
  const hand = handOf(request, request.query.because, openedBecause(request).because);
  return sendContent(deps, { exhibit, request, hand }, reply);
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
