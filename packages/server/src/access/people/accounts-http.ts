import type { FastifyPluginAsync } from "fastify";
import { Type, type Static } from "typebox";
import { typed } from "../../api/typed.ts";
import { actorOf } from "../authenticate-http.ts";
import { organisationDb } from "../callers-db.ts";
import { refuseUnknownPlaces } from "../known-places.ts";
import { roles } from "../principal.ts";
import { accountById, accountsOf, insertAccount } from "./account-store.ts";
import { accountOrigins, accountStates, loginCharsMax, nameCharsMax, type Account } from "./account.ts";
import { accountOfMine, accountReasons, changeAccount, endSessionsOf, newLink } from "./account-change.ts";
import { sessionShape, sessionsShown, sessionUnknown } from "./my-account-http.ts";
import { recordNaming } from "./account-look-append.ts";
import { makeLink } from "./one-time-link-store.ts";
import { readAccounts, writeAccounts } from "./people-access.ts";
import { recordPeople, type PeopleDeps } from "./people-deps.ts";
import { loginTaken } from "./set-up-http.ts";

const tags = ["accounts"];
const time = Type.String({ format: "date-time" });
const because = Type.Enum([...accountReasons]);
const idParams = Type.Object({ id: Type.String({ format: "uuid" }) });
const rolesShape = Type.Array(Type.Enum([...roles]), { minItems: 1, maxItems: roles.length, uniqueItems: true });
const placesShape = Type.Union([
  Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 1_000, uniqueItems: true }),
  Type.Null(),
]);
const accountShape = Type.Object({
  id: Type.String({ format: "uuid" }),
  token: Type.String(),
  name: Type.String(),
  login: Type.String(),
  roles: Type.Array(Type.String()),
  sites: placesShape,
  regions: placesShape,
  state: Type.Enum([...accountStates]),
  origin: Type.Enum([...accountOrigins]),
  because: Type.String(),
  createdAt: time,
  lastSeenAt: Type.Union([time, Type.Null()]),
  endsAt: Type.Union([time, Type.Null()]),
  version: Type.Integer(),
});
const linkShape = Type.Object({ link: Type.String(), expiresAt: time });
const noBody = { 204: Type.Null() };

/** The people of an organisation, for its administrators. Whoever belongs to another organisation is not there: 404. */
export function accountRoutes(deps: PeopleDeps): FastifyPluginAsync {
  return async (instance) => {
    readRoutes(instance, deps);
    inviteRoute(instance, deps);
    changeRoutes(instance, deps);
    sessionRoutes(instance, deps);
  };
}

type Instance = Parameters<FastifyPluginAsync>[0];

