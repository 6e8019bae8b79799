import {
  canonicalBytes,
  custodyDigest,
  custodyDigestField,
  nextCustodyEntry,
  type CustodyAction,
  type CustodyEntry,
  type CustodyFields,
} from "@tillwatch/evidence";
import { sql } from "kysely";
import type { JsonObject } from "@tillwatch/wire";
import { appendAudit } from "../audit/audit-append.ts";
import type { Chance } from "../platform/chance.ts";
import { nodeSha256 } from "../platform/keys/node-crypto.ts";
import type { StoredObject } from "../platform/keys/vault.ts";
import type { Tx } from "../schema.ts";
import type { ExhibitCamera } from "./copy-read.ts";
import type { MediaKind } from "./media-kind.ts";
import type { ExhibitFacts, Pointer } from "./exhibit.ts";

/** The member of an audit entry's body that says what the bytes at rest are: of `exhibit.received`, or of the first `exhibit.verified`. */
export const sealedDigestField = "sealedSha256";

type Arrival = {
  readonly id: string;
  readonly incidentId: string;
  readonly receivedAtMs: number;
  readonly receivedBy: string;
};

export async function insertExhibit(
  tx: Tx,
  exhibit: Arrival & {
    readonly facts: ExhibitFacts;
    readonly stored: StoredObject;
    readonly camera: ExhibitCamera;
    readonly mediaKind: MediaKind["kind"];
  },
): Promise<void> {
  const { facts, stored, camera, mediaKind } = exhibit;
  await sql`
    insert into exhibit (id, incident_id, kind, name, media_type, bytes, sha256, sha512, captured_at, received_at, received_by,
      source, note, object_key, wrapped_key, master_key_id, camera, device_id,
      media_kind)
    values (${exhibit.id}, ${exhibit.incidentId}, ${facts.kind}, ${facts.name}, ${facts.mediaType}, ${stored.bytes},
      ${stored.sha256}, ${stored.sha512}, ${facts.capturedAt}, ${new Date(exhibit.receivedAtMs).toISOString()}::timestamptz,
      ${exhibit.receivedBy}, ${facts.source}, ${facts.note}, ${stored.objectKey},
      decode(${Buffer.from(stored.wrappedKey).toString("hex")}, 'hex'), ${stored.masterKeyId}, ${camera.camera},
      ${camera.deviceId}, ${mediaKind})
  `.execute(tx);
}

/** Says of which camera an exhibit is. */
export async function saveCamera(tx: Tx, exhibitId: string, { camera, deviceId }: ExhibitCamera): Promise<void> {
  await sql`update exhibit set camera = ${camera}, device_id = ${deviceId} where id = ${exhibitId}`.execute(tx);
}

type PointerRow = Arrival & {
  readonly name: string;
  readonly capturedAt: string | null;
  readonly source: string;
  readonly note: string;
  readonly pointer: Pointer;
};

export async function insertPointer(tx: Tx, row: PointerRow): Promise<void> {
  const { pointer } = row;
  await sql`
    insert into exhibit (id, incident_id, kind, name, media_type, bytes, sha256, captured_at, received_at, received_by, source,
      note, uri)
    values (${row.id}, ${row.incidentId}, 'pointer', ${row.name}, ${pointer.mediaType}, ${pointer.bytes}, ${pointer.sha256},
      ${row.capturedAt}, ${new Date(row.receivedAtMs).toISOString()}::timestamptz, ${row.receivedBy}, ${row.source},
      ${row.note}, ${pointer.uri})
  `.execute(tx);
}

/** One touch of an exhibit. `auditKind` names it in the record, `detail` adds to the audit body. */
export type Touch = {
  readonly exhibitId: string;
  readonly incidentId: string;
  readonly action: CustodyAction;
  readonly atMs: number;
  readonly who: string;
  readonly what: string;
  readonly why: string;
  readonly authority: string;
  readonly digest: string;
  readonly auditKind: string;
  readonly detail?: JsonObject;
};

/**
 * Adds the next custody entry and its audit entry, in the transaction of what it records. Touches of one exhibit wait for each other
 * here, so that the chain has no fork.
 */
export async function recordTouch(tx: Tx, touch: Touch, chance: Chance): Promise<CustodyEntry> {
  await sql`select id from exhibit where id = ${touch.exhibitId} for update`.execute(tx);
  const { rows } = await sql<{ entry: string }>`
    select entry from custody_entry where exhibit_id = ${touch.exhibitId} order by seq desc limit 1`.execute(tx);
  const before = rows[0] === undefined ? undefined : (JSON.parse(rows[0].entry) as CustodyEntry);
  const { exhibitId, who, action, what, why, authority, digest } = touch;
  const fields: CustodyFields = {
    exhibitId,
    at: new Date(touch.atMs).toISOString(),
    who,
    action,
    what,
    why,
    authority,
    digest,
  };
  const entry = nextCustodyEntry(nodeSha256, before, fields);
  const entryDigest = custodyDigest(nodeSha256, entry);
  const record = {
    kind: touch.auditKind,
    actor: who,
    subject: { kind: "exhibit", id: exhibitId },
    because: why,
    atMs: touch.atMs,
    body: {
      ...touch.detail,
      incidentId: touch.incidentId,
      custodySeq: entry.seq,
      custodyAction: action,
      [custodyDigestField]: entryDigest,
      authority,
      exhibitSha256: digest,
    },
  };
  const [auditId] = await appendAudit(tx, [record], chance);
  await sql`
    insert into custody_entry (exhibit_id, seq, entry, digest, audit_id)
    values (${exhibitId}, ${entry.seq}, ${Buffer.from(canonicalBytes(entry)).toString("utf8")}, ${entryDigest}, ${auditId})
  `.execute(tx);
  return entry;
}
