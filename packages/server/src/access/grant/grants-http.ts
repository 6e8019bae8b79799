import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import type { JsonObject } from "@tillwatch/wire";
import { problem } from "../../api/problem.ts";
import { typed, type TypedApp } from "../../api/typed.ts";
import { appendAudit } from "../../audit/audit-append.ts";
import type { Chance } from "../../platform/chance.ts";
import type { Clock } from "../../platform/clock.ts";
import type { FieldVault } from "../../platform/keys/field-vault.ts";
import type { Db, Tx } from "../../schema.ts";
import type { Access } from "../ask.ts";
import { actorOf } from "../authenticate-http.ts";
import { namesOf } from "../names-read.ts";
import { organisationDb } from "../callers-db.ts";
import {
  decideGrant,
  endGrants,
  grantById,
  insertGrant,
  listGrants,
  overdueReviews,
  reviewGrant,
  type GrantPlace,
  type NewGrant,
} from "./grant-store.ts";
import { checkPurposeWords } from "./purpose-words.ts";
import { idInPath } from "../route-access.ts";

/** Somebody must look now: told by webhook and on the live stream, in the transaction of what happened. */
export type AccessAlarm = {
  readonly kind: "break_glass" | "review_overdue";
  readonly grantId: string;
  readonly organisationId: string;
  readonly actor: string;
  readonly reviewBy: string | null;
};

export type GrantDeps = {
  readonly db: Db;
  readonly fields: FieldVault;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly alarm: (tx: Tx, alarm: AccessAlarm) => Promise<void>;
  readonly alarmed: (alarm: AccessAlarm) => void; // after the commit
  /** After the commit: what somebody of the organisation may open is another now. Open pages ask again. */
  readonly changed: (organisationId: string) => void;
};
export type GrantRouteDeps = GrantDeps & { readonly access: Access };

/** An emergency is over after this, and must have been looked at after that. */
export const breakGlassHours = 4;
export const reviewWithinHours = 24;

const tags = ["access"];
const why = Type.String({ minLength: 10, maxLength: 2000, pattern: "\\S", description: "in your own words; sealed" });
const place = {
  incidentId: Type.Optional(Type.String({ format: "uuid" })),
  siteId: Type.Optional(Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$" })),
};
const askBody = Type.Object(
  {
    ...place,
    purpose: Type.String({ maxLength: 64 }),
    ground: Type.String({ maxLength: 64 }),
    because: why,
    hours: Type.Integer({ minimum: 1, maximum: 720 }),
  },
  { additionalProperties: false, description: "one of incidentId and siteId" },
);
const breakBody = Type.Object({ ...place, because: why }, { additionalProperties: false });
const decideBody = Type.Object({ approve: Type.Boolean() }, { additionalProperties: false });
const reviewBody = Type.Object(
  { review: Type.Enum(["justified", "not_justified"]), because: why },
  { additionalProperties: false, description: "`not_justified` ends the access at once, where it lasts" },
);
const made = Type.Object({ id: Type.String({ format: "uuid" }), endsAt: Type.Union([Type.String(), Type.Null()]) });

/** Access for a time: ask, decide by another person, end; emergencies at once, with an alarm and a review by another person. */
export function grantRoutes(deps: GrantRouteDeps): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    listRoutes(app, deps);
    const ask = { tags, operationId: "requestGrant", summary: "Asks for access for a time", body: askBody };
    const asks = { access: { action: "grant:request", on: "organisation" } } as const;
    app.post("/api/v1/grants", { schema: { ...ask, response: { 201: made } }, config: asks }, async (request, reply) =>
      reply.code(201).send(await requestGrant(deps, request, request.body)),
    );
    const glass = {
      tags,
      operationId: "breakGlass",
      summary: "Opens a case or site at once: alarms, is reviewed",
      body: breakBody,
    };
    const breaks = { access: { action: "break_glass:use", on: "organisation" } } as const;
    app.post(
      "/api/v1/break-glass",
      { schema: { ...glass, response: { 201: made } }, config: breaks },
      async (request, reply) => reply.code(201).send(await breakGlass(deps, request, request.body)),
    );
    const params = Type.Object({ id: Type.String({ maxLength: 64 }) });
    const decide = { tags, operationId: "decideGrant", summary: "Approves or refuses what another person asked for" };
    const decides = { access: { action: "grant:decide", on: "grant", id: idInPath() } } as const;
    app.post(
      "/api/v1/grants/:id/decision",
      { schema: { ...decide, params, body: decideBody, response: { 200: made } }, config: decides },
      (request) => decideOn(deps, request, { id: request.params.id, approve: request.body.approve }),
    );
    const end = { tags, operationId: "endGrant", summary: "Ends access before its time", params };
    app.post("/api/v1/grants/:id/end", { schema: end, config: decides }, async (request, reply) => {
      await endEarly(deps, request, request.params.id);
      return reply.code(204).send();
    });
    const review = { tags, operationId: "reviewBreakGlass", summary: "Says whether an emergency was one", params };
    const reviews = { access: { action: "break_glass:review", on: "grant", id: idInPath() } } as const;
    app.post(
      "/api/v1/grants/:id/review",
      { schema: { ...review, body: reviewBody }, config: reviews },
      async (request, reply) => {
        await reviewOf(deps, request, { id: request.params.id, ...request.body });
        return reply.code(204).send();
      },
    );
  };
}

