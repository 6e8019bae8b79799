import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { actorOf } from "../access/authenticate-http.ts";
import { organisationDb } from "../access/callers-db.ts";
import { refuseUnknownPlaces, type PlacesOf } from "../access/known-places.ts";
import { namesOf, peopleIn } from "../access/names-read.ts";
import { accountOfMine } from "../access/people/account-change.ts";
import type { Account } from "../access/people/account.ts";
import { problem } from "../api/problem.ts";
import { typed } from "../api/typed.ts";
import { appendAudit } from "../audit/audit-append.ts";
import type { Chance } from "../platform/chance.ts";
import type { Clock } from "../platform/clock.ts";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import type { Db, Tx } from "../schema.ts";
import {
  endTillOperator,
  holdBatches,
  insertTillOperator,
  nameInEarlierCases,
  tillOperatorsIn,
  tillOperatorsOf,
} from "./till-operator-store.ts";

export type TillOperatorDeps = {
  readonly db: Db;
  readonly fields: FieldVault;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly places: PlacesOf;
  /** After the commit: cases of the organisation are no longer there for some of its people. */
  readonly walled: (organisationId: string) => void;
};

const tags = ["accounts"];
const closed = { additionalProperties: false };
const uuid = Type.String({ format: "uuid" });
const reason = Type.String({
  minLength: 10,
  maxLength: 2000,
  pattern: "\\S",
  description: "in your own words; sealed",
});
const siteId = Type.Union([Type.String({ minLength: 1, maxLength: 64 }), Type.Null()]);
const config = { access: { action: "account:operator", on: "organisation" } } as const;
const path = "/api/v1/accounts/:id/till-operators";

/** Which operators of tills are whose account: cases in which a till names one are not there for that person. */
export function tillOperatorRoutes(deps: TillOperatorDeps): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    const params = Type.Object({ id: uuid });
    const list = {
      tags,
      operationId: "listTillOperators",
      summary: "By what tills name a person",
      params,
      response: {
        200: Type.Object({
          items: Type.Array(
            Type.Object({
              id: uuid,
              operator: Type.String(),
              siteId,
              at: Type.String(),
              by: Type.String(),
              because: Type.String(),
            }),
          ),
        }),
      },
    };
    app.get(path, { schema: list, config }, async (request, reply) => {
      const db = organisationDb(deps.db, request);
      const account = await accountOfMine(db, { id: request.params.id, by: actorOf(request) });
      const { organisationId, token: accountToken } = account;
      const found = await tillOperatorsOf(db, { organisationId, accountToken });
      reply.header("cache-control", "no-store");
      return { items: found.map(({ actor: by, at, ...each }) => ({ ...each, by, at: at.toISOString() })) };
    });
    const join = {
      tags,
      operationId: "joinTillOperator",
      summary: "Joins a till's operator to a person: cases that name it are walled from that person, earlier ones too",
      params,
      body: Type.Object(
        {
          operator: Type.String({
            minLength: 1,
            maxLength: 200,
            pattern: "\\S",
            description: "as `cashier` of its signals",
          }),
          siteId: Type.Optional(siteId),
          because: reason,
        },
        { ...closed, description: "`siteId`: where each shop numbers its own staff; without it, at every site" },
      ),
      response: { 201: Type.Object({ id: uuid }) },
    };
    app.post(path, { schema: join, config }, async (request, reply) => {
      const { id } = request.params;
      return reply.code(201).send(await joinOperator(deps, request, { accountId: id, siteId: null, ...request.body }));
    });
    endRoute(instance, deps);
    listRoute(instance, deps);
  };
}

/** Everybody's at once, for who looks after them without seeing accounts. Of oneself nothing: nobody says where the own wall stands. */
function listRoute(instance: Parameters<FastifyPluginAsync>[0], deps: TillOperatorDeps): void {
  const list = {
    tags,
    operationId: "listOrganisationTillOperators",
    summary: "By what tills name the people of the organisation, and of whom one may say it",
    response: {
      200: Type.Object({
        items: Type.Array(
          Type.Object({
            id: uuid,
            accountId: uuid,
            name: Type.String(),
            operator: Type.String(),
            siteId,
            at: Type.String(),
            by: Type.String(),
            because: Type.String(),
          }),
        ),
        people: Type.Array(Type.Object({ id: uuid, name: Type.String(), roles: Type.Array(Type.String()) })),
        names: Type.Record(Type.String(), Type.String()),
      }),
    },
  };
  typed(instance).get("/api/v1/till-operators", { schema: list, config }, async (request, reply) => {
    const { token, organisationId } = actorOf(request);
    const db = organisationDb(deps.db, request);
    const reader = { organisationId, but: token };
    const found = await tillOperatorsIn(db, reader);
    const people = await peopleIn(db, reader);
    const actors = found.map(({ actor }) => actor);
    reply.header("cache-control", "no-store");
    return {
      items: found.map(({ actor: by, at, ...each }) => ({ ...each, by, at: at.toISOString() })),
      people: people.map(({ id, name, roles }) => ({ id, name, roles: [...roles] })),
      names: { ...(await namesOf({ db: deps.db, vault: deps.fields }, actorOf(request), { actors, subjects: [] })) },
    };
  });
}

