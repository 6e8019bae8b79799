import type { FastifyInstance, FastifyPluginAsync } from "fastify";
import { Type, type Static } from "typebox";
import { problem } from "../../api/problem.ts";
import { typed } from "../../api/typed.ts";
import type { Chance } from "../../platform/chance.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Db, Tx } from "../../schema.ts";
import { actionNames } from "../actions.ts";
import { actorOf } from "../authenticate-http.ts";
import { organisationDb } from "../callers-db.ts";
import { digestOf } from "../credential.ts";
import { refuseUnknownPlaces, type PlacesOf } from "../known-places.ts";
import { roles, type Principal } from "../principal.ts";
import { apiKeyBytes, keyState, makeApiKey } from "./api-key.ts";
import { record } from "./recorded-append.ts";
import { asks } from "./route-config.ts";
import { beyondOwn, planKey } from "./service-account.ts";
import { serviceAccount, serviceAccountsOf, type ServiceAccountWithKeys } from "./service-account-read.ts";
import {
  endServiceAccount,
  insertApiKey,
  insertServiceAccount,
  lockServiceAccount,
  revokeApiKey,
  shortenApiKey,
} from "./service-account-store.ts";
import type { ApiKey, ServiceAccount } from "./service-account-tables.ts";

export type ServiceAccountDeps = {
  readonly db: Db;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly places: PlacesOf;
};

const tags = ["service accounts"];
const instant = Type.String({ format: "date-time" });
const instantOrNull = Type.Union([instant, Type.Null()]);
const textList = Type.Union([Type.Array(Type.String()), Type.Null()]);
const because = Type.String({ minLength: 1, maxLength: 500, pattern: "\\S" });
const scopeName = Type.Enum([...actionNames]);
const placeName = Type.String({ minLength: 1, maxLength: 128 });

const keyShape = Type.Object({
  id: Type.String(),
  state: Type.Enum(["live", "expired", "revoked", "ended"]),
  createdAt: instant,
  createdBy: Type.String(),
  expiresAt: instant,
  revokedAt: instantOrNull,
  because: Type.String(),
  lastUsedAt: instantOrNull,
});
const accountShape = Type.Object({
  id: Type.String({ format: "uuid" }),
  token: Type.String(),
  name: Type.String(),
  purpose: Type.String(),
  roles: Type.Array(Type.String()),
  scopes: Type.Array(Type.String()),
  sites: textList,
  regions: textList,
  state: Type.Enum(["active", "ended"]),
  because: Type.String(),
  createdAt: instant,
  createdBy: Type.String(),
  keys: Type.Array(keyShape),
});
const newAccountShape = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 80, pattern: "\\S" }),
    purpose: Type.String({ minLength: 1, maxLength: 500, pattern: "\\S" }),
    roles: Type.Array(Type.Enum([...roles]), { uniqueItems: true, maxItems: roles.length }),
    scopes: Type.Array(scopeName, { minItems: 1, maxItems: 100, uniqueItems: true }),
    sites: Type.Optional(Type.Array(placeName, { maxItems: 1000, uniqueItems: true })),
    regions: Type.Optional(Type.Array(placeName, { maxItems: 100, uniqueItems: true })),
  },
  { additionalProperties: false },
);
const newKeyShape = Type.Object(
  {
    expiresAt: instant,
    oldEndsAt: Type.Optional(Type.String({ format: "date-time", description: "when the key that is replaced ends" })),
    because,
  },
  { additionalProperties: false },
);
const madeKeyShape = Type.Object({
  key: Type.String({ description: "twk_<id>_<secret>: shown here and never again" }),
  id: Type.String(),
  expiresAt: instant,
});
const idParams = Type.Object({ id: Type.String({ format: "uuid" }) });
const becauseShape = Type.Object({ because }, { additionalProperties: false });

/** Programs that speak to us, and their keys. Every change is on the record. */
export function serviceAccountRoutes(deps: ServiceAccountDeps): FastifyPluginAsync {
  return async (app) => {
    readRoutes(app, deps);
    accountRoutes(app, deps);
    keyRoutes(app, deps);
  };
}

