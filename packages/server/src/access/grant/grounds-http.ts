import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import type { StatedGrounds } from "@tillwatch/wire";
import { typed } from "../../api/typed.ts";
import { appendAudit } from "../../audit/audit-append.ts";
import type { Chance } from "../../platform/chance.ts";
import type { Clock } from "../../platform/clock.ts";
import type { FieldVault } from "../../platform/keys/field-vault.ts";
import type { Db } from "../../schema.ts";
import { askedOf, refusalOf } from "../ask-http.ts";
import type { Access } from "../ask.ts";
import { actorOf } from "../authenticate-http.ts";
import { groundsOf, saveGround } from "./ground-store.ts";
import { checkPurposeWords } from "./purpose-words.ts";
import { idInBody } from "../route-access.ts";

export type GroundRouteDeps = {
  readonly db: Db;
  readonly access: Access;
  readonly fields: FieldVault;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly groundHours: number; // how long a stated ground holds
};

const tags = ["access"];
const time = Type.String({ format: "date-time" });
const shape = Type.Object({
  id: Type.String({ format: "uuid" }),
  incidentId: Type.String({ format: "uuid" }),
  purpose: Type.String(),
  ground: Type.String(),
  statedAt: time,
  expiresAt: time,
});
const body = Type.Object(
  {
    incidentId: Type.String({ maxLength: 64 }),
    purpose: Type.String({ maxLength: 64 }),
    ground: Type.String({ maxLength: 64 }),
    note: Type.Optional(Type.String({ maxLength: 1000, description: "what a reviewer should know; sealed" })),
  },
  { additionalProperties: false },
);

/** Why somebody looks: stated for one case and some hours, in the record, and refused for secondary uses. */
export function groundRoutes(deps: GroundRouteDeps): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    const state = {
      tags,
      operationId: "stateGround",
      summary: "Says why you look at a case; holds for this case and some hours",
      body,
      response: { 201: shape },
    };
    const config = {
      access: { action: "ground:state", on: "incident", id: idInBody("incidentId"), at: "body" },
    } as const;
    app.post("/api/v1/grounds", { schema: state, config }, async (request, reply) =>
      reply.code(201).send(await stateGround(deps, request, request.body)),
    );
    const list = {
      tags,
      operationId: "listGrounds",
      summary: "What you stated and still holds, and the words to choose from",
      response: {
        200: Type.Object({
          items: Type.Array(shape),
          purposes: Type.Array(Type.String()),
          refusedPurposes: Type.Array(Type.Object({ purpose: Type.String(), says: Type.String() })),
          grounds: Type.Array(Type.String()),
          hours: Type.Number(),
        }),
      },
    };
    const own = { access: { action: "account:own", on: "own" } } as const;
    app.get("/api/v1/grounds", { schema: list, config: own }, async (request): Promise<StatedGrounds> => {
      const principal = actorOf(request);
      const { possible, refused } = deps.access.purposesOf(principal);
      return {
        items: await groundsOf(deps.db, principal.token, deps.clock()),
        purposes: possible,
        refusedPurposes: refused,
        grounds: deps.access.engine.set.grounds,
        hours: deps.groundHours,
      };
    });
  };
}

async function stateGround(deps: GroundRouteDeps, request: FastifyRequest, said: Static<typeof body>) {
  checkPurposeWords(deps.access.engine.set, said);
  const principal = actorOf(request);
  const { facts, circumstances } = askedOf(request);
  const statedAtMs = deps.clock();
  const stated = { ...circumstances, purpose: said.purpose, ground: said.ground };
  const decision = deps.access.engine.decide({ principal, action: "ground:state", facts, circumstances: stated });
  const entry = {
    actor: principal.token,
    subject: { kind: "incident", id: said.incidentId },
    because: said.purpose,
    atMs: statedAtMs,
  };
  if (decision.kind !== "allowed") {
    const refusedEntry = { ...entry, kind: "ground.refused", body: { purpose: said.purpose, ground: said.ground } };
    await deps.db.transaction().execute((tx) => appendAudit(tx, [refusedEntry], deps.chance));
    throw refusalOf(decision, facts);
  }
  const id = deps.chance.uuid();
  const expiresAtMs = statedAtMs + deps.groundHours * 3_600_000;
  const { incidentId, purpose, ground } = said;
  const note = said.note?.trim() || null;
  await deps.db.transaction().execute(async (tx) => {
    const { organisationId, token: actor } = principal;
    const row = { id, organisationId, actor, incidentId, purpose, ground, note, statedAtMs, expiresAtMs };
    await saveGround(tx, deps.fields, row);
    const expiresAt = new Date(expiresAtMs).toISOString();
    await appendAudit(
      tx,
      [{ ...entry, kind: "ground.stated", body: { statement: id, purpose, ground, expiresAt } }],
      deps.chance,
    );
  });
  const iso = (ms: number) => new Date(ms).toISOString();
  return { id, incidentId, purpose, ground, statedAt: iso(statedAtMs), expiresAt: iso(expiresAtMs) };
}
