import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { problem, type HttpProblem } from "../../api/problem.ts";
import { typed } from "../../api/typed.ts";
import { actorOf } from "../authenticate-http.ts";
import type { Principal } from "../principal.ts";
import { accountIdOf, type Account } from "./account.ts";
import { accountById } from "./account-store.ts";
import { factorsOf, passkeysOf, type Factors } from "./factor-store.ts";
import { authenticationOptions, makeChallenge } from "./passkey.ts";
import { recordPeople, type PeopleDeps } from "./people-deps.ts";
import { stepUpSession, touchSession } from "./person-session-store.ts";
import { assertionShape, provenByCode, provenByPasskey } from "./prove.ts";
import { own } from "./people-access.ts";
import { attempt, attemptKey, passkeySite } from "./sign-in-http.ts";
import { byAccount, forgetAttempts } from "./sign-in-limit-store.ts";

const tags = ["session"];

/** How long a proof lasts for changes to the account itself. */
const provenLivesMs = 10 * 60_000;

/** Proving once more, within a session, who one is: before something that cannot be taken back. */
export function stepUpRoutes(deps: PeopleDeps): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    const active = { tags, operationId: "noteActivity", summary: "A person did something: the session is not idle" };
    app.post("/api/v1/session/active", { schema: active, config: own }, async (request, reply) => {
      const { sessionId } = actorOf(request);
      if (sessionId !== null) await touchSession(deps.db, sessionId, deps.clock());
      return reply.code(204).send();
    });
    const shape = Type.Object({ passkey: Type.Union([Type.Object({}), Type.Null()]), code: Type.Boolean() });
    const ask = { tags, operationId: "askStepUp", summary: "How one can prove it again", response: { 200: shape } };
    app.post("/api/v1/session/step-up/options", { schema: ask, config: own }, async (request) => {
      const { account } = await selfOf(request, deps);
      const known = await passkeysOf(deps.db, account.id);
      const { totp } = await factorsOf(deps.db, account.id);
      if (known.length === 0 || deps.place().passkeys.kind !== "possible") return { passkey: null, code: totp };
      const challenge = makeChallenge({ use: "step_up", accountId: account.id }, { ...deps, nowMs: deps.clock() });
      return { passkey: await authenticationOptions(passkeySite(deps), { challenge, known }), code: totp };
    });
    proveRoute(instance, deps);
  };
}

type Instance = Parameters<FastifyPluginAsync>[0];

function proveRoute(instance: Instance, deps: PeopleDeps): void {
  const schema = {
    tags,
    operationId: "stepUp",
    summary: "Proves it again, by passkey or by code",
    body: Type.Object(
      { response: Type.Optional(assertionShape), code: Type.Optional(Type.String({ minLength: 1, maxLength: 60 })) },
      { additionalProperties: false },
    ),
    response: { 200: Type.Object({ steppedUpAt: Type.String({ format: "date-time" }) }) },
  };
  typed(instance).post("/api/v1/session/step-up", { schema, config: own }, async (request) => {
    const { account, principal } = await selfOf(request, deps);
    const { response, code } = request.body;
    const to = { use: "step_up", accountId: account.id } as const;
    let way: string | null = null;
    if (response !== undefined) {
      const given = { response, to, site: passkeySite(deps) };
      way = (await provenByPasskey(deps.db, given, deps)) === null ? null : "passkey";
    } else if (code !== undefined) {
      // Guessed by whoever found an open browser: counted like a sign-in.
      const key = attemptKey(deps, `step-up|${account.id}`);
      await attempt(key, { rules: byAccount, deps });
      way = await provenByCode(deps.db, account.id, { code, deps });
      if (way !== null) await forgetAttempts(deps.db, key);
    }
    const nowMs = deps.clock();
    await deps.db.transaction().execute(async (tx) => {
      if (way !== null) await stepUpSession(tx, principal.sessionId, nowMs);
      const kind = way === null ? "session.step_up_refused" : "session.stepped_up";
      const because = way === null ? "could not prove it again" : `proved it again by ${way}`;
      const { id: accountId, organisationId } = account;
      const body = { session: principal.sessionId };
      await recordPeople(tx, [{ kind, actor: account.token, accountId, organisationId, because, body }], deps);
    });
    if (way === null) throw problem(422, "step_up_refused", "that did not prove it", { remedy: "Try again." });
    return { steppedUpAt: new Date(nowMs).toISOString() };
  });
}

export type SelfPrincipal = Principal & { readonly sessionId: string };

/** The account and session of who asks. Throws 409 `session_without_account` for a token, a key or a device. */
export async function selfOf(
  request: FastifyRequest,
  deps: Pick<PeopleDeps, "db">,
): Promise<{ readonly account: Account; readonly principal: SelfPrincipal }> {
  const principal = actorOf(request);
  const id = accountIdOf(principal.token);
  const account = id === null ? null : await accountById(deps.db, id);
  if (account === null || principal.sessionId === null) {
    throw problem(409, "session_without_account", "a token has no account to keep", {
      remedy: "Sign in as a person; `tillwatch account setup-link` makes the first one.",
    });
  }
  return { account, principal: { ...principal, sessionId: principal.sessionId } };
}

/**
 * What to answer where nobody proved lately to be the person, as changing the ways to sign in needs; null: somebody did. Who has no way of
 * his own yet (came by a link, or from an identity provider) may take the first one right after signing in.
 */
export function needsProof(principal: SelfPrincipal, nowMs: number, factors: Factors): HttpProblem | null {
  const first = factors.passkeys === 0 && !factors.totp;
  const provenAtMs = first ? principal.signedInAtMs : principal.steppedUpAtMs;
  if (provenAtMs !== null && nowMs < provenAtMs + provenLivesMs) return null;
  const remedy = first
    ? "Sign in anew: within ten minutes of it you can add a way to sign in."
    : "POST /api/v1/session/step-up with a passkey or a code, then repeat the request.";
  return problem(403, "step_up_required", "this needs a fresh proof of who you are", { remedy });
}