function readRoutes(instance: FastifyInstance, deps: ServiceAccountDeps): void {
  const app = typed(instance);
  const list = {
    tags,
    operationId: "listServiceAccounts",
    summary: "Service accounts with their keys",
    response: { 200: Type.Object({ items: Type.Array(accountShape) }) },
  };
  app.get("/api/v1/service-accounts", { schema: list, config: asks("service:read") }, async (request) => {
    const accounts = await serviceAccountsOf(organisationDb(deps.db, request), actorOf(request).organisationId);
    return { items: accounts.map((account) => viewOf(account, deps.clock())) };
  });
  const read = {
    tags,
    operationId: "readServiceAccount",
    summary: "One service account",
    params: idParams,
    response: { 200: accountShape },
  };
  app.get("/api/v1/service-accounts/:id", { schema: read, config: asks("service:read") }, async (request) => {
    return viewOf(await found(organisationDb(deps.db, request), request.params.id, actorOf(request)), deps.clock());
  });
}

function accountRoutes(instance: FastifyInstance, deps: ServiceAccountDeps): void {
  const app = typed(instance);
  const add = {
    tags,
    operationId: "addServiceAccount",
    summary: "Makes a service account, without a key",
    body: newAccountShape,
    response: { 201: accountShape },
  };
  app.post("/api/v1/service-accounts", { schema: add, config: asks("service:write") }, async (request, reply) => {
    const account = await addAccount(request.body, actorOf(request), deps);
    return reply.code(201).send(viewOf({ ...account, keys: [] }, deps.clock()));
  });
  const end = {
    tags,
    operationId: "endServiceAccount",
    summary: "Ends a service account; its keys hold no longer",
    params: idParams,
    body: becauseShape,
    response: { 204: Type.Null() },
  };
  const config = asks("service:write");
  app.post("/api/v1/service-accounts/:id/end", { schema: end, config }, async (request, reply) => {
    const { token, organisationId } = actorOf(request);
    const ending = { id: request.params.id, organisationId, because: request.body.because, atMs: deps.clock() };
    await deps.db.transaction().execute(async (tx) => {
      const account = await found(tx, ending.id, actorOf(request));
      if (!(await endServiceAccount(tx, ending))) throw endedAlready();
      const subject = { kind: "service_account", id: account.token };
      await record(
        tx,
        { kind: "service_account.ended", actor: token, organisationId, subject, because: ending.because },
        deps,
      );
    });
    return reply.code(204).send();
  });
}

function keyRoutes(instance: FastifyInstance, deps: ServiceAccountDeps): void {
  const app = typed(instance);
  const config = asks("service:write");
  const add = {
    tags,
    operationId: "addApiKey",
    summary: "Makes a key, or replaces the one that is live; answers it, once",
    params: idParams,
    body: newKeyShape,
    response: { 201: madeKeyShape },
  };
  app.post("/api/v1/service-accounts/:id/keys", { schema: add, config }, async (request, reply) => {
    const made = await addKey({ ...request.body, accountId: request.params.id }, actorOf(request), deps);
    return reply.code(201).header("cache-control", "no-store").send(made);
  });
  const revoke = {
    tags,
    operationId: "revokeApiKey",
    summary: "Revokes a key, at once",
    params: Type.Object({ id: Type.String({ pattern: "^[a-z2-7]{12}$" }) }),
    body: becauseShape,
    response: { 204: Type.Null() },
  };
  app.post("/api/v1/api-keys/:id/revoke", { schema: revoke, config }, async (request, reply) => {
    const { token, organisationId } = actorOf(request);
    const ending = { id: request.params.id, organisationId, because: request.body.because, atMs: deps.clock() };
    await deps.db.transaction().execute(async (tx) => {
      const account = await revokeApiKey(tx, ending);
      if (account === null) throw problem(404, "api_key_unknown", "there is no such key, or it was revoked before");
      const subject = { kind: "api_key", id: ending.id };
      const entry = {
        kind: "api_key.revoked",
        actor: token,
        organisationId,
        subject,
        because: ending.because,
        body: { account },
      };
      await record(tx, entry, deps);
    });
    return reply.code(204).send();
  });
}

