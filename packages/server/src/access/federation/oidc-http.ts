import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { problem, type HttpProblem } from "../../api/problem.ts";
import { typed } from "../../api/typed.ts";
import { actorOf } from "../authenticate-http.ts";
import { cookieNamed } from "../cookie.ts";
import { digestOf } from "../credential.ts";
import { organisationOver } from "../ended-organisation.ts";
import { organisationById } from "../people/account-store.ts";
import type { PeopleDeps } from "../people/people-deps.ts";
import { openSession, secureCookies } from "../people/person-session-http.ts";
import { sessionsById, stepUpSession } from "../people/person-session-store.ts";
import type { FederatedOrganisation, IdentityFile, OidcProvider } from "./identity-file.ts";
import { provenAnew } from "./oidc-account.ts";
import { enterAccount } from "./oidc-enter-store.ts";
import { OidcClient, type OidcRefusal, type SignedIn } from "./oidc-provider-http.ts";
import {
  linkedAccount,
  oidcSession,
  saveOidcSession,
  savePending,
  takePending,
  type PendingSignIn,
} from "./oidc-store.ts";
import { record } from "./recorded-append.ts";
import { returnPath } from "./return-to.ts";
import { asks } from "./route-config.ts";

export type OidcDeps = PeopleDeps & { readonly identity: IdentityFile };

const base = "/api/v1/sign-in/oidc";
const pendingMs = 10 * 60_000;
const tags = ["sign-in"];
const open = { public: true };
const organisationParams = Type.Object({ organisation: Type.String({ pattern: "^[a-z][a-z0-9-]{0,31}$" }) });
const returnQuery = Type.Object({ returnTo: Type.Optional(Type.String({ maxLength: 2_000 })) });

export type Federated = {
  readonly organisation: FederatedOrganisation;
  readonly provider: OidcProvider;
  readonly client: OidcClient;
};
type Given = { readonly deps: OidcDeps; readonly federated: Federated };

/** Those organisations whose people sign in elsewhere, each with its client. */
export function federatedOrganisations(deps: OidcDeps): ReadonlyMap<string, Federated> {
  return new Map(
    deps.identity.organisations.flatMap((organisation) => {
      const { provider } = organisation;
      if (provider === null) return [];
      return [[organisation.id, { organisation, provider, client: new OidcClient(provider, deps.clock) }] as const];
    }),
  );
}

/** Buttons for the page where people sign in. */
export function offeredProviders(
  identity: IdentityFile,
  hasEnded: (organisationId: string) => boolean = () => false,
): readonly { id: string; title: string; url: string }[] {
  return identity.organisations.flatMap(({ id, provider }) =>
    provider === null || hasEnded(id) ? [] : [{ id: `oidc-${id}`, title: provider.name, url: `${base}/${id}/start` }],
  );
}

/** Signing in at the organisation's own identity provider: OpenID Connect, code flow with PKCE (S256), state, nonce. */
export function oidcRoutes(deps: OidcDeps, organisations: ReadonlyMap<string, Federated>): FastifyPluginAsync {
  const given = (id: string): Given => {
    const federated = organisations.get(id);
    if (federated === undefined) throw problem(404, "oidc_unknown", "this organisation signs in here, by itself");
    return { deps, federated };
  };
  return async (instance) => {
    startRoutes(instance, given);
    callbackRoute(instance, given);
    signOutRoute(instance, deps, organisations);
  };
}

function startRoutes(instance: FastifyInstance, given: (id: string) => Given): void {
  const app = typed(instance);
  const start = {
    tags,
    operationId: "startOidcSignIn",
    summary: "Sends the browser to the organisation's identity provider",
    params: organisationParams,
    querystring: returnQuery,
    response: { 303: Type.Null() },
  };
  app.get(`${base}/:organisation/start`, { schema: start, config: open }, async (request, reply) => {
    const at = given(request.params.organisation);
    return sendAway(at, { returnTo: request.query.returnTo, stepUpSession: null }, { request, reply });
  });
  const stepUp = {
    ...start,
    operationId: "startOidcStepUp",
    summary: "Has the identity provider ask the person again",
    params: undefined,
  };
  const { params: _, ...stepUpSchema } = stepUp;
  const config = asks("account:own");
  app.get(`${base}/step-up`, { schema: stepUpSchema, config }, async (request, reply) => {
    const { organisationId, sessionId } = actorOf(request);
    if (sessionId === null) throw problem(409, "oidc_no_session", "only a browser's session can be stepped up");
    return sendAway(
      given(organisationId),
      { returnTo: request.query.returnTo, stepUpSession: sessionId },
      { request, reply },
    );
  });
}

type Exchange = { readonly request: FastifyRequest; readonly reply: FastifyReply };

