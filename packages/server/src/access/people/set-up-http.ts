import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import { problem, type HttpProblem } from "../../api/problem.ts";
import { typed } from "../../api/typed.ts";
import { organisationOver } from "../ended-organisation.ts";
import type { Tx } from "../../schema.ts";
import { accountById, accountForUpdate, organisationById, renameAccount, updateAccount } from "./account-store.ts";
import { loginCharsMax, nameCharsMax, type Account } from "./account.ts";
import { addPasskey, beginTotp, forgetFactors, setPasswordAndTotp, type NewPasskey } from "./enrol-store.ts";
import { readLink, spendLink, type LinkUse, type OneTimeLink } from "./one-time-link-store.ts";
import { makeChallenge, readChallenge, registeredPasskey, registrationOptions } from "./passkey.ts";
import { hashPassword } from "./password.ts";
import { passwordCharsMax, passwordRefusal, type PasswordRefusalCode } from "./password-rules.ts";
import { recordPeople, type PeopleDeps } from "./people-deps.ts";
import { openSession, refuseCrossSite, signedInShape } from "./person-session-http.ts";
import { endSessions } from "./person-session-store.ts";
import { attestationShape } from "./prove.ts";
import { passkeySite } from "./sign-in-http.ts";

const tags = ["sign-in"];
const open = { public: true };

const link = Type.String({ minLength: 20, maxLength: 100, description: "the part of the link behind #" });
const ownNames = {
  name: Type.Optional(Type.String({ minLength: 1, maxLength: nameCharsMax, pattern: "\\S" })),
  login: Type.Optional(Type.String({ minLength: 1, maxLength: loginCharsMax, pattern: "\\S" })),
};
type OwnNames = { readonly name?: string; readonly login?: string };

/** What one does with a one-time link: see whose it is, choose how to sign in from now on, or (in a demo) sign in with it. */
export function setUpRoutes(deps: PeopleDeps): FastifyPluginAsync {
  return async (instance) => {
    readRoute(instance, deps);
    passkeyRoutes(instance, deps);
    passwordRoutes(instance, deps);
    signInRoute(instance, deps);
  };
}

type Instance = Parameters<FastifyPluginAsync>[0];
type Asked = { readonly deps: PeopleDeps; readonly request: FastifyRequest; readonly reply: FastifyReply };

function readRoute(instance: Instance, deps: PeopleDeps): void {
  const shape = Type.Object({
    use: Type.Enum(["set_up", "invitation", "recovery", "sign_in"]),
    name: Type.String(),
    login: Type.String(),
    organisation: Type.String(),
    expiresAt: Type.String({ format: "date-time" }),
  });
  const schema = {
    tags,
    operationId: "readLink",
    summary: "Whose a one-time link is; it stays good",
    body: Type.Object({ link }, { additionalProperties: false }),
    response: { 200: shape },
  };
  typed(instance).post("/api/v1/links/read", { schema, config: open }, async (request) => {
    refuseCrossSite(request);
    const { use, expiresAt, account } = await linkOf(request.body.link, deps);
    const person = await openPerson(account, deps);
    const organisation = (await organisationById(deps.db, account.organisationId))?.name ?? account.organisationId;
    return { use, ...person, organisation, expiresAt: expiresAt.toISOString() };
  });
}

function passkeyRoutes(instance: Instance, deps: PeopleDeps): void {
  const app = typed(instance);
  const ask = {
    tags,
    operationId: "askNewPasskeyByLink",
    summary: "Options for navigator.credentials.create",
    body: Type.Object({ link, ...ownNames }, { additionalProperties: false }),
    response: { 200: Type.Object({}) },
  };
  app.post("/api/v1/links/passkey-options", { schema: ask, config: open }, async (request) => {
    refuseCrossSite(request);
    const { account } = await linkOf(request.body.link, deps);
    const person = { ...(await openPerson(account, deps)), ...request.body, accountId: account.id };
    const challenge = makeChallenge({ use: "register", accountId: account.id }, { ...deps, nowMs: deps.clock() });
    return registrationOptions(passkeySite(deps), person, { challenge, known: [] });
  });
  const add = {
    tags,
    operationId: "setUpByPasskey",
    summary: "Spends the link: this passkey is how the person signs in from now on",
    body: Type.Object(
      { link, response: attestationShape, passkeyName: Type.String({ minLength: 1, maxLength: 80 }), ...ownNames },
      { additionalProperties: false },
    ),
    response: { 200: signedInShape },
  };
  app.post("/api/v1/links/passkey", { schema: add, config: open }, async (request, reply) => {
    refuseCrossSite(request);
    const { body } = request;
    const { account } = await linkOf(body.link, deps);
    const passkey = await passkeyFrom(body.response, { accountId: account.id, name: body.passkeyName, deps });
    return finish({ secret: body.link, names: body, way: "passkey" }, { deps, request, reply }, async (tx, person) => {
      if (!(await addPasskey(tx, person, { passkey, deps }))) throw passkeyRefused();
      return {};
    });
  });
}