function endRoute(instance: Parameters<FastifyPluginAsync>[0], deps: TillOperatorDeps): void {
  const end = {
    tags,
    operationId: "endTillOperator",
    summary: "It is this person's no more; cases that it named the person in stay walled",
    params: Type.Object({ id: uuid, operator: uuid }),
    body: Type.Object({ because: reason }, closed),
    response: { 204: Type.Null() },
  };
  typed(instance).post(`${path}/:operator/end`, { schema: end, config }, async (request, reply) => {
    const { id: accountId, operator: id } = request.params;
    await endOperator(deps, request, { accountId, id, because: request.body.because });
    return reply.code(204).send();
  });
}

type Joining = {
  readonly accountId: string;
  readonly operator: string;
  readonly siteId: string | null;
  readonly because: string;
};

async function joinOperator(deps: TillOperatorDeps, request: FastifyRequest, asked: Joining): Promise<{ id: string }> {
  const { token: actor, organisationId } = actorOf(request);
  if (asked.siteId !== null) refuseUnknownPlaces(deps.places(organisationId), { sites: [asked.siteId] });
  const joined = {
    id: deps.chance.uuid(),
    organisationId,
    siteId: asked.siteId,
    operator: asked.operator.trim(),
    because: asked.because.trim(),
    actor,
    atMs: deps.clock(),
  };
  // As the machine: the cases that are walled now are nobody's to count.
  await deps.db.transaction().execute(async (tx) => {
    const account = await accountOfAnother(tx, asked.accountId, request);
    const whole = { ...joined, accountToken: account.token };
    await holdBatches(tx);
    if (!(await insertTillOperator(tx, whole, deps.fields))) {
      throw problem(409, "till_operator_known", "this operator is joined to this person there already");
    }
    await nameInEarlierCases(tx, whole, { chance: deps.chance, nowMs: joined.atMs });
    const why = await deps.fields.seal(tx, account.token, joined.because);
    const body = { operatorId: joined.id, siteId: joined.siteId };
    await record(deps, tx, { kind: "account.operator_joined", account, actor, because: why, body });
  });
  deps.walled(organisationId);
  return { id: joined.id };
}

async function endOperator(
  deps: TillOperatorDeps,
  request: FastifyRequest,
  asked: { readonly accountId: string; readonly id: string; readonly because: string },
): Promise<void> {
  const { token: actor, organisationId } = actorOf(request);
  await deps.db.transaction().execute(async (tx) => {
    const account = await accountOfAnother(tx, asked.accountId, request);
    const because = asked.because.trim();
    const ending = { id: asked.id, organisationId, accountToken: account.token, because, actor, atMs: deps.clock() };
    if (!(await endTillOperator(tx, ending, deps.fields))) {
      throw problem(404, "till_operator_unknown", "this person is joined to no such operator, or no more");
    }
    const why = await deps.fields.seal(tx, account.token, because);
    await record(deps, tx, {
      kind: "account.operator_ended",
      account,
      actor,
      because: why,
      body: { operatorId: asked.id },
    });
  });
}

/** Of the own organisation, and not the own: whoever is walled off does not say where the wall stands. */
async function accountOfAnother(tx: Tx, id: string, request: FastifyRequest): Promise<Account> {
  const by = actorOf(request);
  const account = await accountOfMine(tx, { id, by });
  if (account.token !== by.token) return account;
  throw problem(403, "till_operator_own", "nobody says which operator of a till he is himself", {
    remedy: "Another administrator or the data protection officer does.",
  });
}

type Entry = {
  readonly kind: string;
  readonly account: Account;
  readonly actor: string;
  readonly because: string;
  readonly body: Readonly<Record<string, string | null>>;
};

async function record(
  deps: TillOperatorDeps,
  tx: Tx,
  { kind, account, actor, because: why, body }: Entry,
): Promise<void> {
  const subject = { kind: "account", id: account.id };
  const { organisationId } = account;
  await appendAudit(
    tx,
    [{ kind, actor, subject, because: why, atMs: deps.clock(), body, organisationId }],
    deps.chance,
  );
}
