import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { problem, type HttpProblem } from "../../api/problem.ts";
import { typed } from "../../api/typed.ts";
import { organisationOver } from "../ended-organisation.ts";
import { normalLogin, type Account } from "./account.ts";
import { accountsByLogin, organisationById } from "./account-store.ts";
import { passwordOf, savePassword } from "./factor-store.ts";
import { hashPassword, isOutdated, passwordFits } from "./password.ts";
import { passwordCharsMax } from "./password-rules.ts";
import { authenticationOptions, makeChallenge, type PasskeySite } from "./passkey.ts";
import { recordPeople, type PeopleDeps } from "./people-deps.ts";
import { openSession, refuseCrossSite, signedInShape, type SignedIn } from "./person-session-http.ts";
import { assertionShape, provenByCode, provenByPasskey } from "./prove.ts";
import {
  byAccount,
  byAddress,
  forgetAttempts,
  giveAttemptBack,
  sweepAttempts,
  takeAttempt,
} from "./sign-in-limit-store.ts";

/** A way to sign in that another part offers: a button that leads to `url`. */
export type OfferedWay = { readonly id: string; readonly title: string; readonly url: string };

export type SignInDeps = PeopleDeps & { readonly otherWays?: () => Promise<readonly OfferedWay[]> };

const tags = ["sign-in"];

/** Ways to prove who one is, for a browser that has no session. Each refusal is the same, whatever was wrong. */
export function signInRoutes(deps: SignInDeps): FastifyPluginAsync {
  return async (instance) => {
    waysRoute(instance, deps);
    passkeyRoutes(instance, deps);
    passwordRoute(instance, deps);
  };
}

type Instance = Parameters<FastifyPluginAsync>[0];
const open = { public: true };

function waysRoute(instance: Instance, deps: SignInDeps): void {
  const shape = Type.Object({
    origin: Type.String(),
    passkeys: Type.Union([
      Type.Object({ kind: Type.Literal("possible"), rpId: Type.String() }),
      Type.Object({ kind: Type.Literal("impossible"), because: Type.Enum(["needs_name", "needs_https"]) }),
    ]),
    password: Type.Boolean(),
    token: Type.Boolean(),
    others: Type.Array(Type.Object({ id: Type.String(), title: Type.String(), url: Type.String() })),
  });
  const ways = { tags, operationId: "listSignInWays", summary: "How one can sign in here", response: { 200: shape } };
  typed(instance).get("/api/v1/sign-in-ways", { schema: ways, config: open }, async () => ({
    ...deps.place(),
    password: true,
    token: true,
    others: (await deps.otherWays?.()) ?? [],
  }));
}

function passkeyRoutes(instance: Instance, deps: PeopleDeps): void {
  const app = typed(instance);
  const ask = {
    tags,
    operationId: "askPasskey",
    summary: "Options for navigator.credentials.get",
    response: { 200: Type.Object({}) },
  };
  app.post("/api/v1/sign-in/passkey-options", { schema: ask, config: open }, async (request) => {
    refuseCrossSite(request);
    const challenge = makeChallenge({ use: "sign_in", accountId: null }, { ...deps, nowMs: deps.clock() });
    return authenticationOptions(passkeySite(deps), { challenge, known: [] });
  });
  const prove = {
    tags,
    operationId: "signInByPasskey",
    summary: "Signs in by a passkey",
    body: Type.Object({ response: assertionShape }, { additionalProperties: false }),
    response: { 200: signedInShape },
  };
  app.post("/api/v1/sign-in/passkey", { schema: prove, config: open }, async (request, reply) => {
    refuseCrossSite(request);
    // No limit of attempts: a signature cannot be guessed, and nobody's guessing of passwords may keep its owner out.
    const to = { use: "sign_in", accountId: null } as const;
    const given = { response: request.body.response, to, site: passkeySite(deps) };
    const proven = await provenByPasskey(deps.db, given, deps);
    if (proven === null) throw signInRefused();
    const { account } = proven;
    if (!(await maySignIn(account, deps))) throw await refused([account], { way: "passkey", deps, proven: account });
    const signIn = { account, way: "passkey", proven: true } as const;
    return deps.db.transaction().execute((tx) => openSession(tx, signIn, { deps, request, reply }));
  });
}

function passwordRoute(instance: Instance, deps: PeopleDeps): void {
  const schema = {
    tags,
    operationId: "signInByPassword",
    summary: "Signs in by password and code, where there is no passkey",
    body: Type.Object(
      {
        login: Type.String({ minLength: 1, maxLength: 200 }),
        password: Type.String({ minLength: 1, maxLength: passwordCharsMax * 4 }),
        code: Type.String({ minLength: 1, maxLength: 60 }),
        organisationId: Type.Optional(Type.String({ maxLength: 32 })),
      },
      { additionalProperties: false },
    ),
    response: { 200: signedInShape },
  };
  typed(instance).post("/api/v1/sign-in/password", { schema, config: open }, (request, reply) => {
    refuseCrossSite(request);
    const { organisationId = null, ...typedIn } = request.body;
    return byPassword({ ...typedIn, organisationId }, { deps, request, reply });
  });
}

type TypedIn = {
  readonly login: string;
  readonly password: string;
  readonly code: string;
  readonly organisationId: string | null;
};

// One login may be known to two organisations. Two are always computed, so that time does not tell whether none, one or two know it.
const candidatesMin = 2;

