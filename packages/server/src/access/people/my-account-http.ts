import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { problem } from "../../api/problem.ts";
import { typed } from "../../api/typed.ts";
import { organisationById } from "./account-store.ts";
import type { Account } from "./account.ts";
import { addPasskey, beginTotp, newRecoveryCodes, setPasswordAndTotp, type Person } from "./enrol-store.ts";
import {
  factorsOf,
  passkeysOf,
  recoveryCodesLeft,
  removePasskey,
  removePassword,
  removeTotp,
  saveRecoveryCodes,
} from "./factor-store.ts";
import { makeChallenge, registrationOptions } from "./passkey.ts";
import { passwordCharsMax } from "./password-rules.ts";
import { own } from "./people-access.ts";
import { recordPeople, type PeopleDeps } from "./people-deps.ts";
import { endSessions, liveSessionsOf } from "./person-session-store.ts";
import { attestationShape } from "./prove.ts";
import { acceptedPassword, codeRefused, openPerson, passkeyFrom, passkeyRefused } from "./set-up-http.ts";
import { passkeySite } from "./sign-in-http.ts";
import { needsProof, selfOf, type SelfPrincipal } from "./step-up-http.ts";

const tags = ["my account"];
const time = Type.String({ format: "date-time" });
const noBody = { 204: Type.Null() };
const idParams = Type.Object({ id: Type.String({ format: "uuid" }) });

export const sessionShape = Type.Object({
  id: Type.String({ format: "uuid" }),
  way: Type.Enum(["passkey", "password", "link", "oidc"]),
  client: Type.String(),
  createdAt: time,
  activeAt: time,
  expiresAt: time,
  mine: Type.Boolean(),
});

/** What a person sees and changes of the own account. Changing how one signs in needs a fresh proof, and ends every other session. */
export function myAccountRoutes(deps: PeopleDeps): FastifyPluginAsync {
  return async (instance) => {
    readRoute(instance, deps);
    sessionRoutes(instance, deps);
    passkeyRoutes(instance, deps);
    passwordRoutes(instance, deps);
  };
}

type Instance = Parameters<FastifyPluginAsync>[0];

function readRoute(instance: Instance, deps: PeopleDeps): void {
  const passkey = Type.Object({
    id: Type.String(),
    name: Type.String(),
    createdAt: time,
    lastUsedAt: Type.Union([time, Type.Null()]),
  });
  const shape = Type.Object({
    id: Type.String(),
    name: Type.String(),
    login: Type.String(),
    organisation: Type.Object({ id: Type.String(), name: Type.String(), kind: Type.String() }),
    roles: Type.Array(Type.String()),
    passkeys: Type.Array(passkey),
    password: Type.Boolean(),
    totp: Type.Boolean(),
    recoveryCodesLeft: Type.Integer(),
  });
  const read = { tags, operationId: "readMyAccount", summary: "My account", response: { 200: shape } };
  typed(instance).get("/api/v1/me", { schema: read, config: own }, async (request) => {
    const { account } = await selfOf(request, deps);
    const organisation = await organisationById(deps.db, account.organisationId);
    const keys = await passkeysOf(deps.db, account.id);
    const names = await deps.vault.openMany(
      deps.db,
      keys.map((key) => key.name),
    );
    const { password, totp } = await factorsOf(deps.db, account.id);
    return {
      id: account.id,
      ...(await openPerson(account, deps)),
      organisation: { id: account.organisationId, name: organisation?.name ?? "", kind: organisation?.kind ?? "" },
      roles: account.roles,
      passkeys: keys.map(({ id, createdAt, lastUsedAt }, at) => ({ id, name: names[at] ?? "", createdAt, lastUsedAt })),
      password,
      totp,
      recoveryCodesLeft: await recoveryCodesLeft(deps.db, account.id),
    };
  });
}

