import { sql } from "kysely";
import type { DbOrTx, Tx } from "../schema.ts";

export type CaseShare = {
  readonly id: string;
  readonly incidentId: string;
  readonly ref: string;
  readonly organisationId: string; // whose incident it is
  readonly partnerId: string;
  readonly ground: string; // sealed
  readonly sharedAt: Date;
  readonly sharedBy: string;
  readonly endsAt: Date;
  readonly revokedAt: Date | null;
};

export type NewShare = Omit<CaseShare, "ref" | "organisationId" | "revokedAt" | "sharedAt" | "endsAt"> & {
  /** The legal ground under which it is shared although a minor is among the people. */
  readonly minorGround: string | null;
  readonly sharedAtMs: number;
  readonly endsAtMs: number;
};

const columns = sql.raw(`s.id, s.incident_id as "incidentId", i.ref, s.organisation_id as "organisationId",
  s.partner_id as "partnerId", s.ground, s.shared_at as "sharedAt", s.shared_by as "sharedBy", s.ends_at as "endsAt",
  s.revoked_at as "revokedAt"`);

/** The shares of an incident, newest first. Uses case_share_by_incident. */
export async function sharesOf(db: DbOrTx, incidentId: string): Promise<readonly CaseShare[]> {
  const { rows } = await sql<CaseShare>`
    select ${columns} from case_share s join incident i on i.id = s.incident_id
    where s.incident_id = ${incidentId}::uuid order by s.shared_at desc, s.id limit 500`.execute(db);
  return rows;
}

/** What is shared with a partner now, newest first; under his scope the database holds to it too. Uses case_share_by_partner. */
export async function sharedWith(db: DbOrTx, partnerId: string, nowMs: number): Promise<readonly CaseShare[]> {
  const { rows } = await sql<CaseShare>`
    select ${columns} from case_share s join incident i on i.id = s.incident_id
    where s.partner_id = ${partnerId} and s.revoked_at is null and s.ends_at > ${new Date(nowMs)}::timestamptz
    order by s.shared_at desc, s.id limit 500`.execute(db);
  return rows;
}

/** False: there is no such incident in the writer's scope. */
export async function insertShare(tx: Tx, share: NewShare): Promise<boolean> {
  const { rows } = await sql`
    insert into case_share (id, incident_id, organisation_id, partner_id, ground, shared_at, shared_by, ends_at, minor_ground)
    select ${share.id}::uuid, id, organisation_id, ${share.partnerId}, ${share.ground}, ${new Date(share.sharedAtMs)}::timestamptz,
      ${share.sharedBy}, ${new Date(share.endsAtMs)}::timestamptz, ${share.minorGround}
    from incident where id = ${share.incidentId}::uuid returning id`.execute(tx);
  return rows.length > 0;
}

/** False: there is no such share of this incident, or it was revoked before. */
export async function revokeShare(
  tx: Tx,
  share: { readonly id: string; readonly incidentId: string },
  by: { readonly actor: string; readonly because: string; readonly atMs: number },
): Promise<boolean> {
  const { rows } = await sql`
    update case_share set revoked_at = ${new Date(by.atMs)}::timestamptz, revoked_by = ${by.actor}, revoked_because = ${by.because}
    where id = ${share.id}::uuid and incident_id = ${share.incidentId}::uuid and revoked_at is null returning id`.execute(
    tx,
  );
  return rows.length > 0;
}
