import type { CustodyEntry } from "@tillwatch/evidence";
import { sql } from "kysely";
import type { ExhibitId, ExhibitSummary } from "@tillwatch/wire";
import type { MinorFlag, Minors } from "../minors.ts";
import { asMachine } from "../platform/database/scoped.ts";
import type { DbOrTx } from "../schema.ts";

/** An exhibit as its stage knows it. Of a pointer, `object` is null and `uri` is not. */
export type ExhibitRow = ExhibitSummary & {
  readonly incidentId: string;
  readonly sha512: string | null;
  readonly receivedBy: string;
  readonly note: string;
  readonly uri: string | null;
  /** By its bytes; null: a pointer, or received before that was looked at. */
  readonly mediaKind: "picture" | "clip" | "document" | "unknown" | null;
  readonly object: { readonly objectKey: string; readonly wrappedKey: Uint8Array; readonly masterKeyId: string } | null;
};

type Row = {
  id: ExhibitId;
  incident_id: string;
  kind: ExhibitSummary["kind"];
  name: string;
  media_type: string;
  bytes: number | null;
  sha256: string | null;
  sha512: string | null;
  captured_at: string | null;
  received_at: Date;
  received_by: string;
  source: string;
  note: string;
  uri: string | null;
  media_kind: ExhibitRow["mediaKind"];
  object_key: string | null;
  wrapped_key: Uint8Array | null;
  master_key_id: string | null;
  disposed_at: Date | null;
};

const columns =
  sql.raw(`id, incident_id, kind, name, media_type, bytes, sha256, sha512, captured_at, received_at, received_by,
  source, note, uri, media_kind, object_key, wrapped_key, master_key_id, disposed_at`);

/** The exhibits of an incident in order of receipt. Uses index exhibit_by_incident. */
export async function exhibitRowsOf(db: DbOrTx, incidentId: string): Promise<readonly ExhibitRow[]> {
  const { rows } = await sql<Row>`
    select ${columns} from exhibit where incident_id = ${incidentId} order by received_at, id limit 10000`.execute(db);
  return rows.map(toExhibit);
}

/** What the incident page and the record show of its exhibits. */
export async function exhibitsOf(db: DbOrTx, incidentId: string): Promise<readonly ExhibitSummary[]> {
  return (await exhibitRowsOf(db, incidentId)).map(toSummary);
}

export async function exhibitById(db: DbOrTx, id: string): Promise<ExhibitRow | null> {
  const { rows } = await sql<Row>`select ${columns} from exhibit where id = ${id}`.execute(db);
  return rows[0] === undefined ? null : toExhibit(rows[0]);
}

/** Who said that a minor is in a case, and in which of its exhibits. Asked as the machine: not everybody sees the flags. */
export async function minorsOf(
  db: DbOrTx,
  incidentId: string,
): Promise<{ readonly ofCase: Minors["ofCase"]; readonly ofExhibits: ReadonlyMap<string, MinorFlag> }> {
  const { rows } = await asMachine(db, (machine) =>
    sql<{ exhibit: string | null; by: string; ground: string | null }>`
      select null as exhibit, actor as by, null as ground from incident_minor where incident_id = ${incidentId}::uuid
      union all
      select m.exhibit_id::text, m.actor, m.ground from exhibit_minor m join exhibit e on e.id = m.exhibit_id
      where e.incident_id = ${incidentId}::uuid`.execute(machine),
  );
  const whole = rows.find(({ exhibit }) => exhibit === null);
  const each = rows.flatMap(({ exhibit, by, ground }): [string, MinorFlag][] =>
    exhibit === null ? [] : [[exhibit, { flaggedBy: by, ground }]],
  );
  return { ofCase: whole === undefined ? null : { flaggedBy: whole.by }, ofExhibits: new Map(each) };
}

/** The flags that one exhibit stands under. */
export async function minorsOfExhibit(
  db: DbOrTx,
  { id, incidentId }: { readonly id: string; readonly incidentId: string },
): Promise<Minors> {
  const { ofCase, ofExhibits } = await minorsOf(db, incidentId);
  return { ofCase, ofExhibit: ofExhibits.get(id) ?? null };
}

/** Exhibits of a case that a minor is in and nobody stated a ground for: they are in nothing that goes outside. */
export async function withheldForMinors(db: DbOrTx, incidentId: string): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ id: string }>`
    select id from exhibit where incident_id = ${incidentId} and exhibit_minor_withheld(id)`.execute(db);
  return new Set(rows.map(({ id }) => id));
}

/** The chain of an exhibit in order; `auditId` is the audit entry that each link was recorded with. */
export async function custodyOf(
  db: DbOrTx,
  exhibitId: string,
): Promise<readonly { readonly entry: CustodyEntry; readonly auditId: string }[]> {
  const { rows } = await sql<{ entry: string; audit_id: string }>`
    select entry, audit_id from custody_entry where exhibit_id = ${exhibitId} order by seq`.execute(db);
  return rows.map((row) => ({ entry: JSON.parse(row.entry) as CustodyEntry, auditId: row.audit_id }));
}

/** Which of these object keys belong to an exhibit. */
export async function knownExhibitObjects(db: DbOrTx, objectKeys: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ key: string }>`
    select object_key as key from exhibit where object_key = any(${[...objectKeys]}::text[])`.execute(db);
  return new Set(rows.map((row) => row.key));
}

/** A master key that exhibits are sealed under, by its name: all are under one. null: there are none. */
export async function masterKeyOfExhibits(db: DbOrTx): Promise<string | null> {
  const { rows } = await sql<{ id: string }>`
    select master_key_id as id from exhibit where master_key_id is not null limit 1`.execute(db);
  return rows[0]?.id ?? null;
}

/** The master keys that exhibits were sealed under: with any but ours, those exhibits cannot be opened. */
export async function masterKeysInUse(
  db: DbOrTx,
): Promise<readonly { readonly id: string; readonly exhibits: number }[]> {
  const { rows } = await sql<{ id: string; exhibits: number }>`
    select master_key_id as id, count(*) as exhibits from exhibit where master_key_id is not null group by 1 order by 1`.execute(
    db,
  );
  return rows;
}

export function toSummary(row: ExhibitRow): ExhibitSummary {
  const { id, name, mediaType, bytes, sha256, capturedAt, receivedAt, kind, source, disposedAt = null } = row;
  return { id, name, mediaType, bytes, sha256, capturedAt, receivedAt, kind, source, disposedAt };
}

function toExhibit(row: Row): ExhibitRow {
  const { object_key: objectKey, wrapped_key: wrappedKey, master_key_id: masterKeyId } = row;
  return {
    id: row.id,
    name: row.name,
    mediaType: row.media_type,
    bytes: row.bytes,
    sha256: row.sha256,
    capturedAt: row.captured_at,
    receivedAt: row.received_at.toISOString(),
    kind: row.kind,
    source: row.source,
    incidentId: row.incident_id,
    sha512: row.sha512,
    receivedBy: row.received_by,
    note: row.note,
    uri: row.uri,
    disposedAt: row.disposed_at?.toISOString() ?? null,
    mediaKind: row.media_kind,
    object:
      objectKey === null || wrappedKey === null || masterKeyId === null
        ? null
        : { objectKey, wrappedKey: new Uint8Array(wrappedKey), masterKeyId },
  };
}
