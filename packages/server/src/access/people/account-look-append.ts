import { sql } from "kysely";
import { appendAudit } from "../../audit/audit-append.ts";
import type { PeopleDeps } from "./people-deps.ts";

type Look = { readonly actor: string; readonly organisationId: string };

// A page that is open asks again and again: looks of one person at one account within this time are one look.
const sameLookMs = 10 * 60_000;

/**
 * Puts on the record, before the answer leaves, that somebody learned who stands behind a token; `accountId` is null for the list of all.
 */
export async function recordNaming(
  { db, clock, chance }: PeopleDeps,
  { actor, organisationId }: Look,
  accountId: string | null,
): Promise<void> {
  const atMs = clock();
  const [kind, subject] =
    accountId === null
      ? ["account.listed", { kind: "organisation", id: organisationId }]
      : ["account.named", { kind: "account", id: accountId }];
  const since = new Date(atMs - sameLookMs).toISOString();
  await db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ found: boolean }>`
      select exists (select from audit_entry where subject_id = ${subject.id} and kind = ${kind} and actor = ${actor}
        and at >= ${since}::timestamptz) as found`.execute(tx);
    if (rows[0]?.found === true) return;
    const because = "administration of people";
    await appendAudit(tx, [{ kind, actor, subject, because, body: {}, atMs, organisationId }], chance);
  });
}