function sessionRoutes(instance: Instance, deps: PeopleDeps): void {
  const app = typed(instance);
  const list = {
    tags,
    operationId: "listMySessions",
    summary: "Where I am signed in",
    response: { 200: Type.Object({ items: Type.Array(sessionShape) }) },
  };
  app.get("/api/v1/me/sessions", { schema: list, config: own }, async (request) => {
    const { account, principal } = await selfOf(request, deps);
    return { items: await sessionsShown(account.id, { deps, mine: principal.sessionId }) };
  });
  const endOne = { tags, operationId: "endMySession", summary: "Ends one", params: idParams, response: noBody };
  app.delete("/api/v1/me/sessions/:id", { schema: endOne, config: own }, async (request, reply) => {
    const { account } = await selfOf(request, deps);
    const ended = await endOwn(account, { only: request.params.id }, deps);
    if (ended === 0) throw sessionUnknown();
    return reply.code(204).send();
  });
  const endOthers = { tags, operationId: "endMyOtherSessions", summary: "Ends all but this one", response: noBody };
  app.delete("/api/v1/me/sessions", { schema: endOthers, config: own }, async (request, reply) => {
    const { account, principal } = await selfOf(request, deps);
    await endOwn(account, { except: principal.sessionId }, deps);
    return reply.code(204).send();
  });
}

/** Sessions of an account as they are shown; `mine` is the one that asks. */
export async function sessionsShown(accountId: string, given: { deps: PeopleDeps; mine: string | null }) {
  const { deps, mine } = given;
  const at = { nowMs: deps.clock(), idleMs: deps.sessions.idleMs };
  return (await liveSessionsOf(deps.db, accountId, at)).map((session) => ({ ...session, mine: session.id === mine }));
}

async function endOwn(account: Account, which: { only?: string; except?: string }, deps: PeopleDeps): Promise<number> {
  const ended = await deps.db.transaction().execute(async (tx) => {
    const end = { because: "revoked", nowMs: deps.clock() } as const;
    const ids = await endSessions(tx, { accountId: account.id, ...which }, end);
    const { id: accountId, token: actor, organisationId } = account;
    const because = "its owner ended it";
    const entries = ids.map((session) => ({
      kind: "session.ended",
      actor,
      accountId,
      organisationId,
      because,
      body: { session },
    }));
    await recordPeople(tx, entries, deps);
    return ids.length;
  });
  await deps.watch.check();
  return ended;
}

export function sessionUnknown() {
  return problem(404, "session_unknown", "there is no such session, or it has ended");
}

function passkeyRoutes(instance: Instance, deps: PeopleDeps): void {
  const app = typed(instance);
  const ask = {
    tags,
    operationId: "askNewPasskey",
    summary: "Options for navigator.credentials.create",
    response: { 200: Type.Object({}) },
  };
  app.post("/api/v1/me/passkeys/options", { schema: ask, config: own }, async (request) => {
    const { account } = await proven(request, deps);
    const challenge = makeChallenge({ use: "register", accountId: account.id }, { ...deps, nowMs: deps.clock() });
    const person = { ...(await openPerson(account, deps)), accountId: account.id };
    return registrationOptions(passkeySite(deps), person, { challenge, known: await passkeysOf(deps.db, account.id) });
  });
  const add = {
    tags,
    operationId: "addPasskey",
    summary: "Adds a passkey",
    body: Type.Object(
      { response: attestationShape, name: Type.String({ minLength: 1, maxLength: 80 }) },
      { additionalProperties: false },
    ),
    response: noBody,
  };
  app.post("/api/v1/me/passkeys", { schema: add, config: own }, async (request, reply) => {
    const { account } = await proven(request, deps);
    const { response, name } = request.body;
    const passkey = await passkeyFrom(response, { accountId: account.id, name, deps });
    await deps.db.transaction().execute(async (tx) => {
      if (!(await addPasskey(tx, account, { passkey, deps }))) throw passkeyRefused();
    });
    return reply.code(204).send();
  });
  const remove = { tags, operationId: "removePasskey", summary: "Removes one", params: idParams, response: noBody };
  app.delete("/api/v1/me/passkeys/:id", { schema: remove, config: own }, async (request, reply) => {
    const { account, principal } = await proven(request, deps);
    const { passkeys, totp } = await factorsOf(deps.db, account.id);
    if (passkeys === 1 && !totp) throw lastWay();
    await deps.db.transaction().execute(async (tx) => {
      if (!(await removePasskey(tx, account.id, request.params.id)))
        throw problem(404, "passkey_unknown", "no such passkey");
      await changed(tx, { account, principal, kind: "account.passkey_removed", because: "its owner removed it" }, deps);
    });
    await deps.watch.check();
    return reply.code(204).send();
  });
}