async function sendAway(
  { deps, federated }: Given,
  wanted: { readonly returnTo: string | undefined; readonly stepUpSession: string | null },
  { request, reply }: Exchange,
): Promise<FastifyReply> {
  const { organisation, client } = federated;
  const [state, browser, nonce, codeVerifier] = [random(deps), random(deps), random(deps), random(deps)];
  const url = await client.signInUrl({
    redirectUri: redirectUri(deps, organisation.id),
    state,
    nonce,
    codeVerifier,
    stepUp: wanted.stepUpSession !== null,
  });
  if (!url.ok) return fail(refusalOf(url.error), { request, reply });
  const startedAtMs = deps.clock();
  await savePending(deps.db, {
    stateSha256: digestOf(state),
    browserSha256: digestOf(browser),
    organisationId: organisation.id,
    nonce,
    codeVerifier,
    returnTo: returnPath(wanted.returnTo),
    stepUpSession: wanted.stepUpSession,
    startedAtMs,
    expiresAtMs: startedAtMs + pendingMs,
  });
  reply.header("set-cookie", browserCookie(browser, deps)).header("cache-control", "no-store");
  return reply.redirect(url.value, 303);
}

function random(deps: OidcDeps): string {
  return Buffer.from(deps.chance.bytes(32)).toString("base64url");
}

function redirectUri(deps: OidcDeps, organisationId: string): string {
  return `${deps.place().origin}${base}/${organisationId}/callback`;
}

/** Binds the way there and the way back to one browser. Lax: the way back comes from another site, and Strict would not be sent. */
function browserCookie(value: string, deps: OidcDeps): string {
  const secure = secureCookies(deps);
  const seconds = value === "" ? 0 : pendingMs / 1000;
  return `${browserCookieName(secure)}=${value}; Path=${base}; HttpOnly; SameSite=Lax; Max-Age=${seconds}${secure ? "; Secure" : ""}`;
}

function browserCookieName(secure: boolean): string {
  return secure ? "__Secure-tillwatch_oidc" : "tillwatch_oidc";
}

function callbackRoute(instance: FastifyInstance, given: (id: string) => Given): void {
  const callback = {
    tags,
    operationId: "finishOidcSignIn",
    summary: "Where the identity provider sends the browser back to",
    params: organisationParams,
    response: { 303: Type.Null() },
  };
  typed(instance).get(`${base}/:organisation/callback`, { schema: callback, config: open }, async (request, reply) => {
    const at = given(request.params.organisation);
    reply.header("cache-control", "no-store").header("set-cookie", browserCookie("", at.deps));
    try {
      return reply.redirect(await comeBack(at, { request, reply }), 303);
    } catch (fault) {
      return fail(fault, { request, reply });
    }
  });
}

/** Answers where the browser goes next. */
async function comeBack(at: Given, exchange: Exchange): Promise<string> {
  const { deps, federated } = at;
  const { request } = exchange;
  const url = new URL(request.raw.url ?? "/", deps.place().origin);
  const state = url.searchParams.get("state") ?? "";
  const pending = await takePending(deps.db, digestOf(state));
  if (pending === null || !isOurs(pending, at, request)) throw unknownState();
  const { endedAt } = (await organisationById(deps.db, federated.organisation.id)) ?? { endedAt: null };
  if (endedAt !== null) {
    await recordRefused(at, { code: "organisation_ended", because: "its organisation has ended" });
    throw organisationOver();
  }
  const { nonce, codeVerifier } = pending;
  const back = new URL(`${redirectUri(deps, federated.organisation.id)}${url.search}`);
  const redeemed = await federated.client.redeem({ url: back, state, nonce, codeVerifier });
  if (!redeemed.ok) {
    await recordRefused(at, redeemed.error);
    throw refusalOf(redeemed.error);
  }
  if (pending.stepUpSession === null) await signIn(at, { pending, signedIn: redeemed.value }, exchange);
  else await proveAgain(at, { pending, signedIn: redeemed.value, sessionId: pending.stepUpSession });
  return pending.returnTo;
}

/** The same browser, in time, and back from the provider that it was sent to (a mix-up would come by another's path). */
function isOurs(pending: PendingSignIn, { deps, federated }: Given, request: FastifyRequest): boolean {
  const browser = cookieNamed(request.headers.cookie, browserCookieName(secureCookies(deps)));
  return (
    browser !== null &&
    digestOf(browser) === pending.browserSha256 &&
    pending.organisationId === federated.organisation.id &&
    deps.clock() < pending.expiresAtMs
  );
}

type Answered = { readonly pending: PendingSignIn; readonly signedIn: SignedIn };

