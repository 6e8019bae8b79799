import type { FastifyPluginAsync } from "fastify";
import { Type } from "typebox";
import { problem } from "../api/problem.ts";
import { typed } from "../api/typed.ts";
import type { Chance } from "../platform/chance.ts";
import { actorOf, type AuthenticateDeps } from "./authenticate-http.ts";
import { cookieNamed, sessionCookie, setCookie } from "./cookie.ts";
import { credentialOf, digestOf } from "./credential.ts";
import { crossSite } from "./same-origin.ts";
import { endSession, saveSession } from "./session-store.ts";

// Half a day: a shift, with its overtime.
const sessionSeconds = 12 * 60 * 60;

const actorShape = Type.Object({
  actor: Type.String(),
  kind: Type.Enum(["administrator", "device", "person"]),
  expiresAt: Type.Union([Type.String({ format: "date-time" }), Type.Null()]),
});

/** The browser's session: a cookie in exchange for the token, so that EventSource and downloads work without it. */
export function sessionRoutes(deps: AuthenticateDeps & { readonly chance: Chance }): FastifyPluginAsync {
  return async (instance) => {
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
      reply.header(
        "set-cookie",
        setCookie(value, { maxAgeSeconds: sessionSeconds, secure: request.protocol === "https" }),
      );
      const { token, kind } = credential.actor;
      return { actor: token, kind, expiresAt: new Date(expiresAtMs).toISOString() };
    });
    const read = { tags, operationId: "readSession", summary: "Who am I", response: { 200: actorShape } };
    app.get("/api/v1/session", { schema: read }, async (request) => {
      const { token, kind } = actorOf(request);
      return { actor: token, kind, expiresAt: null };
    });
    const end = { tags, operationId: "endSession", summary: "Signs the browser out", response: { 204: Type.Null() } };
    app.delete("/api/v1/session", { schema: end }, async (request, reply) => {
      const value = cookieNamed(request.headers.cookie, sessionCookie);
      if (value !== null) await endSession(deps.db, digestOf(value));
      reply.header("set-cookie", setCookie("", { maxAgeSeconds: 0, secure: request.protocol === "https" }));
      return reply.code(204).send();
    });
  };
}
