import { sql } from "kysely";
import type { DbOrTx, Tx } from "../schema.ts";
import type { Channel, ReleaseHold } from "./release.ts";

export type NewRelease = {
  readonly id: string;
  readonly packetId: string;
  readonly incidentId: string;
  readonly organisationId: string;
  readonly partnerId: string | null;
  /** Each sealed; null: a partner. */
  readonly recipient: { readonly agency: string; readonly person: string; readonly reference: string } | null;
  readonly channel: Channel | "partner";
  readonly purpose: string;
  readonly ground: string;
  readonly because: string; // sealed
  readonly noted: readonly { readonly code: string; readonly count: number }[];
  readonly despite: string | null; // sealed
  readonly holds: readonly ReleaseHold[]; // that kept the case then
  readonly sha256: string;
  readonly bytes: number;
  readonly releasedAtMs: number;
  readonly releasedBy: string;
};

export type Release = Omit<NewRelease, "releasedAtMs"> & {
  readonly releasedAt: Date;
  readonly takenAt: Date | null;
  readonly takenBy: string | null;
  readonly withdrawnAt: Date | null;
  readonly withdrawnBy: string | null;
  readonly withdrawnBecause: string | null; // sealed
};

const columns =
  sql.raw(`r.id, r.packet_id as "packetId", r.incident_id as "incidentId", r.organisation_id as "organisationId",
  r.partner_id as "partnerId", r.recipient::json as recipient, r.channel, r.purpose, r.ground, r.because, r.noted, r.despite, r.holds, r.sha256, r.bytes,
  r.released_at as "releasedAt", r.released_by as "releasedBy", r.taken_at as "takenAt", r.taken_by as "takenBy",
  r.withdrawn_at as "withdrawnAt", r.withdrawn_by as "withdrawnBy", r.withdrawn_because as "withdrawnBecause"`);

/** The hand-off itself. Refused by the database where no audit entry of subject `release` stands in the same transaction. */
export async function insertRelease(tx: Tx, release: NewRelease): Promise<void> {
  const { id, packetId, incidentId, organisationId, partnerId, recipient } = release;
  await sql`
    insert into packet_release (id, packet_id, incident_id, organisation_id, partner_id, recipient, channel, purpose, ground, because, noted,
      despite, holds, sha256, bytes, released_at, released_by)
    values (${id}::uuid, ${packetId}::uuid, ${incidentId}::uuid, ${organisationId}, ${partnerId},
      ${recipient === null ? null : JSON.stringify(recipient)}, ${release.channel}, ${release.purpose}, ${release.ground},
      ${release.because}, ${JSON.stringify(release.noted)}::json, ${release.despite}, ${JSON.stringify(release.holds)}::json, ${release.sha256}, ${release.bytes},
      ${new Date(release.releasedAtMs)}::timestamptz, ${release.releasedBy})`.execute(tx);
}

/** Releases of a case's packets, newest first; under a partner's scope those to it. Uses packet_release_by_incident. */
export async function releasesOf(db: DbOrTx, incidentId: string): Promise<readonly Release[]> {
  const { rows } = await sql<Release>`
    select ${columns} from packet_release r where r.incident_id = ${incidentId}::uuid order by r.released_at desc, r.id limit 500`.execute(
    db,
  );
  return rows;
}

/** One release of this packet; null: there is none. */
export async function releaseById(
  db: DbOrTx,
  at: { readonly id: string; readonly packetId: string },
): Promise<Release | null> {
  const { rows } = await sql<Release>`
    select ${columns} from packet_release r where r.id = ${at.id}::uuid and r.packet_id = ${at.packetId}::uuid`.execute(
    db,
  );
  return rows[0] ?? null;
}

/** Locked, so that of two who withdraw or record at once the second sees what the first did. */
export async function lockRelease(
  tx: Tx,
  at: { readonly id: string; readonly packetId: string },
): Promise<Release | null> {
  const { rows } = await sql`
    select id from packet_release where id = ${at.id}::uuid and packet_id = ${at.packetId}::uuid for update`.execute(
    tx,
  );
  return rows.length === 0 ? null : releaseById(tx, at);
}

export async function withdrawRelease(
  tx: Tx,
  id: string,
  by: { readonly actor: string; readonly because: string; readonly atMs: number },
): Promise<void> {
  await sql`
    update packet_release set withdrawn_at = ${new Date(by.atMs)}::timestamptz, withdrawn_by = ${by.actor},
      withdrawn_because = ${by.because} where id = ${id}::uuid and withdrawn_at is null`.execute(tx);
}

export async function markTaken(
  tx: DbOrTx,
  id: string,
  by: { readonly actor: string; readonly atMs: number },
): Promise<void> {
  await sql`
    update packet_release set taken_at = ${new Date(by.atMs)}::timestamptz, taken_by = ${by.actor}
    where id = ${id}::uuid and taken_at is null`.execute(tx);
}

/** The releases of this packet by which a partner has it now: the downloading of his people is theirs. */
export async function releasesTo(
  db: DbOrTx,
  of: { readonly packetId: string; readonly partnerId: string },
): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from packet_release where packet_id = ${of.packetId}::uuid and partner_id = ${of.partnerId}
      and withdrawn_at is null and not release_withheld(packet_release) order by released_at, id`.execute(db);
  return rows.map(({ id }) => id);
}

/** The exhibits whose bytes went into a packet, by the record of their copying. */
export async function exhibitsIn(
  db: DbOrTx,
  packet: { readonly id: string; readonly incidentId: string },
): Promise<readonly { readonly id: string; readonly sha256: string }[]> {
  const { rows } = await sql<{ id: string; sha256: string }>`
    select e.id::text as id, e.sha256 from exhibit e
    where e.incident_id = ${packet.incidentId}::uuid and e.sha256 is not null and exists (
      select from audit_entry a where a.subject_kind = 'exhibit' and a.subject_id = e.id::text and a.kind = 'exhibit.copied'
        and position(${`"packetId":"${packet.id}"`} in a.body) > 0)
    order by e.received_at, e.id`.execute(db);
  return rows;
}
