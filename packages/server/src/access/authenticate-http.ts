import type { FastifyInstance, FastifyRequest, onRequestAsyncHookHandler } from "fastify";
import { HttpProblem, problem } from "../api/problem.ts";
import type { Clock } from "../platform/clock.ts";
import type { Db } from "../schema.ts";
import { credentialOf, digestOf, type Credential } from "./credential.ts";
import { organisationOver } from "./ended-organisation.ts";
import { cookieNamed, sessionCookieName } from "./cookie.ts";
import type { Principal } from "./principal.ts";
import type { RateGate } from "./request-rates.ts";
import { sameOrigin } from "./same-origin.ts";
import { sessionCredential } from "./session-store.ts";

declare module "fastify" {
  interface FastifyRequest {
    principal: Principal | null;
  }
  interface FastifyContextConfig {
    /** Answers without authentication. Everything else refuses. */
    public?: boolean;
  }
}

export type AuthenticateDeps = {
  readonly db: Db;
  readonly clock: Clock;
  readonly credentials: readonly Credential[];
  /** Asked in order before the bearer tokens and the session; the first that answers decides. */
  readonly identifiers?: readonly Identifier[];
  /** Whether an organisation takes part no longer, and nobody of it is let in; absent: none has ended. */
  readonly hasEnded?: (organisationId: string) => boolean;
  /** Whether browsers reach us by https, so that cookies are bound to it; absent: they do not. */
  readonly secureCookies?: () => boolean;
};

/**
 * One way to prove who one is (an API key, a signed token, a client certificate). `null`: nothing of this way was shown, ask the
 * next. Throws the HttpProblem (401 or 403) when something was shown and it does not hold.
 */
export type Identifier = (request: FastifyRequest) => Promise<Principal | null>;

// The Merkle log is public by design: a witness or an examiner checks it without asking us.
const publicPrefixes = ["/log/"];
const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Installs the hook that decides who asks, before a body is read: `Authorization: Bearer`, else the browser's session cookie.
 * Every route refuses with 401 `authentication_required` unless its `config.public` is true or it stands under `/log/`.
 * A write by cookie must come from our own pages: 403 `origin_refused`.
 */
export function authenticate(app: FastifyInstance, deps: AuthenticateDeps & { readonly rates: RateGate }): void {
  app.decorateRequest("principal", null);
  app.addHook("onRequest", hook(deps));
}

/** The authenticated actor. Throws 401 when a public route asks for one that is not there. */
export function actorOf(request: FastifyRequest): Principal {
  if (request.principal === null)
    throw unauthenticated("authentication_required", "this operation needs a bearer token");
  return request.principal;
}

export function isPublic(route: { readonly url: string | undefined; readonly config: { readonly public?: boolean } }) {
  return route.config.public === true || publicPrefixes.some((prefix) => route.url?.startsWith(prefix) === true);
}

function hook(deps: AuthenticateDeps & { readonly rates: RateGate }): onRequestAsyncHookHandler {
  return async (request, reply) => {
    const open = request.is404 || isPublic(request.routeOptions);
    await deps.rates.arriving(request);
    const who = await identify(request, deps);
    if (who.ok) {
      request.principal = who.principal;
      identifiedAgain.set(request, () => identify(request, deps));
      await deps.rates.identified(request, who.principal);
      return;
    }
    await deps.rates.anonymous(request);
    if (!open) {
      if (who.error.status === 401) reply.header("www-authenticate", challenge(who.error.code));
      throw who.error;
    }
  };
}

const identifiedAgain = new WeakMap<FastifyRequest, () => Promise<Identified>>();

/** Who asks, as of now, for an answer that goes on for long; null: what was shown holds no longer. */
export async function actorNow(request: FastifyRequest): Promise<Principal | null> {
  const who = await identifiedAgain.get(request)?.();
  return who?.ok === true ? who.principal : null;
}

async function identify(request: FastifyRequest, deps: AuthenticateDeps): Promise<Identified> {
  const who = await shownBy(request, deps);
  if (who.ok && deps.hasEnded?.(who.principal.organisationId) === true) return { ok: false, error: organisationOver() };
  return who;
}

type Identified =
  { readonly ok: true; readonly principal: Principal } | { readonly ok: false; readonly error: HttpProblem };

async function shownBy(request: FastifyRequest, deps: AuthenticateDeps): Promise<Identified> {
  try {
    for (const identifier of deps.identifiers ?? []) {
      const principal = await identifier(request);
      if (principal !== null) return { ok: true, principal };
    }
  } catch (fault) {
    if (fault instanceof HttpProblem) return { ok: false, error: fault };
    throw fault;
  }
  const header = request.headers.authorization;
  if (header !== undefined) {
    const token = /^Bearer +([^\s]{1,1024})$/i.exec(header)?.[1];
    const credential = token === undefined ? null : credentialOf(deps.credentials, token);
    if (credential !== null) return { ok: true, principal: credential.principal };
    return { ok: false, error: unauthenticated("token_refused", "the bearer token is not known here") };
  }
  const cookie = cookieNamed(request.headers.cookie, sessionCookieName(deps.secureCookies?.() === true));
  if (cookie === null) {
    return { ok: false, error: unauthenticated("authentication_required", "this operation needs a bearer token") };
  }
  const credentialSha256 = await sessionCredential(deps.db, digestOf(cookie), deps.clock());
  // A session lives no longer than the token that it was made with is accepted.
  const credential = deps.credentials.find((known) => known.sha256 === credentialSha256);
  if (credential === undefined) return { ok: false, error: unauthenticated("session_ended", "the session has ended") };
  if (!safeMethods.has(request.method) && !sameOrigin(request.headers)) {
    return {
      ok: false,
      error: problem(403, "origin_refused", "a write with a session cookie must come from this server's own pages", {
        remedy: "Send the bearer token instead of the cookie.",
      }),
    };
  }
  return { ok: true, principal: credential.principal };
}

function unauthenticated(code: string, detail: string): HttpProblem {
  return problem(401, code, detail, {
    remedy: "Send `Authorization: Bearer <token>`; the administrator's token was printed at the first start.",
  });
}

function challenge(code: string): string {
  return code === "token_refused" ? 'Bearer realm="tillwatch", error="invalid_token"' : 'Bearer realm="tillwatch"';
}