async function signIn({ deps, federated }: Given, answered: Answered, exchange: Exchange): Promise<void> {
  const { organisation, provider } = federated;
  const { signedIn, pending } = answered;
  const { issuer, stepUpAcr } = provider;
  const entered = await deps.db.transaction().execute(async (tx) => {
    const outcome = await enterAccount(tx, { signedIn, organisation, provider }, deps);
    if (outcome.kind === "refused") {
      const subject = { kind: "organisation", id: organisation.id };
      await record(
        tx,
        {
          kind: "session.refused",
          actor: "machine",
          organisationId: organisation.id,
          subject,
          because: outcome.code,
          body: { way: "oidc" },
        },
        deps,
      );
      return outcome;
    }
    const { account } = outcome;
    // What the provider did counts as a second proof only where it says so in the words that were agreed on.
    const proven =
      stepUpAcr.length > 0 && provenAnew(signedIn.claims, { acr: stepUpAcr, sinceMs: pending.startedAtMs });
    const session = await openSession(tx, { account, way: "oidc", proven }, { deps, ...exchange });
    const sid = signedIn.claims["sid"];
    const idToken = await deps.vault.seal(tx, account.token, signedIn.idToken);
    const { sessionId } = session;
    await saveOidcSession(
      tx,
      {
        sessionId,
        organisationId: organisation.id,
        issuer,
        subject: signedIn.subject,
        sid: typeof sid === "string" ? sid : null,
        idToken,
      },
      deps.clock(),
    );
    return outcome;
  });
  await deps.watch.check();
  if (entered.kind === "refused") throw problem(403, entered.code, entrySays[entered.code], { remedy: entryRemedy });
}

const entrySays = {
  oidc_no_role: "your organisation's groups give you nothing to do here",
  account_suspended: "the account is suspended",
  account_ended: "the account has ended",
  oidc_login_taken: "another account here has this login, and it was not made by single sign-on",
} as const;
const entryRemedy = "Ask whoever administers Tillwatch in your organisation.";

async function proveAgain({ deps, federated }: Given, given: Answered & { readonly sessionId: string }): Promise<void> {
  const { organisation, provider } = federated;
  const { signedIn, pending, sessionId } = given;
  const identity = { organisationId: organisation.id, issuer: provider.issuer, subject: signedIn.subject };
  const [session] = await sessionsById(deps.db, [sessionId]);
  const accountId = await linkedAccount(deps.db, identity);
  const same = session !== undefined && session.endedBecause === null && session.accountId === accountId;
  if (!same || !provenAnew(signedIn.claims, { acr: provider.stepUpAcr, sinceMs: pending.startedAtMs })) {
    throw problem(403, "oidc_step_up_refused", "the identity provider did not prove anew that it is you", {
      remedy: "Sign in there with the account of this session, by the way that your organisation asks for.",
    });
  }
  await deps.db.transaction().execute(async (tx) => {
    await stepUpSession(tx, sessionId, deps.clock());
    const subject = { kind: "account", id: session.accountId };
    const entry = {
      kind: "session.stepped_up",
      actor: session.token,
      organisationId: organisation.id,
      subject,
      because: "proven anew by oidc",
    };
    await record(tx, { ...entry, body: { session: sessionId, way: "oidc" } }, deps);
  });
}

async function recordRefused(
  { deps, federated }: Given,
  refusal: Pick<HttpProblem, "code"> & { readonly because: string },
): Promise<void> {
  const subject = { kind: "organisation", id: federated.organisation.id };
  const because = `${refusal.code}: ${refusal.because}`;
  const organisationId = federated.organisation.id;
  const entry = { kind: "session.refused", actor: "machine", organisationId, subject, because, body: { way: "oidc" } };
  await deps.db.transaction().execute((tx) => record(tx, entry, deps));
}

function signOutRoute(instance: FastifyInstance, deps: OidcDeps, organisations: ReadonlyMap<string, Federated>): void {
  const schema = {
    tags,
    operationId: "readOidcSignOut",
    summary: "Where to go after signing out here, so that the provider's session ends too; null: nowhere",
    response: { 200: Type.Object({ url: Type.Union([Type.String(), Type.Null()]) }) },
  };
  typed(instance).get(`${base}/sign-out`, { schema, config: asks("account:own") }, async (request, reply) => {
    const { sessionId } = actorOf(request);
    reply.header("cache-control", "no-store");
    const session = sessionId === null ? null : await oidcSession(deps.db, sessionId);
    const client = session === null ? undefined : organisations.get(session.organisationId)?.client;
    if (session === null || client === undefined) return { url: null };
    const idToken = await deps.vault.open(deps.db, session.idToken);
    if (idToken === null) return { url: null };
    const url = await client.signOutUrl({ idToken, returnTo: `${deps.place().origin}/sign-in` });
    return { url: url.ok ? url.value : null };
  });
}

function unknownState(): HttpProblem {
  return problem(400, "oidc_state_unknown", "this sign-in was not started here, or took too long", {
    remedy: "Start again from the page where people sign in.",
  });
}

function refusalOf({ code }: OidcRefusal): HttpProblem {
  if (code === "oidc_provider_unreachable") {
    return problem(502, code, "the organisation's identity provider does not answer", { remedy: "Try again later." });
  }
  return problem(401, code, "the identity provider's answer does not hold", { remedy: "Start again." });
}

/** People get the page where they signed in, with the code; programs get the problem. */
function fail(fault: unknown, { request, reply }: Exchange): FastifyReply {
  const isProblem = fault instanceof Error && fault.name === "HttpProblem" && "code" in fault;
  const page = (request.headers.accept ?? "").includes("text/html");
  if (!isProblem || !page) throw fault instanceof Error ? fault : new Error("not an error", { cause: fault });
  return reply.redirect(`/sign-in?problem=${encodeURIComponent(String(fault.code))}`, 303);
}
