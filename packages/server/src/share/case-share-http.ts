import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import { demandAlso } from "../access/ask-http.ts";
import { actorOf } from "../access/authenticate-http.ts";
import { callersDb, sharedOnly } from "../access/callers-db.ts";
import { idInPath } from "../access/route-access.ts";
import { problem } from "../api/problem.ts";
import { typed } from "../api/typed.ts";
import { appendAudit } from "../audit/audit-append.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import { isStorable } from "../platform/storable-time.ts";
import { minorVerdict, type Minors } from "../minors.ts";
import type { Db } from "../schema.ts";
import type { CaseShareView, SharePartner } from "@tillwatch/wire";
import { insertShare, revokeShare, sharedWith, sharesOf, type CaseShare } from "./case-share-store.ts";

export type CaseShareDeps = {
  readonly db: Db;
  readonly fields: FieldVault;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly partners: () => readonly SharePartner[];
  /** Who said that a minor is among the people of an incident; null: nobody. */
  readonly minorOf: (db: Db, incidentId: string) => Promise<Minors["ofCase"]>;
  /** Legal grounds under which such an incident is shared all the same. */
  readonly minorGrounds: readonly string[];
  /** What people call an organisation. */
  readonly nameOf: (organisationId: string) => string;
  /** After the commit of a new share or of its end: open streams of partners follow at once. */
  readonly onShared: () => Promise<void>;
};

const tags = ["shares"];
const time = Type.String({ format: "date-time" });
const shareShape = Type.Object({
  id: Type.String(),
  incidentId: Type.String(),
  ref: Type.String(),
  organisation: Type.String(),
  partnerId: Type.String(),
  partner: Type.String(),
  ground: Type.String(),
  sharedAt: time,
  sharedBy: Type.String(),
  endsAt: time,
  revokedAt: Type.Union([time, Type.Null()]),
});
const partnerShape = Type.Object({ id: Type.String(), name: Type.String(), kind: Type.String() });
const sharesShape = Type.Object({
  items: Type.Array(shareShape),
  partners: Type.Array(partnerShape),
  minorGrounds: Type.Union([Type.Array(Type.String()), Type.Null()], {
    description: "a minor is among the people: one of these is stated to share it; null: none is",
  }),
});
const params = Type.Object({ id: Type.String({ maxLength: 64 }) });
const shareParams = Type.Object({ id: Type.String({ maxLength: 64 }), shareId: Type.String({ format: "uuid" }) });
const shareBody = Type.Object(
  {
    partnerId: Type.String({ minLength: 1, maxLength: 32 }),
    ground: Type.String({ minLength: 3, maxLength: 1000, description: "why the partner may see it; on the record" }),
    endsAt: Type.String({ description: "until when, RFC 3339; a year at most" }),
    legalGround: Type.Optional(
      Type.String({
        maxLength: 64,
        description: "needed where a minor is among the people: privacy.yaml says which allow it",
      }),
    ),
  },
  { additionalProperties: false },
);
const revokeBody = Type.Object(
  { because: Type.String({ minLength: 3, maxLength: 1000 }) },
  { additionalProperties: false },
);

// A partner who still needs a case after a year is asked again why.
const shareMsMax = 366 * 24 * 3_600_000;

/** An incident shown to a partner's people: by a person, with a ground, until an instant, revocable, on the record. */
export function caseShareRoutes(deps: CaseShareDeps): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    const list = {
      tags,
      operationId: "listShares",
      summary: "Whom an incident is and was shared with, and whom it may be",
      params,
      response: { 200: sharesShape },
    };
    const shares = { access: { action: "incident:share", on: "incident", id: idInPath() } } as const;
    const reads = { access: { action: "share:read", on: "incident", id: idInPath() } } as const;
    app.get("/api/v1/incidents/:id/shares", { schema: list, config: reads }, async (request) => {
      const found = await sharesOf(callersDb(deps.db, request), request.params.id);
      const isOurs = sharedOnly(actorOf(request)) === null;
      const minor = isOurs ? await deps.minorOf(deps.db, request.params.id) : null;
      return {
        items: found.map((share) => viewOf(share, deps)),
        partners: [...deps.partners()],
        minorGrounds: minor === null ? null : [...deps.minorGrounds],
      };
    });
    const add = {
      tags,
      operationId: "shareIncident",
      summary: "Shares an incident with a partner until an instant",
      params,
      body: shareBody,
      response: { 201: Type.Object({ id: Type.String() }) },
    };
    app.post("/api/v1/incidents/:id/shares", { schema: add, config: shares }, async (request, reply) => {
      const id = await shareOne(deps, request, request.params.id);
      return reply.code(201).send({ id });
    });
    const revoke = {
      tags,
      operationId: "revokeShare",
      summary: "Ends a share at once",
      params: shareParams,
      body: revokeBody,
      response: { 204: Type.Null() },
    };
    app.post(
      "/api/v1/incidents/:id/shares/:shareId/revoke",
      { schema: revoke, config: shares },
      async (request, reply) => {
        await revokeOne(deps, request, { ...request.params, because: request.body.because });
        return reply.code(204).send();
      },
    );
    const own = {
      tags,
      operationId: "listSharedWithUs",
      summary: "What others share with the asker's organisation now",
      response: { 200: Type.Object({ items: Type.Array(shareShape) }) },
    };
    const lists = { access: { action: "share:list", on: "organisation" } } as const;
    app.get("/api/v1/shares", { schema: own, config: lists }, async (request) => {
      const { organisationId } = actorOf(request);
      const found = await sharedWith(callersDb(deps.db, request), organisationId, deps.clock());
      return { items: found.map((one) => viewOf(one, deps)) };
    });
  };
}

