import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { actorOf } from "../access/authenticate-http.ts";
import { inScope } from "../access/callers-db.ts";
import { idInPath } from "../access/route-access.ts";
import { problem } from "../api/problem.ts";
import { typed } from "../api/typed.ts";
import { appendAudit } from "../audit/audit-append.ts";
import { checkMask } from "../privacy/site/privacy-mask.ts";
import type { Tx } from "../schema.ts";
import { incidentSubject } from "../subjects.ts";
import { copyFor, type CopyAsking } from "./copy-asking-store.ts";
import { exhibitById, type ExhibitRow } from "./exhibit-read.ts";
import { saveCamera } from "./exhibit-store.ts";
import { lockMinor, saveMinor, saveMinorGround, saveRegions } from "./marks-store.ts";
import type { OriginalDeps } from "./original-http.ts";

export type MarkDeps = OriginalDeps & {
  readonly asking: CopyAsking;
  /** Legal grounds of the pack on which what a minor is in may go out (`release.minor_grounds` of privacy.yaml). */
  readonly minorGrounds: readonly string[];
};

const tags = ["exhibits"];
const closed = { additionalProperties: false };
const params = Type.Object({ id: Type.String({ maxLength: 64 }) });
const because = Type.String({
  minLength: 3,
  maxLength: 2000,
  pattern: "\\S",
  description: "in your own words; sealed",
});
const share = Type.Integer({ minimum: 0, maximum: 1000 });
const ms = Type.Integer({ minimum: 0, maximum: 86_400_000 });
const region = Type.Object(
  {
    corners: Type.Array(Type.Tuple([share, share]), { minItems: 3, maxItems: 50 }),
    during: Type.Union([Type.Object({ fromMs: ms, toMs: ms }, closed), Type.Null()]),
  },
  closed,
);
const cameraBody = Type.Object(
  { deviceId: Type.Union([Type.String({ minLength: 1, maxLength: 64 }), Type.Null()]), because },
  closed,
);
const marks = { access: { action: "exhibit:mark", on: "exhibit", id: idInPath() } } as const;

/** What a person says of an exhibit: which camera took it, where people are in it, that a minor is in it. */
export function markRoutes(deps: MarkDeps): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    const camera = {
      tags,
      operationId: "nameExhibitCamera",
      summary: "Says which of the site's cameras took it, so that its mask is burned in; null: none of them",
      params,
      body: cameraBody,
    };
    app.put("/api/v1/exhibits/:id/camera", { schema: camera, config: marks }, (request) =>
      nameCamera(inScope(deps, request), request, { id: request.params.id, ...request.body }),
    );
    const regions = {
      tags,
      operationId: "markExhibitRegions",
      summary: "Marks where people are in it, as polygons with a time; each version is kept",
      params,
      body: Type.Object(
        { regions: Type.Array(region, { maxItems: 20 }), version: Type.Integer({ minimum: 0 }), because },
        closed,
      ),
    };
    app.put("/api/v1/exhibits/:id/regions", { schema: regions, config: marks }, (request) =>
      markRegions(inScope(deps, request), request, { id: request.params.id, ...request.body }),
    );
    const minor = {
      tags,
      operationId: "flagExhibitMinor",
      summary: "Says that a minor is in it: it goes into no copy for others, list or packet",
      params,
      body: Type.Object({ because }, closed),
    };
    app.put("/api/v1/exhibits/:id/minor", { schema: minor, config: marks }, (request) =>
      flagMinor(inScope(deps, request), request, { id: request.params.id, ...request.body }),
    );
    const ground = {
      tags,
      operationId: "stateExhibitMinorGround",
      summary: "States the legal ground on which an exhibit with a minor goes out all the same; null takes it back",
      params,
      body: Type.Object(
        { ground: Type.Union([Type.String({ pattern: "^[a-z][a-z0-9_]{0,63}$" }), Type.Null()]), because },
        closed,
      ),
    };
    const frees = { access: { action: "exhibit:release_minor", on: "exhibit", id: idInPath() } } as const;
    app.put("/api/v1/exhibits/:id/minor/ground", { schema: ground, config: frees }, (request) =>
      stateGround(inScope(deps, request), request, { id: request.params.id, ...request.body }),
    );
  };
}

type Said = { readonly id: string; readonly because: string };

async function nameCamera(deps: MarkDeps, request: FastifyRequest, said: Said & { readonly deviceId: string | null }) {
  const { id, deviceId } = said;
  const exhibit = await known(deps, id);
  const { cameras } = await deps.asking.placeOf(deps.db, exhibit.incidentId);
  if (deviceId !== null && !cameras.includes(deviceId)) {
    throw problem(422, "camera_unknown", "the site has no such camera", { pointer: "/deviceId" });
  }
  const camera = deviceId === null ? ("none" as const) : ("ours" as const);
  await mark(deps, { request, exhibit, said }, async (tx) => {
    await saveCamera(tx, id, { camera, deviceId });
    return { kind: "exhibit.camera_named", body: { camera, deviceId } };
  });
  return { camera, deviceId };
}

