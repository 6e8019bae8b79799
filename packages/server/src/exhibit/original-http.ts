import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { askedOf } from "../access/ask-http.ts";
import { actorOf } from "../access/authenticate-http.ts";
import { inScope } from "../access/callers-db.ts";
import { idInPath } from "../access/route-access.ts";
import { problem } from "../api/problem.ts";
import { typed } from "../api/typed.ts";
import { appendAudit } from "../audit/audit-append.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import type { Db, Tx } from "../schema.ts";
import { incidentSubject } from "../subjects.ts";
import { exhibitDisposed } from "./exhibit-disposed-http.ts";
import { exhibitById, type ExhibitRow } from "./exhibit-read.ts";
import { decideRequest, endRequest, insertRequest, lockRequest, noPurpose } from "./original-store.ts";

export type OriginalDeps = {
  readonly db: Db;
  readonly fields: FieldVault;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly incidentChanged: (incidentId: string) => void;
};

const tags = ["exhibits"];
const because = Type.String({
  minLength: 10,
  maxLength: 2000,
  pattern: "\\S",
  description: "in your own words; sealed",
});
const closed = { additionalProperties: false };
const id = Type.String({ maxLength: 64 });
const requestId = Type.String({ format: "uuid" });

/** The two keys of an original: ask, have another person decide, end. */
export function originalRoutes(deps: OriginalDeps): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    const ask = {
      tags,
      operationId: "requestOriginal",
      summary: "Asks to open an original; another person decides",
      params: Type.Object({ id }),
      body: Type.Object({ because, hours: Type.Integer({ minimum: 1, maximum: 72 }) }, closed),
      response: { 201: Type.Object({ id: requestId }) },
    };
    const asks = { access: { action: "exhibit:ask_original", on: "exhibit", id: idInPath() } } as const;
    app.post("/api/v1/exhibits/:id/original-requests", { schema: ask, config: asks }, async (request, reply) =>
      reply
        .code(201)
        .send(await askFor(inScope(deps, request), request, { exhibitId: request.params.id, ...request.body })),
    );
    const both = Type.Object({ id, request: requestId });
    const decide = {
      tags,
      operationId: "decideOriginalRequest",
      summary: "Approves or refuses that another person opens an original",
      params: both,
      body: Type.Object({ approve: Type.Boolean(), because }, closed),
      response: { 200: Type.Object({ id: requestId, endsAt: Type.Union([Type.String(), Type.Null()]) }) },
    };
    const decides = { access: { action: "exhibit:approve_original", on: "exhibit", id: idInPath() } } as const;
    app.post(
      "/api/v1/exhibits/:id/original-requests/:request/decision",
      { schema: decide, config: decides },
      (request) => decideOn(inScope(deps, request), request, { ...request.params, ...request.body }),
    );
    const end = {
      tags,
      operationId: "endOriginalRequest",
      summary: "Seals an original again before its time",
      params: both,
    };
    app.post(
      "/api/v1/exhibits/:id/original-requests/:request/end",
      { schema: end, config: asks },
      async (request, reply) => {
        await endNow(inScope(deps, request), request, request.params);
        return reply.code(204).send();
      },
    );
  };
}

/** The purpose that was stated for the case; the installation's own token needs none. */
export function purposeOf(request: FastifyRequest): string {
  return askedOf(request).circumstances.purpose ?? noPurpose;
}

type Said = { readonly exhibitId: string; readonly because: string; readonly hours: number };

async function askFor(deps: OriginalDeps, request: FastifyRequest, said: Said) {
  const { exhibitId, hours } = said;
  const exhibit = await known(deps, exhibitId);
  if (exhibit.disposedAt != null) throw exhibitDisposed(exhibit.disposedAt);
  if (exhibit.object === null) {
    throw problem(409, "exhibit_is_pointer", "this exhibit is a pointer; its media stays with its holder", {
      remedy: "request the media from the holder named by `uri`, and upload it as an exhibit",
    });
  }
  const { token: askedBy } = actorOf(request);
  const requested = {
    id: deps.chance.uuid(),
    exhibitId,
    askedBy,
    askedAtMs: deps.clock(),
    purpose: purposeOf(request),
  };
  await deps.db.transaction().execute(async (tx) => {
    const sealed = await deps.fields.seal(tx, incidentSubject(exhibit.incidentId), said.because.trim());
    await insertRequest(tx, { ...requested, because: sealed, hours });
    const body = { requestId: requested.id, purpose: requested.purpose, hours };
    await record(deps, tx, { kind: "exhibit.original_requested", exhibit, actor: askedBy, because: sealed, body });
  });
  deps.incidentChanged(exhibit.incidentId);
  return { id: requested.id };
}