async function shareOne(
  deps: CaseShareDeps,
  request: FastifyRequest<{ Body: Static<typeof shareBody> }>,
  incidentId: string,
): Promise<string> {
  const { partnerId, ground, endsAt } = request.body;
  const actor = actorOf(request).token;
  const nowMs = deps.clock();
  const endsAtMs = Date.parse(endsAt);
  if (!isStorable(endsAtMs) || endsAtMs <= nowMs || endsAtMs > nowMs + shareMsMax) {
    throw problem(422, "share_end_refused", "endsAt lies within the next year", { pointer: "/endsAt" });
  }
  if (!deps.partners().some(({ id }) => id === partnerId)) {
    throw problem(422, "share_partner_unknown", "there is no such partner", {
      pointer: "/partnerId",
      remedy: "GET the shares of the incident: `partners` lists whom it may be shared with.",
    });
  }
  const minorGround = await minorGroundOf(deps, request, incidentId);
  const id = deps.chance.uuid();
  await callersDb(deps.db, request)
    .transaction()
    .execute(async (tx) => {
      const sealed = await deps.fields.seal(tx, `incident:${incidentId}`, ground.trim());
      const made = {
        id,
        incidentId,
        partnerId,
        ground: sealed,
        sharedAtMs: nowMs,
        sharedBy: actor,
        endsAtMs,
        minorGround,
      };
      if (!(await insertShare(tx, made))) throw unknownIncident();
      const body = { share: id, partner: partnerId, endsAt: new Date(endsAtMs).toISOString(), minorGround };
      const subject = { kind: "incident", id: incidentId };
      const record = { kind: "incident.shared", actor, subject, because: sealed, atMs: nowMs, body };
      await appendAudit(tx, [record], deps.chance);
    });
  await deps.onShared();
  return id;
}

/** The ground under which a minor's case is shared; null: none is among the people. Throws where none allows it (J11). */
async function minorGroundOf(
  deps: CaseShareDeps,
  request: FastifyRequest<{ Body: Static<typeof shareBody> }>,
  incidentId: string,
): Promise<string | null> {
  const ofCase = await deps.minorOf(deps.db, incidentId);
  if (ofCase === null) return null;
  const { legalGround } = request.body;
  const named = legalGround !== undefined && deps.minorGrounds.includes(legalGround);
  if (named) demandAlso(request, "exhibit:release_minor");
  const lift = named ? { ground: legalGround, by: actorOf(request).token, mayLift: true } : null;
  const verdict = minorVerdict({ ofCase, ofExhibit: null }, lift, deps.minorGrounds);
  if (verdict.kind === "lifted") return verdict.ground;
  if (verdict.kind === "withheld" && verdict.because === "same_person") {
    throw problem(403, "two_persons_needed", "whoever said that a minor is in the case does not share it", {
      remedy: "Another person of those who may release what a minor is in shares it.",
    });
  }
  throw problem(409, "share_minor", "a minor is among the people of this case: it is not shared", {
    pointer: "/legalGround",
    remedy: `Share it under one of ${deps.minorGrounds.join(", ")}, if that is the ground, as \`legalGround\`.`,
  });
}

async function revokeOne(
  deps: CaseShareDeps,
  request: FastifyRequest,
  asked: { readonly id: string; readonly shareId: string; readonly because: string },
): Promise<void> {
  const actor = actorOf(request).token;
  const atMs = deps.clock();
  const { id: incidentId, shareId } = asked;
  await callersDb(deps.db, request)
    .transaction()
    .execute(async (tx) => {
      const because = await deps.fields.seal(tx, `incident:${incidentId}`, asked.because.trim());
      if (!(await revokeShare(tx, { id: shareId, incidentId }, { actor, because, atMs }))) {
        throw problem(404, "share_unknown", "there is no such share, or it was ended before");
      }
      const subject = { kind: "incident", id: incidentId };
      const record = { kind: "incident.share_revoked", actor, subject, because, atMs, body: { share: shareId } };
      await appendAudit(tx, [record], deps.chance);
    });
  await deps.onShared();
}

function unknownIncident() {
  return problem(404, "incident_unknown", "there is no incident with this id");
}

function viewOf(
  { sharedAt, endsAt, revokedAt, organisationId, ...shown }: CaseShare,
  deps: CaseShareDeps,
): CaseShareView {
  return {
    ...shown,
    organisation: deps.nameOf(organisationId),
    partner: deps.nameOf(shown.partnerId),
    sharedAt: sharedAt.toISOString(),
    endsAt: endsAt.toISOString(),
    revokedAt: revokedAt?.toISOString() ?? null,
  };
}