type Drawn = Said & {
  readonly version: number;
  readonly regions: readonly {
    readonly corners: readonly [number, number][];
    readonly during: { readonly fromMs: number; readonly toMs: number } | null;
  }[];
};

async function markRegions(deps: MarkDeps, request: FastifyRequest, said: Drawn) {
  const { id, regions } = said;
  const exhibit = await known(deps, id);
  const checked = checkMask(regions.map(({ corners }) => corners));
  if (!checked.ok) throw problem(422, "mask_malformed", checked.error.says, { pointer: "/regions" });
  if (regions.some(({ during }) => during !== null && during.toMs <= during.fromMs)) {
    throw problem(422, "mask_malformed", "a region ends after it begins", { pointer: "/regions" });
  }
  let version = 0;
  await mark(deps, { request, exhibit, said }, async (tx, { sealed, actor }) => {
    const drawn = { exhibitId: id, because: sealed, atMs: deps.clock(), actor, version: said.version, regions };
    const saved = await saveRegions(tx, drawn);
    if (saved === null) {
      throw problem(409, "mask_changed", "the regions were changed meanwhile", {
        remedy: "Read them again and repeat.",
      });
    }
    version = saved;
    return { kind: "exhibit.regions_marked", body: { version, regions: regions.length } };
  });
  return { version };
}

async function flagMinor(deps: MarkDeps, request: FastifyRequest, said: Said) {
  const { id } = said;
  const exhibit = await known(deps, id);
  await mark(deps, { request, exhibit, said }, async (tx, { sealed, actor }) => {
    const isNew = await saveMinor(tx, { exhibitId: id, because: sealed, atMs: deps.clock(), actor });
    return isNew ? { kind: "exhibit.minor_flagged", body: {} } : null;
  });
  return { minor: true };
}

async function stateGround(deps: MarkDeps, request: FastifyRequest, said: Said & { readonly ground: string | null }) {
  const { id, ground } = said;
  const exhibit = await known(deps, id);
  if (ground !== null && !deps.minorGrounds.includes(ground)) {
    throw problem(422, "minor_ground_unknown", "this is no ground on which what a minor is in may go out", {
      pointer: "/ground",
      remedy: `Grounds: ${deps.minorGrounds.join(", ")}.`,
    });
  }
  await mark(deps, { request, exhibit, said }, async (tx, { sealed, actor }) => {
    const flag = await lockMinor(tx, id);
    if (flag === null) throw problem(409, "exhibit_no_minor", "nobody said that a minor is in this exhibit");
    if (flag.actor === actor && ground !== null) {
      throw problem(403, "two_persons_needed", "whoever flagged the minor does not state the ground", {
        remedy: "Another person of those who may release decides.",
      });
    }
    await saveMinorGround(tx, { exhibitId: id, because: sealed, atMs: deps.clock(), actor, ground });
    return { kind: "exhibit.minor_ground_stated", body: { ground } };
  });
  return { ground };
}

type Marking = { readonly request: FastifyRequest; readonly exhibit: ExhibitRow; readonly said: Said };
type Marked = {
  readonly kind: string;
  readonly body: Readonly<Record<string, string | number | null>>;
};

/** One transaction: what was said, its entry in the record, and the copy that follows from it. */
async function mark(
  deps: MarkDeps,
  { request, exhibit, said }: Marking,
  work: (tx: Tx, by: { readonly sealed: string; readonly actor: string }) => Promise<Marked | null>,
): Promise<void> {
  const { id, incidentId } = exhibit;
  const { token: actor } = actorOf(request);
  await deps.db.transaction().execute(async (tx) => {
    const sealed = await deps.fields.seal(tx, incidentSubject(incidentId), said.because.trim());
    const marked = await work(tx, { sealed, actor });
    if (marked === null) return;
    const { kind, body } = marked;
    const subject = { kind: "exhibit", id };
    const entry = { kind, actor, subject, because: sealed, atMs: deps.clock(), body: { ...body, incidentId } };
    await appendAudit(tx, [entry], deps.chance);
    if (exhibit.object !== null) await copyFor(tx, deps.asking, { exhibitId: id, incidentId, purpose: null });
  });
  deps.incidentChanged(incidentId);
}

async function known(deps: MarkDeps, id: string): Promise<ExhibitRow> {
  const exhibit = await exhibitById(deps.db, id);
  if (exhibit === null) throw problem(404, "exhibit_unknown", "there is no such exhibit");
  return exhibit;
}
