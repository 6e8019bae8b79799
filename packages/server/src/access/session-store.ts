import { sql } from "kysely";
import type { Db } from "../schema.ts";

export type Session = { readonly sha256: string; readonly credentialSha256: string; readonly expiresAtMs: number };

/** Keeps a session by the digest of its cookie; sessions that ended are swept on the way. */
export async function saveSession(db: Db, session: Session, nowMs: number): Promise<void> {
  await sql`delete from access_session where expires_at <= ${new Date(nowMs)}::timestamptz`.execute(db);
  await sql`
    insert into access_session (sha256, credential_sha256, created_at, expires_at)
    values (${session.sha256}, ${session.credentialSha256}, ${new Date(nowMs)}::timestamptz, ${new Date(session.expiresAtMs)}::timestamptz)
  `.execute(db);
}

/** The digest of the credential that the session was made with; null: there is no such session, or it ended. */
export async function sessionCredential(db: Db, sha256: string, nowMs: number): Promise<string | null> {
  const { rows } = await sql<{ credential_sha256: string }>`
    select credential_sha256 from access_session
    where sha256 = ${sha256} and expires_at > ${new Date(nowMs)}::timestamptz
  `.execute(db);
  return rows[0]?.credential_sha256 ?? null;
}

export async function endSession(db: Db, sha256: string): Promise<void> {
  await sql`delete from access_session where sha256 = ${sha256}`.execute(db);
}