/** Whoever may see them sees all of the organisation, anybody else the own: a page may ask without being refused. */
function listRoutes(app: TypedApp, deps: GrantRouteDeps): void {
  const list = {
    tags,
    operationId: "listGrants",
    summary: "Access for a time: all where you may see them, else yours",
  };
  const asks = { access: { action: "account:own", on: "own" } } as const;
  app.get("/api/v1/grants", { schema: list, config: asks }, async (request) => {
    const principal = actorOf(request);
    const seesAll = (await deps.access.ask(principal, "grant:list", { kind: "organisation" })).kind === "allowed";
    const { organisationId, token } = principal;
    const of = { organisationId, nowMs: deps.clock() };
    // One's own, wherever they open something, and (for whoever may) those of the places within reach.
    const own = await listGrants(deps.db, deps.fields, { ...of, actor: token });
    if (!seesAll) return { items: own, names: {} };
    const others = await listGrants(organisationDb(deps.db, request), deps.fields, { ...of, actor: null });
    const mine = own.filter(({ id }) => !others.some((grant) => grant.id === id));
    // Nobody decides on somebody whom he does not know.
    const actors = others.flatMap(({ actor, decidedBy, reviewedBy }) => [actor, decidedBy ?? "", reviewedBy ?? ""]);
    const names = await namesOf({ db: deps.db, vault: deps.fields }, principal, { actors, subjects: [] });
    return { items: [...others, ...mine], names };
  });
}

type Place = { readonly incidentId: string | null; readonly siteId: string | null };

/** One place. Whether it exists is not told: whoever decides knows it. */
function placeIn(body: { readonly incidentId?: string; readonly siteId?: string }): Place {
  const { incidentId = null, siteId = null } = body;
  if ((incidentId === null) !== (siteId === null)) return { incidentId, siteId };
  throw problem(422, "grant_place_needed", "name one case or one site", { pointer: "/incidentId" });
}

async function requestGrant(deps: GrantRouteDeps, request: FastifyRequest, said: Static<typeof askBody>) {
  checkPurposeWords(deps.access.engine.set, said);
  const { purpose, ground, hours } = said;
  return add(deps, request, {
    kind: "granted",
    ...placeIn(said),
    purpose,
    ground,
    because: said.because.trim(),
    hours,
  });
}

async function breakGlass(deps: GrantRouteDeps, request: FastifyRequest, said: Static<typeof breakBody>) {
  const because = said.because.trim();
  const hours = breakGlassHours;
  return add(deps, request, { kind: "break_glass", ...placeIn(said), purpose: null, ground: null, because, hours });
}

async function add(
  deps: GrantRouteDeps,
  request: FastifyRequest,
  wanted: Pick<NewGrant, "kind" | "incidentId" | "siteId" | "purpose" | "ground" | "because" | "hours">,
) {
  const { organisationId, token: actor } = actorOf(request);
  const id = deps.chance.uuid();
  const askedAtMs = deps.clock();
  const broken = wanted.kind === "break_glass";
  const endsAtMs = broken ? askedAtMs + wanted.hours * 3_600_000 : null;
  const reviewByMs = broken ? askedAtMs + reviewWithinHours * 3_600_000 : null;
  const { incidentId, siteId, purpose, ground, hours } = wanted;
  const reviewBy = reviewByMs === null ? null : new Date(reviewByMs).toISOString();
  const alarm: AccessAlarm = { kind: "break_glass", grantId: id, organisationId, actor, reviewBy };
  await deps.db.transaction().execute(async (tx) => {
    await insertGrant(tx, deps.fields, { ...wanted, id, organisationId, actor, askedAtMs, endsAtMs, reviewByMs });
    await record(deps, tx, {
      kind: broken ? "break_glass.used" : "grant.requested",
      id,
      actor,
      place: { organisationId, incidentId, siteId },
      because: purpose ?? "an emergency",
      body: { incidentId, siteId, purpose, ground, hours, reviewBy },
    });
    if (broken) await deps.alarm(tx, alarm);
  });
  if (broken) deps.alarmed(alarm);
  return { id, endsAt: endsAtMs === null ? null : new Date(endsAtMs).toISOString() };
}