function readRoutes(instance: Instance, deps: PeopleDeps): void {
  const list = {
    tags,
    operationId: "listAccounts",
    summary: "People of my organisation",
    querystring: Type.Object({
      cursor: Type.Optional(Type.String({ format: "uuid" })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
    }),
    response: {
      200: Type.Object({ items: Type.Array(accountShape), nextCursor: Type.Union([Type.String(), Type.Null()]) }),
    },
  };
  typed(instance).get("/api/v1/accounts", { schema: list, config: readAccounts }, async (request) => {
    const { cursor = null, limit = 100 } = request.query;
    const { organisationId, token: actor } = actorOf(request);
    await recordNaming(deps, { actor, organisationId }, null);
    const found = await accountsOf(organisationDb(deps.db, request), organisationId, {
      after: cursor,
      limit: limit + 1,
    });
    const page = found.slice(0, limit);
    const nextCursor = found.length > limit ? (page.at(-1)?.id ?? null) : null;
    return { items: await shown(page, deps), nextCursor };
  });
  const read = {
    tags,
    operationId: "readAccount",
    summary: "One person",
    params: idParams,
    response: { 200: accountShape },
  };
  typed(instance).get("/api/v1/accounts/:id", { schema: read, config: readAccounts }, async (request) => {
    const account = await accountOfMine(organisationDb(deps.db, request), {
      id: request.params.id,
      by: actorOf(request),
    });
    const { organisationId, token: actor } = actorOf(request);
    await recordNaming(deps, { actor, organisationId }, account.id);
    const [view] = await shown([account], deps);
    return view;
  });
}

async function shown(accounts: readonly Account[], deps: PeopleDeps): Promise<Static<typeof accountShape>[]> {
  const sealed = accounts.flatMap(({ name, login }) => [name, login]);
  const texts = await deps.vault.openMany(deps.db, sealed);
  return accounts.map((account, at) => ({
    id: account.id,
    token: account.token,
    name: texts[2 * at] ?? "",
    login: texts[2 * at + 1] ?? "",
    roles: [...account.roles],
    sites: account.sites === null ? null : [...account.sites],
    regions: account.regions === null ? null : [...account.regions],
    state: account.state,
    origin: account.origin,
    because: account.because,
    createdAt: account.createdAt.toISOString(),
    lastSeenAt: account.lastSeenAt?.toISOString() ?? null,
    endsAt: account.endsAt?.toISOString() ?? null,
    version: account.version,
  }));
}

function inviteRoute(instance: Instance, deps: PeopleDeps): void {
  const schema = {
    tags,
    operationId: "inviteAccount",
    summary: "Invites a person; answers the link for that person, once",
    body: Type.Object(
      {
        name: Type.String({ minLength: 1, maxLength: nameCharsMax, pattern: "\\S" }),
        login: Type.String({ minLength: 1, maxLength: loginCharsMax, pattern: "\\S" }),
        roles: rolesShape,
        sites: Type.Optional(placesShape),
        regions: Type.Optional(placesShape),
      },
      { additionalProperties: false },
    ),
    response: { 201: Type.Intersect([accountShape, linkShape]) },
  };
  typed(instance).post("/api/v1/accounts", { schema, config: writeAccounts }, async (request, reply) => {
    const { sites = null, regions = null, ...person } = request.body;
    const { organisationId, token: actor } = actorOf(request);
    refuseUnknownPlaces(deps.places(organisationId), { sites, regions });
    const id = deps.chance.uuid();
    const link = await deps.db.transaction().execute(async (tx) => {
      const fixed = { id, organisationId, state: "invited", origin: "local", because: "joined" } as const;
      const account = { ...person, sites, regions, ...fixed };
      if (!(await insertAccount(tx, account, { vault: deps.vault, nowMs: deps.clock() }))) throw loginTaken();
      const body = { roles: person.roles, sites, regions };
      const entry = { kind: "account.invited", actor, accountId: id, organisationId, because: "joined", body };
      await recordPeople(tx, [entry], deps);
      return makeLink(tx, { accountId: id, use: "invitation", by: actor, nowMs: deps.clock() }, deps.chance);
    });
    const account = await accountById(deps.db, id);
    const [view] = await shown(account === null ? [] : [account], deps);
    return reply.code(201).send({ ...view, ...linkAnswer(link, deps) });
  });
}

/** The address that the person opens. The secret stands behind #: browsers send it to nobody, so no log on the way has it. */
export function linkAnswer(
  link: { readonly secret: string; readonly expiresAtMs: number },
  deps: Pick<PeopleDeps, "place">,
): { readonly link: string; readonly expiresAt: string } {
  return {
    link: `${deps.place().origin}/set-up#${link.secret}`,
    expiresAt: new Date(link.expiresAtMs).toISOString(),
  };
}

function changeRoutes(instance: Instance, deps: PeopleDeps): void {
  const app = typed(instance);
  const edit = {
    tags,
    operationId: "changeAccount",
    summary: "Changes roles and places; holds at once, in open sessions too",
    params: idParams,
    body: Type.Object(
      {
        roles: Type.Optional(rolesShape),
        sites: Type.Optional(placesShape),
        regions: Type.Optional(placesShape),
        because,
        version: Type.Optional(Type.Integer({ minimum: 1 })),
      },
      { additionalProperties: false },
    ),
    response: noBody,
  };
  app.patch("/api/v1/accounts/:id", { schema: edit, config: writeAccounts }, async (request, reply) => {
    const { because: why, version = null, ...to } = request.body;
    const by = actorOf(request);
    refuseUnknownPlaces(deps.places(by.organisationId), to);
    await changeAccount({ id: request.params.id, by, kind: "account.changed", because: why, version, to }, deps);
    return reply.code(204).send();
  });
  for (const { verb, operationId, summary, kind } of moves) {
    const schema = {
      tags,
      operationId,
      summary,
      params: idParams,
      body: Type.Object({ because }, { additionalProperties: false }),
      response: noBody,
    };
    app.post(`/api/v1/accounts/:id/${verb}`, { schema, config: writeAccounts }, async (request, reply) => {
      // The path is put together, so that its parameters are not in the type; the schema has checked them.
      const { id } = request.params as { readonly id: string };
      const { because: why } = request.body as { readonly because: string };
      await changeAccount({ id, by: actorOf(request), kind, because: why, version: null, to: {} }, deps);
      return reply.code(204).send();
    });
  }
  const link = {
    tags,
    operationId: "linkAccount",
    summary: "A new one-time link for who lost the first one, or every way to sign in",
    params: idParams,
    body: Type.Object({ because }, { additionalProperties: false }),
    response: { 201: linkShape },
  };
  app.post("/api/v1/accounts/:id/link", { schema: link, config: writeAccounts }, async (request, reply) => {
    const asked = { id: request.params.id, by: actorOf(request), because: request.body.because };
    return reply.code(201).send(linkAnswer(await newLink(asked, deps), deps));
  });
}

const moves = [
  {
    verb: "suspend",
    operationId: "suspendAccount",
    summary: "Suspends a person: every session ends within seconds",
    kind: "account.suspended",
  },
  { verb: "resume", operationId: "resumeAccount", summary: "Takes a suspension back", kind: "account.resumed" },
  { verb: "end", operationId: "endAccount", summary: "Ends an account, for good", kind: "account.ended" },
] as const;

function sessionRoutes(instance: Instance, deps: PeopleDeps): void {
  const app = typed(instance);
  const list = {
    tags,
    operationId: "listAccountSessions",
    summary: "Where a person is signed in",
    params: idParams,
    response: { 200: Type.Object({ items: Type.Array(sessionShape) }) },
  };
  app.get("/api/v1/accounts/:id/sessions", { schema: list, config: readAccounts }, async (request) => {
    const by = actorOf(request);
    const account = await accountOfMine(deps.db, { id: request.params.id, by });
    return { items: await sessionsShown(account.id, { deps, mine: by.sessionId }) };
  });
  const endAll = { tags, operationId: "endAccountSessions", summary: "Ends all", params: idParams, response: noBody };
  app.delete("/api/v1/accounts/:id/sessions", { schema: endAll, config: writeAccounts }, async (request, reply) => {
    await endSessionsOf({ id: request.params.id, by: actorOf(request), only: null }, deps);
    return reply.code(204).send();
  });
  const params = Type.Object({ ...idParams.properties, session: Type.String({ format: "uuid" }) });
  const endOne = { tags, operationId: "endAccountSession", summary: "Ends one", params, response: noBody };
  const path = "/api/v1/accounts/:id/sessions/:session";
  app.delete(path, { schema: endOne, config: writeAccounts }, async (request, reply) => {
    const { id, session } = request.params;
    if ((await endSessionsOf({ id, by: actorOf(request), only: session }, deps)) === 0) throw sessionUnknown();
    return reply.code(204).send();
  });
}
