import { sql } from "kysely";
import type { DbOrTx, Tx } from "../../schema.ts";

/** A browser that was sent to its identity provider. The texts of `state` and of the browser's cookie are known by digest only. */
export type PendingSignIn = {
  readonly stateSha256: string;
  readonly browserSha256: string;
  readonly organisationId: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly returnTo: string;
  readonly stepUpSession: string | null;
  readonly startedAtMs: number;
  readonly expiresAtMs: number;
};

/** Keeps it; those that expired are swept on the way. */
export async function savePending(db: DbOrTx, pending: PendingSignIn): Promise<void> {
  const startedAt = new Date(pending.startedAtMs);
  await sql`delete from oidc_pending where expires_at <= ${startedAt}::timestamptz`.execute(db);
  await sql`
    insert into oidc_pending (state_sha256, browser_sha256, organisation_id, nonce, code_verifier, return_to, step_up_session,
      started_at, expires_at)
    values (${pending.stateSha256}, ${pending.browserSha256}, ${pending.organisationId}, ${pending.nonce}, ${pending.codeVerifier},
      ${pending.returnTo}, ${pending.stepUpSession}, ${startedAt}::timestamptz, ${new Date(pending.expiresAtMs)}::timestamptz)
  `.execute(db);
}

type PendingRow = Omit<PendingSignIn, "startedAtMs" | "expiresAtMs"> & {
  readonly startedAt: Date;
  readonly expiresAt: Date;
};

/** Takes it, once: whoever comes second with the same state finds nothing, also at the same moment. */
export async function takePending(db: DbOrTx, stateSha256: string): Promise<PendingSignIn | null> {
  const { rows } = await sql<PendingRow>`
    delete from oidc_pending where state_sha256 = ${stateSha256}
    returning state_sha256 as "stateSha256", browser_sha256 as "browserSha256", organisation_id as "organisationId", nonce,
      code_verifier as "codeVerifier", return_to as "returnTo", step_up_session as "stepUpSession", started_at as "startedAt",
      expires_at as "expiresAt"`.execute(db);
  const row = rows[0];
  if (row === undefined) return null;
  const { startedAt, expiresAt, ...rest } = row;
  return { ...rest, startedAtMs: startedAt.getTime(), expiresAtMs: expiresAt.getTime() };
}

/** A person as a provider names it, and the organisation that trusts the provider. */
export type Identity = { readonly organisationId: string; readonly issuer: string; readonly subject: string };

/** The account that a person was linked to; null: not yet. */
export async function linkedAccount(db: DbOrTx, identity: Identity): Promise<string | null> {
  const { rows } = await sql<{ id: string }>`
    select account_id::text as id from oidc_identity
    where organisation_id = ${identity.organisationId} and issuer = ${identity.issuer} and subject = ${identity.subject}`.execute(
    db,
  );
  return rows[0]?.id ?? null;
}

/** Whether some identity signs in to the account already. */
export async function isLinked(db: DbOrTx, accountId: string): Promise<boolean> {
  const { rows } = await sql`select from oidc_identity where account_id = ${accountId}::uuid limit 1`.execute(db);
  return rows.length > 0;
}

export type Link = Identity & { readonly accountId: string };

/** Links, or notes that the link was used again. */
export async function saveLink(tx: Tx, link: Link, nowMs: number): Promise<void> {
  const now = new Date(nowMs);
  await sql`
    insert into oidc_identity (organisation_id, issuer, subject, account_id, first_at, last_at)
    values (${link.organisationId}, ${link.issuer}, ${link.subject}, ${link.accountId}::uuid, ${now}::timestamptz, ${now}::timestamptz)
    on conflict (organisation_id, issuer, subject) do update set last_at = excluded.last_at`.execute(tx);
}

/** The account that SCIM made for this person, by its id at the provider; null: none. */
export async function scimAccountByExternalId(
  db: DbOrTx,
  organisationId: string,
  externalId: string,
): Promise<string | null> {
  const { rows } = await sql<{ id: string }>`
    select id::text as id from account
    where organisation_id = ${organisationId} and origin = 'scim' and external_id = ${externalId}`.execute(db);
  return rows[0]?.id ?? null;
}

export type OidcSession = {
  readonly sessionId: string;
  readonly organisationId: string;
  readonly issuer: string;
  readonly subject: string;
  readonly sid: string | null;
  readonly idToken: string; // sealed
};

export async function saveOidcSession(tx: Tx, session: OidcSession, nowMs: number): Promise<void> {
  await sql`
    insert into oidc_session (session_id, organisation_id, issuer, subject, sid, id_token, started_at)
    values (${session.sessionId}, ${session.organisationId}, ${session.issuer}, ${session.subject}, ${session.sid},
      ${session.idToken}, ${new Date(nowMs)}::timestamptz)`.execute(tx);
}

const sessionColumns = sql`session_id as "sessionId", organisation_id as "organisationId", issuer, subject, sid, id_token as "idToken"`;

export async function oidcSession(db: DbOrTx, sessionId: string): Promise<OidcSession | null> {
  const { rows } = await sql<OidcSession>`
    select ${sessionColumns} from oidc_session where session_id = ${sessionId}`.execute(db);
  return rows[0] ?? null;
}

/** Takes the sessions that a logout token is about: of a `sid`, of a subject, or of both. Uses index oidc_session_subject. */
export async function takeOidcSessions(
  tx: Tx,
  about: Omit<Identity, "subject"> & { readonly subject: string | null; readonly sid: string | null },
): Promise<readonly OidcSession[]> {
  const { rows } = await sql<OidcSession>`
    delete from oidc_session
    where organisation_id = ${about.organisationId} and issuer = ${about.issuer}
      and (${about.subject}::text is null or subject = ${about.subject})
      and (${about.sid}::text is null or sid = ${about.sid})
    returning ${sessionColumns}`.execute(tx);
  return rows;
}

/** False: a token of this issuer with this id was taken before. What expired is swept: such a token is refused by its age. */
export async function noteLogoutToken(
  tx: Tx,
  token: { readonly issuer: string; readonly jti: string; readonly expiresAtMs: number },
  nowMs: number,
): Promise<boolean> {
  await sql`delete from oidc_logout_seen where expires_at <= ${new Date(nowMs)}::timestamptz`.execute(tx);
  const { rows } = await sql`
    insert into oidc_logout_seen (issuer, jti, expires_at)
    values (${token.issuer}, ${token.jti}, ${new Date(token.expiresAtMs)}::timestamptz)
    on conflict do nothing returning jti`.execute(tx);
  return rows.length > 0;
}