function passwordRoutes(instance: Instance, deps: PeopleDeps): void {
  const app = typed(instance);
  const ask = {
    tags,
    operationId: "askTotpByLink",
    summary: "A secret for the authenticator app, shown once",
    body: Type.Object({ link, ...ownNames }, { additionalProperties: false }),
    response: { 200: Type.Object({ secret: Type.String(), uri: Type.String() }) },
  };
  app.post("/api/v1/links/totp", { schema: ask, config: open }, async (request) => {
    refuseCrossSite(request);
    const { account } = await linkOf(request.body.link, deps);
    const { login } = { ...(await openPerson(account, deps)), ...request.body };
    return deps.db.transaction().execute((tx) => beginTotp(tx, account, { login, deps }));
  });
  const set = {
    tags,
    operationId: "setUpByPassword",
    summary: "Spends the link: password and authenticator app are how the person signs in from now on",
    body: Type.Object(
      {
        link,
        password: Type.String({ maxLength: passwordCharsMax * 4 }),
        code: Type.String({ maxLength: 20 }),
        ...ownNames,
      },
      { additionalProperties: false },
    ),
    response: { 200: Type.Intersect([signedInShape, Type.Object({ recoveryCodes: Type.Array(Type.String()) })]) },
  };
  app.post("/api/v1/links/password", { schema: set, config: open }, async (request, reply) => {
    refuseCrossSite(request);
    const { body } = request;
    const { account } = await linkOf(body.link, deps);
    const phc = await acceptedPassword(body.password, { account, names: body, deps });
    return finish({ secret: body.link, names: body, way: "password" }, { deps, request, reply }, async (tx, person) => {
      const recoveryCodes = await setPasswordAndTotp(tx, person, { phc, code: body.code, deps });
      if (recoveryCodes === null) throw codeRefused();
      return { recoveryCodes };
    });
  });
}

function signInRoute(instance: Instance, deps: PeopleDeps): void {
  const schema = {
    tags,
    operationId: "signInByLink",
    summary: "Spends a link of the demo: signs in",
    body: Type.Object({ link }, { additionalProperties: false }),
    response: { 200: signedInShape },
  };
  typed(instance).post("/api/v1/links/sign-in", { schema, config: open }, async (request, reply) => {
    refuseCrossSite(request);
    const secret = request.body.link;
    const { account, use } = await linkOf(secret, deps);
    if (use !== "sign_in") throw linkRefused();
    return deps.db.transaction().execute(async (tx) => {
      if (!(await spendLink(tx, secret, deps.clock()))) throw linkRefused();
      return openSession(tx, { account, way: "link", proven: false }, { deps, request, reply });
    });
  });
}

type Finish = { readonly secret: string; readonly names: OwnNames; readonly way: "passkey" | "password" };

/** Spends the link and does `enrol` in one transaction: who fails half-way may try again with the same link. */
async function finish<More extends object>(
  how: Finish,
  asked: Asked,
  enrol: (tx: Tx, person: Account) => Promise<More>,
): Promise<Static<typeof signedInShape> & More> {
  const { deps } = asked;
  const { account, use } = await linkOf(how.secret, deps);
  if (use === "sign_in") throw linkRefused();
  const answer = await deps.db.transaction().execute(async (tx) => {
    const nowMs = deps.clock();
    const person = await accountForUpdate(tx, account.id);
    if (person === null || !(await spendLink(tx, how.secret, nowMs))) throw linkRefused();
    if (use === "recovery") await forgetFactors(tx, person);
    const more = await enrol(tx, person);
    if (use === "set_up") await takeNames(tx, person, { names: how.names, deps });
    const change = { ...person, state: "active" as const, because: becauseOf[use] };
    await updateAccount(tx, person.id, { change, nowMs });
    await endSessions(tx, { accountId: person.id }, { because: "proof_changed", nowMs });
    const entry = { kind: "account.set_up", actor: person.token, accountId: person.id, because: becauseOf[use] };
    await recordPeople(tx, [{ ...entry, organisationId: person.organisationId, body: { way: how.way, use } }], deps);
    return { ...(await openSession(tx, { account: person, way: how.way, proven: true }, asked)), ...more };
  });
  await deps.watch.check();
  return answer;
}

