import type { FastifyReply, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import { problem } from "../../api/problem.ts";
import type { Tx } from "../../schema.ts";
import type { Identifier } from "../authenticate-http.ts";
import { cookieNamed, sessionCookieName, setCookie } from "../cookie.ts";
import { digestOf } from "../credential.ts";
import type { Principal } from "../principal.ts";
import { crossSite, sameOrigin } from "../same-origin.ts";
import { RefusalMeter } from "../federation/refusal-meter.ts";
import type { Account } from "./account.ts";
import { noteSeen } from "./account-store.ts";
import { recordPeople, type PeopleDeps } from "./people-deps.ts";
import {
  endSessions,
  insertSession,
  sessionByCookie,
  type SessionRow,
  type SignInWay,
} from "./person-session-store.ts";
import { clientOf, sessionEnd, sessionEnds, type SessionEnd } from "./session-state.ts";

const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);
const cookieBytes = 32;

export const signedInShape = Type.Object({
  actor: Type.String(),
  sessionId: Type.String({ format: "uuid" }),
  expiresAt: Type.String({ format: "date-time" }),
});
export type SignedIn = Static<typeof signedInShape>;

/** Whether cookies of this installation travel over https only, and so carry the `__Host-` prefix. */
export function secureCookies(deps: Pick<PeopleDeps, "place">): boolean {
  return deps.place().origin.startsWith("https:");
}

/**
 * The person behind a session cookie, with roles and places as they are now. `null`: no cookie of a person, or something stronger was shown.
 * Throws 401 `session_ended` with the reason in its sentence, and 403 `origin_refused` for a write that another site's page sent.
 */
export function personIdentifier(deps: PeopleDeps): Identifier {
  const meter = new RefusalMeter();
  return async (request) => {
    if (request.headers.authorization !== undefined) return null;
    const cookie = cookieNamed(request.headers.cookie, sessionCookieName(secureCookies(deps)));
    if (cookie === null) return null;
    const row = await sessionByCookie(deps.db, digestOf(cookie));
    if (row === null) return null;
    const end = sessionEnd(row, { nowMs: deps.clock(), idleMs: deps.sessions.idleMs });
    if (end === "organisation_ended") await recordEnded(row, { deps, meter });
    if (end !== null) throw sessionOver(end);
    if (!safeMethods.has(request.method) && !sameOrigin(request.headers)) {
      throw problem(403, "origin_refused", "a write with a session cookie must come from this server's own pages");
    }
    return principalOf(row);
  };
}

/** At most once in ten minutes a person: an open page asks on and on. */
async function recordEnded(
  row: SessionRow,
  { deps, meter }: { readonly deps: PeopleDeps; readonly meter: RefusalMeter },
): Promise<void> {
  const { record: due, since } = meter.note(row.accountId, deps.clock());
  if (!due) return;
  const entry = {
    kind: "session.refused",
    actor: row.token,
    accountId: row.accountId,
    organisationId: row.organisationId,
    because: "its organisation has ended",
    body: { way: "session", notRecordedSinceTheLast: since },
  };
  await deps.db.transaction().execute((tx) => recordPeople(tx, [entry], deps));
}

function sessionOver(end: SessionEnd) {
  return problem(401, "session_ended", sessionEnds[end], { remedy: "Sign in again." });
}

function principalOf(row: SessionRow): Principal {
  return {
    token: row.token,
    kind: "person",
    organisationId: row.organisationId,
    roles: row.roles,
    sites: row.sites,
    regions: row.regions,
    scopes: null,
    sessionId: row.id,
    signedInAtMs: row.createdAtMs,
    steppedUpAtMs: row.steppedUpAtMs,
  };
}

export type SignIn = {
  readonly account: Pick<Account, "id" | "token" | "organisationId">;
  readonly way: SignInWay;
  /** Whether the way itself proves two things (a passkey behind a PIN or finger; a password with a code). */
  readonly proven: boolean;
};

/**
 * Opens a session in this browser, on the record, and ends the one that the browser had: a cookie that was planted before is worth
 * nothing after. Answers what goes into the body; the caller answers it. For every way to sign in, also of other parts.
 */
export async function openSession(
  tx: Tx,
  signIn: SignIn,
  given: { readonly deps: PeopleDeps; readonly request: FastifyRequest; readonly reply: FastifyReply },
): Promise<SignedIn> {
  const { deps, request, reply } = given;
  const { account, way, proven } = signIn;
  const nowMs = deps.clock();
  const secure = secureCookies(deps);
  const before = cookieNamed(request.headers.cookie, sessionCookieName(secure));
  const earlier = before === null ? null : await sessionByCookie(tx, digestOf(before));
  if (earlier !== null) {
    await endSessions(tx, { accountId: earlier.accountId, only: earlier.id }, { because: "signed_out", nowMs });
  }
  const value = Buffer.from(deps.chance.bytes(cookieBytes)).toString("base64url");
  const id = deps.chance.uuid();
  const expiresAtMs = nowMs + deps.sessions.lifeMs;
  const client = clientOf(request.headers["user-agent"]);
  await insertSession(tx, {
    id,
    sha256: digestOf(value),
    accountId: account.id,
    way,
    client,
    nowMs,
    expiresAtMs,
    proven,
  });
  await noteSeen(tx, account.id, nowMs);
  const entry = {
    kind: "session.started",
    actor: account.token,
    accountId: account.id,
    because: `signed in by ${way}`,
  };
  await recordPeople(tx, [{ ...entry, organisationId: account.organisationId, body: { session: id, way } }], deps);
  reply.header("set-cookie", setCookie(value, { maxAgeSeconds: Math.floor(deps.sessions.lifeMs / 1000), secure }));
  return { actor: account.token, sessionId: id, expiresAt: new Date(expiresAtMs).toISOString() };
}

/** A page of another site may not sign a browser in here, be it to watch what its person then does. */
export function refuseCrossSite(request: FastifyRequest): void {
  if (crossSite(request.headers)) throw problem(403, "origin_refused", "another site's page may not sign in here");
}
