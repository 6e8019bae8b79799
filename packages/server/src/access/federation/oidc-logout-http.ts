import type { FastifyPluginAsync } from "fastify";
import { Type } from "typebox";
import { typed } from "../../api/typed.ts";
import { problem, type HttpProblem } from "../../api/problem.ts";
import { endSessions, sessionsById } from "../people/person-session-store.ts";
import { readLogoutToken, type LogoutToken } from "./logout-token.ts";
import type { Federated, OidcDeps } from "./oidc-http.ts";
import { noteLogoutToken, takeOidcSessions } from "./oidc-store.ts";
import { record } from "./recorded-append.ts";
import { RefusalMeter } from "./refusal-meter.ts";

const formBytesMax = 64 * 1024;
// Longer than a token is taken by its age (5 min, and a minute for the clocks on both ends).
const rememberMs = 10 * 60_000;

/**
 * Back-Channel Logout 1.0: the identity provider tells us, by itself, that somebody's session is over. The sessions here end within the
 * same transaction, and open tabs are told at once. A token is taken once.
 */
export function backChannelLogoutRoutes(
  deps: OidcDeps,
  organisations: ReadonlyMap<string, Federated>,
): FastifyPluginAsync {
  const meter = new RefusalMeter();
  return async (instance) => {
    instance.addContentTypeParser(
      "application/x-www-form-urlencoded",
      { parseAs: "string", bodyLimit: formBytesMax },
      (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(String(body)))),
    );
    const schema = {
      tags: ["sign-in"],
      operationId: "backChannelLogout",
      summary: "An identity provider ends sessions (OpenID Connect Back-Channel Logout 1.0)",
      consumes: ["application/x-www-form-urlencoded"],
      params: Type.Object({ organisation: Type.String({ pattern: "^[a-z][a-z0-9-]{0,31}$" }) }),
      body: Type.Object({ logout_token: Type.String({ minLength: 1, maxLength: 16_384 }) }),
      response: { 200: Type.Null() },
    };
    const url = "/api/v1/sign-in/oidc/:organisation/back-channel-logout";
    typed(instance).post(url, { schema, config: { public: true } }, async (request, reply) => {
      reply.header("cache-control", "no-store");
      const federated = organisations.get(request.params.organisation);
      if (federated === undefined) throw problem(404, "oidc_unknown", "this organisation signs in here, by itself");
      const verified = await federated.client.verifyLogoutToken(request.body.logout_token);
      const token = verified.ok ? readLogoutToken(verified.value) : verified;
      if (!token.ok) {
        await recordRefused(token.error.because, { deps, federated, meter });
        throw refused("the logout token does not hold");
      }
      if (!(await logOut(token.value, federated, deps))) {
        await recordRefused("replayed", { deps, federated, meter });
        throw refused("this logout token was taken before");
      }
      await deps.watch.check();
      return reply.code(200).send();
    });
  };
}

/** False: the token was taken before. */
async function logOut(token: LogoutToken, { organisation, provider }: Federated, deps: OidcDeps): Promise<boolean> {
  const nowMs = deps.clock();
  const about = { organisationId: organisation.id, issuer: provider.issuer, subject: token.subject, sid: token.sid };
  return deps.db.transaction().execute(async (tx) => {
    const seen = { issuer: provider.issuer, jti: token.jti, expiresAtMs: nowMs + rememberMs };
    if (!(await noteLogoutToken(tx, seen, nowMs))) return false;
    const taken = await takeOidcSessions(tx, about);
    const sessions = await sessionsById(
      tx,
      taken.map((session) => session.sessionId),
    );
    for (const session of sessions) {
      const which = { accountId: session.accountId, only: session.id };
      const [ended] = await endSessions(tx, which, { because: "identity_provider", nowMs });
      if (ended === undefined) continue;
      const subject = { kind: "account", id: session.accountId };
      const because = "the identity provider ended the session";
      await record(
        tx,
        {
          kind: "session.ended",
          actor: "machine",
          organisationId: organisation.id,
          subject,
          because,
          body: { session: ended },
        },
        deps,
      );
    }
    return true;
  });
}

async function recordRefused(
  because: string,
  at: { readonly deps: OidcDeps; readonly federated: Federated; readonly meter: RefusalMeter },
): Promise<void> {
  const { deps, federated, meter } = at;
  const { record: due, since } = meter.note(`${federated.organisation.id} ${because}`, deps.clock());
  if (!due) return;
  const subject = { kind: "organisation", id: federated.organisation.id };
  const entry = {
    kind: "logout_token.refused",
    actor: "machine",
    organisationId: federated.organisation.id,
    subject,
    because,
    body: { notRecordedSinceTheLast: since },
  };
  await deps.db.transaction().execute((tx) => record(tx, entry, deps));
}

function refused(detail: string): HttpProblem {
  return problem(400, "oidc_logout_refused", detail);
}