const becauseOf: Readonly<Record<LinkUse, string>> = {
  set_up: "the first administrator came",
  invitation: "came by invitation",
  recovery: "came by a link after losing the way to sign in",
  sign_in: "came by a link of the demo",
};

async function takeNames(tx: Tx, person: Account, given: { names: OwnNames; deps: PeopleDeps }): Promise<void> {
  const { deps, names } = given;
  const [name, login] = await deps.vault.openMany(tx, [person.name, person.login]);
  const to = {
    name: names.name ?? name ?? "",
    login: names.login ?? login ?? "",
    vault: deps.vault,
    nowMs: deps.clock(),
  };
  if (!(await renameAccount(tx, person, to))) throw loginTaken();
}

/** The argon2id string of a password that may be chosen. Throws 422 with the rule that it breaks. */
export async function acceptedPassword(
  password: string,
  given: { readonly account: Account; readonly names: OwnNames; readonly deps: PeopleDeps },
): Promise<string> {
  const { account, names, deps } = given;
  const person = await openPerson(account, deps);
  const organisation = (await organisationById(deps.db, account.organisationId))?.name ?? "";
  const about = [person.login, person.name, names.login ?? "", names.name ?? "", organisation];
  const refusal = passwordRefusal(password, about);
  if (refusal !== null) throw problem(422, refusal, passwordSays[refusal], { pointer: "/password" });
  return hashPassword(password);
}

const passwordSays: Readonly<Record<PasswordRefusalCode, string>> = {
  password_too_short: "a password has at least 12 characters; a short sentence is easy to keep in mind",
  password_too_long: "a password has at most 256 characters",
  password_common: "this password is among the first that a guesser tries",
  password_context: "this password is made of words about you or this place",
  password_repeats: "this password repeats itself",
};

/** The checked passkey of a browser's answer. Throws 422 `passkey_refused`. */
export async function passkeyFrom(
  response: Static<typeof attestationShape>,
  given: { readonly accountId: string; readonly name: string; readonly deps: PeopleDeps },
): Promise<NewPasskey> {
  const { accountId, name, deps } = given;
  let challenge: NewPasskey["challenge"] | null = null;
  const registered = await registeredPasskey(passkeySite(deps), response, (text) => {
    challenge = readChallenge(text, { use: "register", accountId }, { vault: deps.vault, nowMs: deps.clock() });
    return challenge !== null;
  });
  if (registered === null || challenge === null) throw passkeyRefused();
  return { registered, name: name.trim() || "Passkey", challenge };
}

async function linkOf(secret: string, deps: PeopleDeps): Promise<OneTimeLink & { readonly account: Account }> {
  const found = await readLink(deps.db, secret, deps.clock());
  const account = found === null ? null : await accountById(deps.db, found.accountId);
  if (found === null || account === null || !["invited", "active"].includes(account.state)) throw linkRefused();
  if ((await organisationById(deps.db, account.organisationId))?.endedAt !== null) {
    const { id: accountId, organisationId } = account;
    const because = "its organisation has ended";
    const entry = { kind: "account.link_refused", actor: "user:unknown", accountId, organisationId, because, body: {} };
    await deps.db.transaction().execute((tx) => recordPeople(tx, [entry], deps));
    throw organisationOver();
  }
  return { ...found, account };
}

/** Name and login in clear; empty where they were erased. */
export async function openPerson(account: Account, deps: Pick<PeopleDeps, "db" | "vault">) {
  const [name, login] = await deps.vault.openMany(deps.db, [account.name, account.login]);
  return { name: name ?? "", login: login ?? "" };
}

function linkRefused(): HttpProblem {
  return problem(403, "link_refused", "this link is not known, was used, or has expired", {
    remedy: "Ask for a new one. The operator makes one for an administrator with `tillwatch account setup-link`.",
  });
}

export function passkeyRefused(): HttpProblem {
  return problem(422, "passkey_refused", "the passkey's answer does not hold here", {
    remedy: "Begin again on this page; if it stays, the address of the page is not the one of TILLWATCH_PUBLIC_URL.",
  });
}

export function codeRefused(): HttpProblem {
  return problem(422, "code_refused", "this is not the code that the app shows for this secret", {
    pointer: "/code",
    remedy: "Wait for the next code; check that the phone's clock is right.",
  });
}

export function loginTaken(): HttpProblem {
  return problem(409, "account_login_taken", "somebody of this organisation signs in with this login", {
    pointer: "/login",
    remedy: "Choose another login.",
  });
}