type Path = { readonly id: string; readonly request: string };

async function decideOn(
  deps: OriginalDeps,
  request: FastifyRequest,
  path: Path & { readonly approve: boolean; readonly because: string },
) {
  const exhibit = await known(deps, path.id);
  const { token: by } = actorOf(request);
  const atMs = deps.clock();
  const decided = await deps.db.transaction().execute(async (tx) => {
    const asked = await lockRequest(tx, { exhibitId: path.id, id: path.request });
    if (asked === null) throw unknownRequest();
    if (asked.askedBy === by) {
      throw problem(403, "two_persons_needed", "whoever asks for an original does not approve it", {
        remedy: "Another person of those who may approve decides.",
      });
    }
    if (asked.state !== "asked") throw problem(409, "original_request_decided", "this was decided before");
    const endsAtMs = path.approve ? atMs + asked.hours * 3_600_000 : null;
    const sealed = await deps.fields.seal(tx, incidentSubject(exhibit.incidentId), path.because.trim());
    const state = path.approve ? ("approved" as const) : ("refused" as const);
    await decideRequest(tx, path.request, { state, by, because: sealed, atMs, endsAtMs });
    const endsAt = endsAtMs === null ? null : new Date(endsAtMs).toISOString();
    const body = { requestId: path.request, purpose: asked.purpose, to: asked.askedBy, endsAt };
    await record(deps, tx, { kind: `exhibit.original_${state}`, exhibit, actor: by, because: sealed, body });
    return { id: path.request, endsAt };
  });
  deps.incidentChanged(exhibit.incidentId);
  return decided;
}

async function endNow(deps: OriginalDeps, request: FastifyRequest, path: Path): Promise<void> {
  const exhibit = await known(deps, path.id);
  const { token: actor } = actorOf(request);
  const atMs = deps.clock();
  await deps.db.transaction().execute(async (tx) => {
    const asked = await lockRequest(tx, { exhibitId: path.id, id: path.request });
    if (asked === null) throw unknownRequest();
    if (asked.state !== "asked" && asked.state !== "approved") {
      throw problem(409, "original_request_decided", "there is nothing to end: it was refused, or ended before");
    }
    await endRequest(tx, path.request, atMs);
    const body = { requestId: path.request, of: asked.askedBy };
    const why = "ended before its time";
    await record(deps, tx, { kind: "exhibit.original_ended", exhibit, actor, because: why, body });
  });
  deps.incidentChanged(exhibit.incidentId);
}

function unknownRequest() {
  return problem(404, "original_request_unknown", "nobody asked for this original under this id");
}

async function known(deps: OriginalDeps, exhibitId: string): Promise<ExhibitRow> {
  const exhibit = await exhibitById(deps.db, exhibitId);
  if (exhibit === null) throw problem(404, "exhibit_unknown", "there is no such exhibit");
  return exhibit;
}

type Entry = {
  readonly kind: string;
  readonly exhibit: ExhibitRow;
  readonly actor: string;
  readonly because: string;
  readonly body: Readonly<Record<string, string | number | null>>;
};

async function record(deps: OriginalDeps, tx: Tx, { kind, exhibit, actor, because: why, body }: Entry): Promise<void> {
  const subject = { kind: "exhibit", id: exhibit.id };
  const said = { ...body, incidentId: exhibit.incidentId };
  await appendAudit(tx, [{ kind, actor, subject, because: why, atMs: deps.clock(), body: said }], deps.chance);
}