function passwordRoutes(instance: Instance, deps: PeopleDeps): void {
  const app = typed(instance);
  const codes = { 200: Type.Object({ recoveryCodes: Type.Array(Type.String()) }) };
  const begin = {
    tags,
    operationId: "askTotp",
    summary: "A secret for the authenticator app, shown once",
    response: { 200: Type.Object({ secret: Type.String(), uri: Type.String() }) },
  };
  app.post("/api/v1/me/totp", { schema: begin, config: own }, async (request) => {
    const { account } = await proven(request, deps);
    const { login } = await openPerson(account, deps);
    return deps.db.transaction().execute((tx) => beginTotp(tx, account, { login, deps }));
  });
  const set = {
    tags,
    operationId: "setMyPassword",
    summary: "Sets password and authenticator app; answers recovery codes",
    body: Type.Object(
      { password: Type.String({ maxLength: passwordCharsMax * 4 }), code: Type.String({ maxLength: 20 }) },
      { additionalProperties: false },
    ),
    response: codes,
  };
  app.put("/api/v1/me/password", { schema: set, config: own }, async (request) => {
    const { account, principal } = await proven(request, deps);
    const phc = await acceptedPassword(request.body.password, { account, names: {}, deps });
    const recoveryCodes = await deps.db.transaction().execute(async (tx) => {
      const made = await setPasswordAndTotp(tx, account, { phc, code: request.body.code, deps });
      if (made === null) throw codeRefused();
      await endOthersOf(tx, account, { principal, deps });
      return made;
    });
    await deps.watch.check();
    return { recoveryCodes };
  });
  const remove = { tags, operationId: "removeMyPassword", summary: "From now on passkeys only", response: noBody };
  app.delete("/api/v1/me/password", { schema: remove, config: own }, async (request, reply) => {
    const { account, principal } = await proven(request, deps);
    if ((await factorsOf(deps.db, account.id)).passkeys === 0) throw lastWay();
    await deps.db.transaction().execute(async (tx) => {
      await removePassword(tx, account.id);
      await removeTotp(tx, account.id);
      await saveRecoveryCodes(tx, account.id, { sha256s: [], nowMs: deps.clock() });
      await changed(tx, { account, principal, kind: "account.password_removed", because: "passkeys only" }, deps);
    });
    await deps.watch.check();
    return reply.code(204).send();
  });
  const renew = { tags, operationId: "renewRecoveryCodes", summary: "New recovery codes", response: codes };
  app.post("/api/v1/me/recovery-codes", { schema: renew, config: own }, async (request) => {
    const { account } = await proven(request, deps);
    if (!(await factorsOf(deps.db, account.id)).totp) {
      throw problem(409, "recovery_codes_need_totp", "recovery codes stand in for an authenticator app; there is none");
    }
    return { recoveryCodes: await deps.db.transaction().execute((tx) => newRecoveryCodes(tx, account, deps)) };
  });
}

type Tx = Parameters<typeof recordPeople>[0];
type Changed = {
  readonly account: Person;
  readonly principal: SelfPrincipal;
  readonly kind: string;
  readonly because: string;
};

async function changed(tx: Tx, what: Changed, deps: PeopleDeps): Promise<void> {
  const { account, kind, because } = what;
  const { id: accountId, token: actor, organisationId } = account;
  await recordPeople(tx, [{ kind, actor, accountId, organisationId, because, body: {} }], deps);
  await endOthersOf(tx, account, { principal: what.principal, deps });
}

async function endOthersOf(
  tx: Tx,
  account: Person,
  given: { principal: SelfPrincipal; deps: PeopleDeps },
): Promise<void> {
  const end = { because: "proof_changed", nowMs: given.deps.clock() } as const;
  await endSessions(tx, { accountId: account.id, except: given.principal.sessionId }, end);
}

async function proven(request: FastifyRequest, deps: PeopleDeps) {
  const self = await selfOf(request, deps);
  const refusal = needsProof(self.principal, deps.clock(), await factorsOf(deps.db, self.account.id));
  if (refusal !== null) throw refusal;
  return self;
}

function lastWay() {
  return problem(409, "last_way_to_sign_in", "this is your only way to sign in", { remedy: "Add another way first." });
}
