import { sql } from "kysely";
import type { IncidentId, PacketId, PacketSummary } from "@tillwatch/wire";
import type { DbOrTx } from "../schema.ts";

export type PacketRow = PacketSummary & {
  readonly incidentId: IncidentId;
  readonly incidentRef: string;
  readonly includeMedia: boolean;
  readonly originals: boolean;
  /** The one that was stated for the case when it was asked for. */
  readonly purpose: string | null;
  /** The legal ground under which it holds what a minor is in; null: that stays out. */
  readonly minorGround: string | null;
  readonly because: string;
  readonly authority: string;
  readonly requestedBy: string;
  /** The API key that a program asked with; null: no program. */
  readonly requestedWith: string | null;
  readonly frozen: string | null;
  readonly object: { readonly objectKey: string; readonly wrappedKey: Uint8Array } | null;
};

type Row = {
  id: PacketId;
  state: PacketSummary["state"];
  requested_at: Date;
  ready_at: Date | null;
  bytes: number | null;
  sha256: string | null;
  problem: string | null;
  disposed_at: Date | null;
  incident_id: IncidentId;
  incident_ref: string;
  include_media: boolean;
  originals: boolean;
  purpose: string | null;
  minor_ground: string | null;
  because: string;
  authority: string;
  requested_by: string;
  requested_with: string | null;
  frozen: string | null;
  object_key: string | null;
  wrapped_key: Uint8Array | null;
};

export async function packetById(db: DbOrTx, id: string): Promise<PacketRow | null> {
  const { rows } = await sql<Row>`
    select id, state, requested_at, ready_at, bytes, sha256, problem, disposed_at, incident_id, incident_ref, include_media, originals, purpose, minor_ground, because, authority,
      requested_by, requested_with, frozen, object_key, wrapped_key
    from packet where id = ${id}`.execute(db);
  const row = rows[0];
  if (row === undefined) return null;
  return {
    ...toSummary(row),
    incidentId: row.incident_id,
    incidentRef: row.incident_ref,
    includeMedia: row.include_media,
    originals: row.originals,
    purpose: row.purpose,
    minorGround: row.minor_ground,
    because: row.because,
    authority: row.authority,
    requestedBy: row.requested_by,
    requestedWith: row.requested_with,
    frozen: row.frozen,
    object:
      row.object_key === null || row.wrapped_key === null
        ? null
        : { objectKey: row.object_key, wrappedKey: new Uint8Array(row.wrapped_key) },
  };
}

/** The packets of an incident, oldest first. Uses index packet_by_incident. */
export async function packetsOf(db: DbOrTx, incidentId: string): Promise<readonly PacketSummary[]> {
  const { rows } = await sql<SummaryRow>`
    select id, state, requested_at, ready_at, bytes, sha256, problem, disposed_at, include_media, originals
    from packet where incident_id = ${incidentId} order by requested_at, id limit 1000`.execute(db);
  return rows.map(toSummary);
}

/** Packets whose building a stop of the process may have cut off. */
export async function unfinishedPackets(db: DbOrTx): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from packet where state = 'building' order by requested_at limit 10000`.execute(db);
  return rows.map((row) => row.id);
}

export async function knownPacketObjects(db: DbOrTx, objectKeys: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ key: string }>`
    select object_key as key from packet where object_key = any(${[...objectKeys]}::text[])`.execute(db);
  return new Set(rows.map((row) => row.key));
}

/** Whether this person took this packet lately: ranges that follow belong to that download. */
export async function downloadedLately(
  db: DbOrTx,
  id: string,
  by: { readonly who: string; readonly sinceMs: number },
): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select exists (select 1 from audit_entry where subject_kind = 'packet' and subject_id = ${id}
      and kind = 'packet.downloaded' and actor = ${by.who}
      and at >= ${new Date(by.sinceMs).toISOString()}::timestamptz) as found`.execute(db);
  return rows[0]?.found === true;
}

type SummaryRow = Pick<
  Row,
  | ("id" | "state" | "requested_at" | "ready_at" | "bytes" | "sha256" | "problem" | "disposed_at")
  | ("include_media" | "originals")
>;

function toSummary(row: SummaryRow): PacketSummary {
  return {
    id: row.id,
    state: row.state,
    requestedAt: row.requested_at.toISOString(),
    readyAt: row.ready_at?.toISOString() ?? null,
    bytes: row.bytes,
    sha256: row.sha256,
    problem: row.problem,
    disposedAt: row.disposed_at?.toISOString() ?? null,
    contents: row.include_media ? (row.originals ? "originals" : "copies") : "none",
  };
}