async function decideOn(deps: GrantRouteDeps, request: FastifyRequest, asked: { id: string; approve: boolean }) {
  const { token: by } = actorOf(request);
  const { id, approve } = asked;
  const atMs = deps.clock();
  const decided = await deps.db.transaction().execute(async (tx) => {
    const grant = await locked(tx, id);
    if (grant.kind !== "granted" || grant.state !== "requested") {
      throw problem(409, "grant_decided", "this was decided before");
    }
    const endsAtMs = approve ? atMs + grant.hours * 3_600_000 : null;
    await decideGrant(tx, id, { state: approve ? "active" : "refused", by, atMs, endsAtMs });
    const endsAt = endsAtMs === null ? null : new Date(endsAtMs).toISOString();
    const body = { to: grant.actor, endsAt };
    const kind = approve ? "grant.approved" : "grant.refused";
    await record(deps, tx, { kind, id, actor: by, place: grant, because: "another person decided", body });
    return { id, endsAt };
  });
  deps.changed(actorOf(request).organisationId);
  return decided;
}

async function endEarly(deps: GrantRouteDeps, request: FastifyRequest, id: string): Promise<void> {
  const { token: by } = actorOf(request);
  const atMs = deps.clock();
  await deps.db.transaction().execute(async (tx) => {
    const grant = await locked(tx, id);
    if (grant.state !== "active") throw problem(409, "grant_not_active", `the grant is ${grant.state}`);
    await decideGrant(tx, id, { state: "ended", by, atMs, endsAtMs: atMs });
    const because = "ended before its time";
    await record(deps, tx, { kind: "grant.ended", id, actor: by, place: grant, because, body: { of: grant.actor } });
  });
  deps.changed(actorOf(request).organisationId);
}

async function reviewOf(
  deps: GrantRouteDeps,
  request: FastifyRequest,
  { id, review, because }: { readonly id: string } & Static<typeof reviewBody>,
): Promise<void> {
  const { token: by } = actorOf(request);
  const atMs = deps.clock();
  await deps.db.transaction().execute(async (tx) => {
    const grant = await locked(tx, id);
    if (grant.kind !== "break_glass" || grant.reviewed) {
      throw problem(409, "grant_reviewed", "there is nothing to review: it was reviewed, or is no emergency");
    }
    const said = await deps.fields.seal(tx, `grant:${id}`, because.trim());
    await reviewGrant(tx, id, { review, by, because: said, atMs });
    const entry = { id, actor: by, place: grant };
    const body = { of: grant.actor, review };
    await record(deps, tx, { ...entry, kind: "break_glass.reviewed", because: said, body });
    if (review === "justified" || grant.state !== "active") return;
    // What was no emergency stays open to nobody.
    await decideGrant(tx, id, { state: "ended", by, atMs, endsAtMs: atMs });
    await record(deps, tx, {
      ...entry,
      kind: "grant.ended",
      because: "ended before its time",
      body: { of: grant.actor },
    });
  });
  deps.changed(actorOf(request).organisationId);
}

async function locked(tx: Tx, id: string): Promise<GrantPlace> {
  const grant = await grantById(tx, id, true);
  if (grant === null) throw problem(404, "grant_unknown", "there is no such grant");
  return grant;
}

type Entry = {
  readonly kind: string;
  readonly id: string;
  readonly actor: string;
  readonly place: {
    readonly organisationId: string;
    readonly incidentId?: string | null;
    readonly siteId?: string | null;
  };
  readonly because: string;
  readonly body: JsonObject;
};

async function record(deps: GrantDeps, tx: Tx, { kind, id, actor, place: at, because, body }: Entry): Promise<void> {
  const { organisationId, incidentId = null, siteId = null } = at;
  const where = {
    organisationId,
    ...(incidentId === null ? {} : { incidentId }),
    ...(siteId === null ? {} : { siteId }),
  };
  const subject = { kind: "grant", id };
  const entry = { kind, actor, subject, because, atMs: deps.clock(), body: { ...where, ...body } };
  await appendAudit(tx, [entry], deps.chance);
}

/** Ends what is over and alarms about reviews that are; app.ts runs it every minute. */
export async function sweepGrants(deps: GrantDeps): Promise<void> {
  const nowMs = deps.clock();
  const { alarms, ended } = await deps.db.transaction().execute(async (tx) => {
    const over = await endGrants(tx, nowMs);
    for (const { id, organisationId, actor } of over) {
      const entry = { kind: "grant.ended", id, actor: "machine", because: "its time is over" };
      await record(deps, tx, { ...entry, place: { organisationId }, body: { of: actor } });
    }
    const overdue = await overdueReviews(tx, nowMs);
    const told = overdue.map(({ id, organisationId, actor }): AccessAlarm => {
      return { kind: "review_overdue", grantId: id, organisationId, actor, reviewBy: null };
    });
    for (const alarm of told) {
      const { grantId: id, organisationId } = alarm;
      const entry = { kind: "break_glass.review_overdue", id, actor: "machine", because: "nobody reviewed it in time" };
      await record(deps, tx, { ...entry, place: { organisationId }, body: { of: alarm.actor } });
      await deps.alarm(tx, alarm);
    }
    return { alarms: told, ended: over };
  });
  for (const organisationId of new Set(ended.map((grant) => grant.organisationId))) deps.changed(organisationId);
  for (const alarm of alarms) deps.alarmed(alarm);
}
