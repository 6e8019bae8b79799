import { sql } from "kysely";
import type { DbOrTx, Tx } from "../schema.ts";

/** Stands where nobody had to state a purpose: the installation's own token, an emergency. */
export const noPurpose = "none_stated";

export type NewRequest = {
  readonly id: string;
  readonly exhibitId: string;
  readonly askedBy: string;
  readonly askedAtMs: number;
  readonly purpose: string;
  readonly because: string; // sealed
  readonly hours: number;
};

export async function insertRequest(tx: Tx, request: NewRequest): Promise<void> {
  await sql`
    insert into original_request (id, exhibit_id, asked_by, asked_at, purpose, because, hours, state)
    values (${request.id}, ${request.exhibitId}, ${request.askedBy}, ${at(request.askedAtMs)}::timestamptz, ${request.purpose},
      ${request.because}, ${request.hours}, 'asked')`.execute(tx);
}

export type RequestInQuestion = {
  readonly askedBy: string;
  readonly purpose: string;
  readonly hours: number;
  readonly state: "asked" | "approved" | "refused" | "ended";
};

/** Locked: of two decisions at once one comes first. */
export async function lockRequest(
  tx: Tx,
  of: { readonly exhibitId: string; readonly id: string },
): Promise<RequestInQuestion | null> {
  const { rows } = await sql<{ asked_by: string; purpose: string; hours: number; state: RequestInQuestion["state"] }>`
    select asked_by, purpose, hours, state from original_request
    where id = ${of.id} and exhibit_id = ${of.exhibitId} for update`.execute(tx);
  const [row] = rows;
  return row === undefined ? null : { askedBy: row.asked_by, purpose: row.purpose, hours: row.hours, state: row.state };
}

export async function decideRequest(
  tx: Tx,
  id: string,
  decided: {
    readonly state: "approved" | "refused";
    readonly by: string;
    readonly because: string; // sealed
    readonly atMs: number;
    readonly endsAtMs: number | null;
  },
): Promise<void> {
  const endsAt = decided.endsAtMs === null ? null : at(decided.endsAtMs);
  await sql`
    update original_request set state = ${decided.state}, decided_by = ${decided.by}, decided_because = ${decided.because},
      decided_at = ${at(decided.atMs)}::timestamptz, ends_at = ${endsAt}::timestamptz
    where id = ${id}`.execute(tx);
}

export async function endRequest(tx: Tx, id: string, atMs: number): Promise<void> {
  await sql`
    update original_request set state = 'ended', ends_at = ${at(atMs)}::timestamptz where id = ${id}`.execute(tx);
}

function at(ms: number): string {
  return new Date(ms).toISOString();
}

export type TwoKeys = { readonly requestId: string; readonly askedBy: string; readonly approvedBy: string };

/** The approval in force by which somebody may open this original for this purpose; null: there is none. */
export async function twoKeysFor(
  db: DbOrTx,
  asked: { readonly exhibitId: string; readonly by: string; readonly purpose: string; readonly nowMs: number },
): Promise<TwoKeys | null> {
  const { rows } = await sql<{ id: string; asked_by: string; decided_by: string }>`
    select id, asked_by, decided_by from original_request
    where exhibit_id = ${asked.exhibitId} and asked_by = ${asked.by} and purpose = ${asked.purpose} and state = 'approved'
      and decided_by <> asked_by and ends_at > ${at(asked.nowMs)}::timestamptz
    order by ends_at desc limit 1`.execute(db);
  const [row] = rows;
  return row === undefined ? null : { requestId: row.id, askedBy: row.asked_by, approvedBy: row.decided_by };
}
