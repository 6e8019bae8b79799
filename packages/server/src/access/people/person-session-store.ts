import { sql } from "kysely";
import type { DbOrTx } from "../../schema.ts";
import type { Role } from "../principal.ts";
import type { AccountState } from "./account.ts";
import type { SessionEnd, SessionFacts } from "./session-state.ts";

export type SignInWay = "passkey" | "password" | "link" | "oidc";

/** A session with what its owner may do, read anew at every request: what an administrator changes holds at once. */
export type SessionRow = SessionFacts & {
  readonly id: string;
  readonly way: SignInWay;
  readonly createdAtMs: number;
  readonly steppedUpAtMs: number | null;
  readonly accountId: string;
  readonly token: string;
  readonly accountVersion: number;
  readonly organisationId: string;
  readonly roles: readonly Role[];
  readonly sites: readonly string[] | null;
  readonly regions: readonly string[] | null;
};

type Raw = {
  readonly id: string;
  readonly way: SignInWay;
  readonly created_at: Date;
  readonly active_at: Date;
  readonly expires_at: Date;
  readonly stepped_up_at: Date | null;
  readonly ended_because: SessionEnd | null;
  readonly account_id: string;
  readonly token: string;
  readonly version: number;
  readonly organisation_id: string;
  readonly roles: readonly Role[];
  readonly sites: readonly string[] | null;
  readonly regions: readonly string[] | null;
  readonly state: AccountState;
  readonly ends_at: Date | null;
  readonly organisation_ended: boolean;
};

const select = sql`
  select s.id, s.way, s.created_at, s.active_at, s.expires_at, s.stepped_up_at, s.ended_because, s.account_id, a.token, a.version,
    a.organisation_id, a.roles, a.sites, a.regions, a.state, a.ends_at, o.ended_at is not null as organisation_ended
  from person_session s join account a on a.id = s.account_id join organisation o on o.id = a.organisation_id`;

function rowOf(raw: Raw): SessionRow {
  return {
    id: raw.id,
    way: raw.way,
    createdAtMs: raw.created_at.getTime(),
    activeAtMs: raw.active_at.getTime(),
    expiresAtMs: raw.expires_at.getTime(),
    steppedUpAtMs: raw.stepped_up_at?.getTime() ?? null,
    endedBecause: raw.ended_because,
    accountId: raw.account_id,
    token: raw.token,
    accountVersion: raw.version,
    organisationId: raw.organisation_id,
    roles: raw.roles,
    sites: raw.sites,
    regions: raw.regions,
    accountState: raw.state,
    accountEndsAtMs: raw.ends_at?.getTime() ?? null,
    organisationEnded: raw.organisation_ended,
  };
}

/** The session of a cookie, by the cookie's digest; null: no person's session. */
export async function sessionByCookie(db: DbOrTx, sha256: string): Promise<SessionRow | null> {
  const { rows } = await sql<Raw>`${select} where s.sha256 = ${sha256}`.execute(db);
  return rows[0] === undefined ? null : rowOf(rows[0]);
}

/** Sessions by id, for who watches them; those that are gone are not in the answer. */
export async function sessionsById(db: DbOrTx, ids: readonly string[]): Promise<readonly SessionRow[]> {
  const { rows } = await sql<Raw>`${select} where s.id = any(${[...ids]}::uuid[])`.execute(db);
  return rows.map(rowOf);
}

export type NewSession = {
  readonly id: string;
  readonly sha256: string;
  readonly accountId: string;
  readonly way: SignInWay;
  readonly client: string;
  readonly nowMs: number;
  readonly expiresAtMs: number;
  /** Whether the sign-in itself proved possession and knowledge (passkey, password with code): it counts as a step-up. */
  readonly proven: boolean;
};

// How long an ended session can still say why it ended.
const rememberEndedMs = 7 * 24 * 3_600_000;

/** Keeps a new session; those that ended long ago are swept on the way. */
export async function insertSession(db: DbOrTx, session: NewSession): Promise<void> {
  const now = new Date(session.nowMs);
  await sql`delete from person_session where coalesce(ended_at, expires_at) < ${new Date(session.nowMs - rememberEndedMs)}::timestamptz`.execute(
    db,
  );
  await sql`
    insert into person_session (id, sha256, account_id, way, client, created_at, active_at, expires_at, stepped_up_at)
    values (${session.id}::uuid, ${session.sha256}, ${session.accountId}::uuid, ${session.way}, ${session.client}, ${now}::timestamptz,
      ${now}::timestamptz, ${new Date(session.expiresAtMs)}::timestamptz, ${session.proven ? now : null}::timestamptz)`.execute(
    db,
  );
}

/** Which sessions to end: one (of this account only), all of an account, or all but one. */
export type SessionsToEnd = { readonly accountId: string; readonly only?: string; readonly except?: string | null };

/** Ends sessions that have not ended; answers their ids. */
export async function endSessions(
  db: DbOrTx,
  which: SessionsToEnd,
  end: { readonly because: SessionEnd; readonly nowMs: number },
): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    update person_session set ended_at = ${new Date(end.nowMs)}::timestamptz, ended_because = ${end.because}
    where account_id = ${which.accountId}::uuid and ended_at is null
      and (${which.only ?? null}::uuid is null or id = ${which.only ?? null}::uuid)
      and (${which.except ?? null}::uuid is null or id <> ${which.except ?? null}::uuid)
    returning id`.execute(db);
  return rows.map((row) => row.id);
}

/** The person signs out: the session of this cookie ends, if it is a person's. */
export async function endSessionByCookie(db: DbOrTx, sha256: string, nowMs: number): Promise<void> {
  await sql`
    update person_session set ended_at = ${new Date(nowMs)}::timestamptz, ended_because = 'signed_out'
    where sha256 = ${sha256} and ended_at is null`.execute(db);
}

/** A person did something: the session is not idle. */
export async function touchSession(db: DbOrTx, id: string, nowMs: number): Promise<void> {
  const now = new Date(nowMs);
  await sql`
    with touched as (update person_session set active_at = ${now}::timestamptz where id = ${id}::uuid returning account_id)
    update account set last_seen_at = ${now}::timestamptz from touched where account.id = touched.account_id`.execute(
    db,
  );
}

export async function stepUpSession(db: DbOrTx, id: string, nowMs: number): Promise<void> {
  const now = new Date(nowMs);
  await sql`update person_session set stepped_up_at = ${now}::timestamptz, active_at = ${now}::timestamptz where id = ${id}::uuid`.execute(
    db,
  );
}

export type SessionListed = {
  readonly id: string;
  readonly way: SignInWay;
  readonly client: string;
  readonly createdAt: Date;
  readonly activeAt: Date;
  readonly expiresAt: Date;
};

/** Sessions of an account that can still be used, the youngest first, at most 100. */
export async function liveSessionsOf(
  db: DbOrTx,
  accountId: string,
  at: { readonly nowMs: number; readonly idleMs: number },
): Promise<readonly SessionListed[]> {
  const { rows } = await sql<SessionListed>`
    select id, way, client, created_at as "createdAt", active_at as "activeAt", expires_at as "expiresAt" from person_session
    where account_id = ${accountId}::uuid and ended_at is null and expires_at > ${new Date(at.nowMs)}::timestamptz
      and active_at > ${new Date(at.nowMs - at.idleMs)}::timestamptz
    order by created_at desc, id limit 100`.execute(db);
  return rows;
}
