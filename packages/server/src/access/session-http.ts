import type { FastifyPluginAsync } from "fastify";
import { Type } from "typebox";
import { problem } from "../api/problem.ts";
import { typed } from "../api/typed.ts";
import type { WhoAmI } from "@tillwatch/wire";
import type { Chance } from "../platform/chance.ts";
import { actionNames } from "./actions.ts";
import type { Access } from "./ask.ts";
import { actorOf, type AuthenticateDeps } from "./authenticate-http.ts";
import { cookieNamed, sessionCookieName, setCookie } from "./cookie.ts";
import { credentialOf, digestOf } from "./credential.ts";
import { own } from "./people/people-access.ts";
import { endSessionByCookie } from "./people/person-session-store.ts";
import type { SessionWatch } from "./people/session-watch.ts";
import { roles, type Principal } from "./principal.ts";
import { crossSite } from "./same-origin.ts";
import { endSession, saveSession } from "./session-store.ts";

// Half a day: a shift, with its overtime.
const sessionSeconds = 12 * 60 * 60;

const time = Type.Union([Type.String({ format: "date-time" }), Type.Null()]);
const actorShape = Type.Object({
  actor: Type.String(),
  kind: Type.Enum(["administrator", "device", "person", "service"]),
  organisationId: Type.String(),
  roles: Type.Array(Type.Enum([...roles])),
  sessionId: Type.Union([Type.String(), Type.Null()]),
  signedInAt: time,
  steppedUpAt: time,
  expiresAt: time,
  may: Type.Array(Type.Enum([...actionNames]), {
    description:
      "what leads anywhere, also where a purpose or a second proof is asked first; each request is asked all the same",
  }),
});

/** The browser's session: a cookie in exchange for the token, so that EventSource and downloads work without it. */
export function sessionRoutes(
  deps: AuthenticateDeps & { readonly access: Access; readonly chance: Chance; readonly sessions?: SessionWatch },
): FastifyPluginAsync {
  const viewOf = async (principal: Principal) => viewWith(principal, await deps.access.mayAnywhere(principal));
  return async (instance) => {
    const isSecure = () => deps.secureCookies?.() === true;
    const app = typed(instance);
    const tags = ["session"];
    const body = Type.Object(
      { token: Type.String({ minLength: 1, maxLength: 1024 }) },
      { additionalProperties: false },
    );
    const start = {
      tags,
      operationId: "startSession",
      summary: "Signs a browser in",
      body,
      response: { 200: actorShape },
    };
    app.post("/api/v1/session", { schema: start, config: { public: true } }, async (request, reply) => {
      if (crossSite(request.headers)) throw problem(403, "origin_refused", "another site's page may not sign in here");
      const credential = credentialOf(deps.credentials, request.body.token);
      if (credential === null) {
        reply.header("www-authenticate", 'Bearer realm="tillwatch", error="invalid_token"');
        throw problem(401, "token_refused", "the token is not known here", { pointer: "/token" });
      }
      const value = Buffer.from(deps.chance.bytes(32)).toString("base64url");
      const expiresAtMs = deps.clock() + sessionSeconds * 1000;
      const session = { sha256: digestOf(value), credentialSha256: credential.sha256, expiresAtMs };
      await saveSession(deps.db, session, deps.clock());
      reply.header("set-cookie", setCookie(value, { maxAgeSeconds: sessionSeconds, secure: isSecure() }));
      return { ...(await viewOf(credential.principal)), expiresAt: new Date(expiresAtMs).toISOString() };
    });
    const read = { tags, operationId: "readSession", summary: "Who am I", response: { 200: actorShape } };
    app.get("/api/v1/session", { schema: read, config: own }, async (request) => viewOf(actorOf(request)));
    const end = { tags, operationId: "endSession", summary: "Signs the browser out", response: { 204: Type.Null() } };
    app.delete("/api/v1/session", { schema: end, config: own }, async (request, reply) => {
      const value = cookieNamed(request.headers.cookie, sessionCookieName(isSecure()));
      if (value !== null) {
        await endSession(deps.db, digestOf(value));
        await endSessionByCookie(deps.db, digestOf(value), deps.clock());
        await deps.sessions?.check();
      }
      reply.header("set-cookie", setCookie("", { maxAgeSeconds: 0, secure: isSecure() }));
      return reply.code(204).send();
    });
  };
}

const instant = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());

function viewWith(principal: Principal, may: readonly string[]): WhoAmI {
  return {
    actor: principal.token,
    kind: principal.kind,
    organisationId: principal.organisationId,
    roles: [...principal.roles],
    sessionId: principal.sessionId,
    signedInAt: instant(principal.signedInAtMs),
    steppedUpAt: instant(principal.steppedUpAtMs),
    expiresAt: null,
    may,
  };
}
