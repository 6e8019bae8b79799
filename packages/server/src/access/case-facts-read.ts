import { sql, type RawBuilder } from "kysely";
import { parseExhibitId, parseIncidentId, parsePacketId } from "@tillwatch/wire";
import type { Db } from "../schema.ts";
import type { CaseFacts, Sensitivity, SiteFacts } from "./facts.ts";

type Row = {
  incident_id: string;
  site_id: string;
  category: string;
  reporter: string | null;
  owner_token: string | null;
  organisation_id: string;
  shared_with: readonly string[];
  handlers: readonly string[] | null;
  subjects: readonly string[];
};

/** What turns a row into facts: the site as policy knows it, and which categories are restricted. */
export type CaseKnowledge = {
  readonly siteOf: (siteId: string, organisationId: string) => SiteFacts;
  readonly sensitivityOf: (category: string) => Sensitivity;
};

type Asked = { readonly id: string; readonly nowMs: number; readonly known: CaseKnowledge };

const columns = (nowMs: number, reached: RawBuilder<unknown> = sql`true`) => sql`
  incident.id as incident_id, incident.site_id, category, reporter, owner_token, incident.organisation_id, handlers, (
    select coalesce(json_agg(token), '[]'::json) from incident_subject where incident_subject.incident_id = incident.id
  ) as subjects, (
    select coalesce(json_agg(partner_id), '[]'::json) from case_share s
    where s.incident_id = incident.id and s.revoked_at is null and s.ends_at > ${new Date(nowMs)}::timestamptz
      and (s.minor_ground is not null or not exists (select from incident_minor m where m.incident_id = incident.id))
      and ${reached}
  ) as shared_with`;

export async function incidentFacts(db: Db, asked: Asked): Promise<CaseFacts | null> {
  if (!parseIncidentId(asked.id).ok) return null;
  const query = sql<Row>`select ${columns(asked.nowMs)} from incident where id = ${asked.id}::uuid`;
  return one(db, query, { kind: "incident", ...asked });
}

export async function exhibitFacts(db: Db, asked: Asked): Promise<CaseFacts | null> {
  if (!parseExhibitId(asked.id).ok) return null;
  const query = sql<Row>`
    select ${columns(asked.nowMs)} from exhibit join incident on incident.id = exhibit.incident_id where exhibit.id = ${asked.id}`;
  return one(db, query, { kind: "exhibit", ...asked });
}

export async function packetFacts(db: Db, asked: Asked): Promise<CaseFacts | null> {
  if (!parsePacketId(asked.id).ok) return null;
  const query = sql<Row>`
    select ${columns(asked.nowMs, releasedToPartner)} from packet join incident on incident.id = packet.incident_id where packet.id = ${asked.id}`;
  return one(db, query, { kind: "packet", ...asked });
}

// A partner with whom the case is shared gets the packets that were released to it, and no other.
const releasedToPartner = sql`exists (
  select from packet_release r where r.packet_id = packet.id and r.partner_id = s.partner_id and r.withdrawn_at is null
    and not release_withheld(r))`;

async function one(
  db: Db,
  query: RawBuilder<Row>,
  { kind, id, known }: Asked & { readonly kind: CaseFacts["kind"] },
): Promise<CaseFacts | null> {
  const { rows } = await query.execute(db);
  const row = rows[0];
  if (row === undefined) return null;
  return {
    kind,
    id,
    incidentId: row.incident_id,
    site: known.siteOf(row.site_id, row.organisation_id),
    sensitivity: known.sensitivityOf(row.category),
    reporter: row.reporter,
    owner: row.owner_token,
    subjects: row.subjects,
    handlers: row.handlers,
    sharedWith: row.shared_with,
  };
}