async function addAccount(
  wanted: Static<typeof newAccountShape>,
  actor: Principal,
  deps: ServiceAccountDeps,
): Promise<ServiceAccount> {
  const [beyond] = beyondOwn(actor, wanted);
  if (beyond !== undefined) {
    throw problem(403, "service_scope_beyond_own", `a key cannot hand on what it does not have itself: ${beyond}`);
  }
  refuseUnknownPlaces(deps.places(actor.organisationId), wanted);
  const id = deps.chance.uuid();
  const account: ServiceAccount = {
    id,
    token: `service:${id}`,
    organisationId: actor.organisationId,
    name: wanted.name.trim(),
    purpose: wanted.purpose.trim(),
    roles: wanted.roles,
    scopes: [...wanted.scopes].sort(),
    sites: wanted.sites ?? null,
    regions: wanted.regions ?? null,
    state: "active",
    because: "added",
    createdAt: new Date(deps.clock()),
    createdBy: actor.token,
  };
  await deps.db.transaction().execute(async (tx) => {
    if (!(await insertServiceAccount(tx, account))) {
      throw problem(409, "service_account_name_taken", "an active service account has this name", { pointer: "/name" });
    }
    const { name, purpose, scopes, sites, regions } = account;
    const body = { name, roles: account.roles, scopes, sites, regions };
    const subject = { kind: "service_account", id: account.token };
    await record(
      tx,
      {
        kind: "service_account.added",
        actor: actor.token,
        organisationId: actor.organisationId,
        subject,
        because: purpose,
        body,
      },
      deps,
    );
  });
  return account;
}

type WantedKey = Static<typeof newKeyShape> & { readonly accountId: string };

async function addKey(
  wanted: WantedKey,
  actor: Principal,
  deps: ServiceAccountDeps,
): Promise<Static<typeof madeKeyShape>> {
  const nowMs = deps.clock();
  const made = makeApiKey(deps.chance.bytes(apiKeyBytes));
  const expiresAt = new Date(wanted.expiresAt);
  await deps.db.transaction().execute(async (tx) => {
    await lockServiceAccount(tx, wanted.accountId);
    const account = await found(tx, wanted.accountId, actor);
    if (account.state === "ended") throw endedAlready();
    const [beyond] = beyondOwn(actor, account);
    if (beyond !== undefined) {
      throw problem(403, "service_scope_beyond_own", `a key cannot hand on what it does not have itself: ${beyond}`);
    }
    const oldEndsAtMs = wanted.oldEndsAt === undefined ? null : Date.parse(wanted.oldEndsAt);
    const plan = planKey({ expiresAtMs: expiresAt.getTime(), oldEndsAtMs }, account.keys, nowMs);
    if (!plan.ok) throw problem(422, plan.error.code, plan.error.says);
    const { old } = plan.value;
    if (old !== null) await shortenApiKey(tx, old.id, new Date(old.endsAtMs));
    const key = { id: made.id, serviceAccountId: account.id, createdAt: new Date(nowMs), createdBy: actor.token };
    await insertApiKey(tx, { ...key, expiresAt, because: wanted.because, sha256: digestOf(made.secret) });
    const ending = old === null ? {} : { replaces: old.id, oldEndsAt: new Date(old.endsAtMs).toISOString() };
    await record(
      tx,
      {
        kind: old === null ? "api_key.added" : "api_key.rotated",
        actor: actor.token,
        organisationId: actor.organisationId,
        subject: { kind: "api_key", id: made.id },
        because: wanted.because,
        body: { account: account.token, expiresAt: expiresAt.toISOString(), ...ending },
      },
      deps,
    );
  });
  return { key: made.text, id: made.id, expiresAt: expiresAt.toISOString() };
}

async function found(db: Db | Tx, id: string, { organisationId }: Principal): Promise<ServiceAccountWithKeys> {
  const account = await serviceAccount(db, { id, organisationId });
  if (account === null) throw problem(404, "service_account_unknown", "there is no such service account");
  return account;
}

function endedAlready() {
  return problem(409, "service_account_ended", "the service account was ended; make a new one");
}

function viewOf(account: ServiceAccountWithKeys, nowMs: number) {
  const { organisationId: _, keys, createdAt, ...rest } = account;
  return { ...rest, createdAt: createdAt.toISOString(), keys: keys.map((key) => keyView(key, account.state, nowMs)) };
}

function keyView(key: ApiKey, accountState: ServiceAccount["state"], nowMs: number) {
  const revokedAtMs = key.revokedAt?.getTime() ?? null;
  return {
    id: key.id,
    state: keyState({ expiresAtMs: key.expiresAt.getTime(), revokedAtMs, accountState }, nowMs),
    createdAt: key.createdAt.toISOString(),
    createdBy: key.createdBy,
    expiresAt: key.expiresAt.toISOString(),
    revokedAt: key.revokedAt?.toISOString() ?? null,
    because: key.because,
    lastUsedAt: key.lastUsedAt?.toISOString() ?? null,
  };
}
