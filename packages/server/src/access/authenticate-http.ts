import type { FastifyInstance, FastifyRequest, onRequestAsyncHookHandler } from "fastify";
import { problem, type HttpProblem } from "../api/problem.ts";
import type { Clock } from "../platform/clock.ts";
import type { Db } from "../schema.ts";
import type { Actor } from "./actor.ts";
import { credentialOf, digestOf, type Credential } from "./credential.ts";
import { cookieNamed, sessionCookie } from "./cookie.ts";
import { sameOrigin } from "./same-origin.ts";
import { sessionCredential } from "./session-store.ts";

declare module "fastify" {
  interface FastifyRequest {
    actor: Actor | null;
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
};

// The Merkle log is public by design: a witness or an examiner checks it without asking us.
const publicPrefixes = ["/log/"];
const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Installs the hook that decides who asks, before a body is read: `Authorization: Bearer`, else the browser's session cookie.
 * Every route refuses with 401 `authentication_required` unless its `config.public` is true or it stands under `/log/`.
 * A write by cookie must come from our own pages: 403 `origin_refused`.
 */
export function authenticate(app: FastifyInstance, deps: AuthenticateDeps): void {
  app.decorateRequest("actor", null);
  app.addHook("onRequest", hook(deps));
}

/** The authenticated actor. Throws 401 when a public route asks for one that is not there. */
export function actorOf(request: FastifyRequest): Actor {
  if (request.actor === null) throw unauthenticated("authentication_required", "this operation needs a bearer token");
  return request.actor;
}

export function isPublic(route: { readonly url: string | undefined; readonly config: { readonly public?: boolean } }) {
  return route.config.public === true || publicPrefixes.some((prefix) => route.url?.startsWith(prefix) === true);
}

function hook(deps: AuthenticateDeps): onRequestAsyncHookHandler {
  return async (request, reply) => {
    const open = request.is404 || isPublic(request.routeOptions);
    const who = await identify(request, deps);
    if (who.ok) request.actor = who.actor;
    else if (!open) {
      if (who.error.status === 401) reply.header("www-authenticate", challenge(who.error.code));
      throw who.error;
    }
  };
}

type Identified = { readonly ok: true; readonly actor: Actor } | { readonly ok: false; readonly error: HttpProblem };

async function identify(request: FastifyRequest, deps: AuthenticateDeps): Promise<Identified> {
  const header = request.headers.authorization;
  if (header !== undefined) {
    const token = /^Bearer +([^\s]{1,1024})$/i.exec(header)?.[1];
    const credential = token === undefined ? null : credentialOf(deps.credentials, token);
    if (credential !== null) return { ok: true, actor: credential.actor };
    return { ok: false, error: unauthenticated("token_refused", "the bearer token is not known here") };
  }
  const cookie = cookieNamed(request.headers.cookie, sessionCookie);
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
  return { ok: true, actor: credential.actor };
}

function unauthenticated(code: string, detail: string): HttpProblem {
  return problem(401, code, detail, {
    remedy: "Send `Authorization: Bearer <token>`; the administrator's token was printed at the first start.",
  });
}

function challenge(code: string): string {
  return code === "token_refused" ? 'Bearer realm="tillwatch", error="invalid_token"' : 'Bearer realm="tillwatch"';
}