async function byPassword(
  typedIn: TypedIn,
  given: { readonly deps: PeopleDeps; readonly request: FastifyRequest; readonly reply: FastifyReply },
): Promise<SignedIn> {
  const { deps, request } = given;
  const address = await enter(request, deps);
  const login = attemptKey(deps, `login|${normalLogin(typedIn.login)}`);
  await attempt(login, { rules: byAccount, deps });
  const accounts = await accountsByLogin(deps.db, typedIn, deps.vault);
  const candidates: (Account | null)[] = [...accounts];
  while (candidates.length < candidatesMin) candidates.push(null);
  let found: Account | null = null;
  let barred: Account | null = null; // knows the password, and may not come in
  let phc: string | null = null;
  for (const candidate of candidates) {
    const kept = candidate === null ? null : await passwordOf(deps.db, candidate.id);
    const fits = await passwordFits(kept, typedIn.password);
    if (!fits || candidate === null || found !== null) continue;
    if (await maySignIn(candidate, deps)) [found, phc] = [candidate, kept];
    else barred ??= candidate;
  }
  const account = found;
  const asked: Account | null = account ?? barred;
  const proven = asked === null ? null : await provenByCode(deps.db, asked.id, { code: typedIn.code, deps });
  if (account === null || proven === null) {
    throw await refused(accounts, { way: "password", deps, proven: proven === null ? null : asked });
  }
  const phcNew = phc !== null && isOutdated(phc) ? await hashPassword(typedIn.password) : null;
  const answer = await deps.db.transaction().execute(async (tx) => {
    if (phcNew !== null) await savePassword(tx, account.id, { phc: phcNew, nowMs: deps.clock() });
    if (proven === "recovery_code") {
      const entry = { kind: "account.recovery_code_used", actor: account.token, accountId: account.id };
      const because = "a recovery code stood in for the app's code";
      await recordPeople(tx, [{ ...entry, because, organisationId: account.organisationId, body: {} }], deps);
    }
    return openSession(tx, { account, way: "password", proven: true }, given);
  });
  await forgetAttempts(deps.db, login);
  await giveAttemptBack(deps.db, address);
  return answer;
}

/** Whether an account may open a session now. */
export async function maySignIn(account: Account, deps: Pick<PeopleDeps, "db" | "clock">): Promise<boolean> {
  if (account.state !== "active") return false;
  if (account.endsAt !== null && deps.clock() >= account.endsAt.getTime()) return false;
  return (await organisationById(deps.db, account.organisationId))?.endedAt === null;
}

/** Counts an attempt from this address; answers the key to give it back by. Throws 429 `sign_in_limited`. */
export async function enter(request: FastifyRequest, deps: PeopleDeps): Promise<Uint8Array> {
  await sweepAttempts(deps.db, deps.clock());
  const key = attemptKey(deps, `address|${networkOf(request.ip)}`);
  await attempt(key, { rules: byAddress, deps });
  return key;
}

export function attemptKey(deps: Pick<PeopleDeps, "vault">, what: string): Uint8Array {
  return deps.vault.blindIndex("sign-in-attempt", what);
}

export async function attempt(
  key: Uint8Array,
  given: { readonly rules: typeof byAccount; readonly deps: PeopleDeps },
): Promise<void> {
  const waitMs = await takeAttempt(given.deps.db, key, { rules: given.rules, nowMs: given.deps.clock() });
  if (waitMs === null) return;
  throw problem(429, "sign_in_limited", "too many attempts; wait before the next one", {
    retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)),
    remedy: "Wait as long as Retry-After says. With a passkey you need not wait.",
  });
}

/** Who has an IPv6 address has the whole network of 64 bits around it. */
function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = "", tail = ""] = address.split("::");
  const before = head.split(":").filter((part) => part !== "");
  const after = tail.split(":").filter((part) => part !== "");
  const zeros = address.includes("::") ? Array<string>(Math.max(0, 8 - before.length - after.length)).fill("0") : [];
  return [...before, ...zeros, ...after].slice(0, 4).join(":");
}

/**
 * Puts the failure on the record, also one of an unknown login, and gives the one answer that all of them get. Only who proved to be of an
 * organisation that has ended is told so.
 */
async function refused(
  accounts: readonly Account[],
  given: { readonly way: string; readonly deps: PeopleDeps; readonly proven: Account | null },
): Promise<HttpProblem> {
  const { way, deps, proven } = given;
  const account = proven ?? accounts[0];
  const isOver = proven !== null && (await organisationById(deps.db, proven.organisationId))?.endedAt !== null;
  const entry = {
    kind: "session.refused",
    actor: "user:unknown",
    accountId: account?.id ?? "unknown",
    organisationId: account?.organisationId ?? "home",
    because: isOver ? "its organisation has ended" : `could not prove it by ${way}`,
    body: { way },
  };
  await deps.db.transaction().execute((tx) => recordPeople(tx, [entry], deps));
  return isOver ? organisationOver() : signInRefused();
}

function signInRefused(): HttpProblem {
  return problem(401, "sign_in_refused", "that did not prove who you are", {
    remedy: "Check each entry and try again. If you lost your passkey or phone, ask your administrator for a link.",
  });
}

/** Where passkeys work. Throws 409 `passkey_impossible` with what to change. */
export function passkeySite(deps: Pick<PeopleDeps, "place">): PasskeySite {
  const { origin, passkeys } = deps.place();
  if (passkeys.kind === "possible") return { origin, rpId: passkeys.rpId };
  throw problem(409, "passkey_impossible", `browsers refuse passkeys at ${origin}`, {
    remedy:
      passkeys.because === "needs_name"
        ? "Give the server a name and set TILLWATCH_PUBLIC_URL; until then use a password with codes."
        : "Serve it by https and set TILLWATCH_PUBLIC_URL; until then use a password with codes.",
  });
}
