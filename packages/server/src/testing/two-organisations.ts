import { sql } from "kysely";
import type { Db, Tx } from "../schema.ts";

/** Ids of the rows that an organisation has in `twoOrganisations`, one in each table. */
export type Holding = {
  readonly organisationId: string;
  readonly siteId: string;
  readonly incidentId: string;
  readonly exhibitId: string;
  readonly packetId: string;
  readonly signalId: string;
  readonly situationId: string;
  readonly webhookId: string;
  readonly deadLetterId: string;
};

function holding(organisationId: string, siteId: string, digit: string): Holding {
  const id = (n: number) => `${digit.repeat(8)}-0000-4000-8000-${String(n).padStart(12, "0")}`;
  return {
    organisationId,
    siteId,
    incidentId: id(1),
    exhibitId: id(2),
    packetId: id(3),
    signalId: id(4),
    situationId: id(5),
    webhookId: id(6),
    deadLetterId: id(7),
  };
}

export const alpha = holding("alpha", "al-1", "a");
export const beta = holding("beta", "be-1", "b");
/** Of alpha too, at its other shop. */
export const alphasOther = holding("alpha", "al-2", "c");
export const police = "police";

/** Two retailers with one row in every table that holds an organisation's data, and a police partner with none. */
export async function twoOrganisations(db: Db): Promise<void> {
  await sql`insert into taxonomy values ('t1', '{}', 'x', now()) on conflict do nothing`.execute(db);
  await sql`
    insert into organisation (id, name, kind, site_prefix, reference_letters, created_at) values
      ('alpha', 'Alpha', 'retailer', 'al-', 'AL', now()), ('beta', 'Beta', 'retailer', 'be-', 'BE', now()),
      ('police', 'Police', 'police', null, null, now())`.execute(db);
  for (const [index, own] of [alpha, beta].entries()) {
    await db.transaction().execute((tx) => fill(tx, own, index + 1));
  }
}

/** A second row of alpha's in each of these tables, at its other shop. */
export async function secondShop(db: Db): Promise<void> {
  await db.transaction().execute((tx) => fill(tx, alphasOther, 3));
}

async function fill(db: Tx, own: Holding, n: number): Promise<void> {
  const { organisationId, siteId, incidentId, exhibitId, signalId, situationId, webhookId } = own;
  const id = incidentId;
  const run = (statement: ReturnType<typeof sql>) => statement.execute(db);
  await run(sql`insert into site (id, organisation_id, listed) values (${siteId}, ${organisationId}, true)`);
  await run(sql`insert into signal (partition, seq, id, site_id, source, type, occurred_at, received_at, body)
    values (0, ${n}, ${signalId}, ${siteId}, 's', 'alarm', now(), now(), '{}')`);
  await run(sql`insert into source (source, organisation_id, site_id, shape, last_received_at, day)
    values (${siteId}, ${organisationId}, ${siteId}, 'device-event', now(), '2026-01-01')`);
  await run(sql`insert into situation values (${situationId}, ${siteId}, null, now(), now(), 1)`);
  await run(sql`insert into situation_member values (${situationId}, ${signalId}, 1, '{}', 'x')`);
  await run(sql`insert into decision values (${id}, ${situationId}, now(), 'r', 'w', 'c', '{}', '{}')`);
  await run(sql`insert into incident (id, ref, state, level, category, taxonomy_version, site_id, occurred_at, opened_at, updated_at,
      severity, signal_count, evidence, person_fields, version)
    values (${id}, ${`${siteId}-ref`}, 'open', 1, 'theft', 't1', ${siteId}, now(), now(), now(), 0.9, 1, '[]', '[]', 1)`);
  await run(sql`insert into incident_signal values (${id}, ${signalId}, 'why', now(), false)`);
  await run(sql`insert into incident_word values (${id}, '\\x00')`);
  await run(sql`insert into incident_decision values (${id}, ${id}, now())`);
  await run(sql`insert into incident_timeline (id, incident_id, at, late, kind, says, actor, detail)
    values (${id}, ${id}, now(), false, 'note', 'x', 'user:x', '{}')`);
  await run(sql`insert into incident_field (incident_id, field, before, after, at, actor, because)
    values (${id}, 'state', 'null', '"open"', now(), 'user:x', 'why')`);
  await run(sql`insert into incident_verdict values (${id}, ${id}, 'true', null, 'user:x', now(), 'theft', null)`);
  await run(
    sql`insert into incident_reference (organisation_id, year, last) values (${organisationId}, ${2025 + n}, ${n})`,
  );
  await run(sql`insert into incident_request (actor, key, request_sha256, incident_id, at, organisation_id)
    values (${`user:${n}`}, 'k', 'x', ${id}, now(), ${organisationId})`);
  await run(sql`insert into exhibit (id, incident_id, kind, name, media_type, received_at, received_by, source, note, uri)
    values (${exhibitId}, ${id}, 'pointer', 'clip', 'video/mp4', now(), 'user:x', 's', '', 'https://x.example/clip')`);
  await run(sql`insert into custody_entry values (${exhibitId}, 1, '{}', 'x', ${id})`);
  await run(sql`insert into packet (id, incident_id, incident_ref, state, include_media, because, authority, requested_at, requested_by)
    values (${own.packetId}, ${id}, 'ref', 'building', true, 'why', 'role', now(), 'user:x')`);
  await run(sql`insert into disposal (id, organisation_id, site_id, incident_id, kind, basis, state, listed_at)
    values (${id}, ${organisationId}, ${siteId}, ${id}, 'case', '{}', 'due', now())`);
  await run(sql`insert into draft (id, incident_id, offered_by, key, request_sha256, place, model, prompt_sha256, inputs, parameters, written_at,
      offered_at, state)
    values (${id}, ${id}, 'service:x', 'k', 'x', 'note', '{}', 'x', '[]', '{}', now(), now(), 'offered')`);
  await run(sql`insert into draft_revision values (${id}, 0, 'x', 'x', 'x', 'x', 'service:x', now())`);
  await run(sql`insert into playbook_applied values (${id}, 'p', '1', 'Title', 'why', '[]', now())`);
  await run(sql`insert into webhook_endpoint (id, url, events, state, because, created_at, created_by, organisation_id)
    values (${webhookId}, 'https://x.example', '{}', 'active', 'why', now(), 'user:x', ${organisationId})`);
  await unrecordedIn(db, "webhook_delivery", () =>
    run(sql`insert into webhook_delivery (id, endpoint_id, event, body, state, because, created_at)
      values (${webhookId}, ${webhookId}, 'e', '{}', 'waiting', 'why', now())`),
  );
  await run(sql`insert into webhook_attempt values (${webhookId}, 1, now(), 1, 200, null)`);
  await run(sql`insert into directory_entry (kind, site_id, id, body, updated_at, updated_by, organisation_id)
    values ('site', '', ${siteId}, '{}', now(), 'user:x', ${organisationId})`);
  await run(sql`insert into dead_letter (id, received_at, source, code, message, signal, organisation_id)
    values (${own.deadLetterId}, now(), 's', 'c', 'm', '{}', ${organisationId})`);
  await run(sql`insert into account (id, token, organisation_id, name, login, login_index, roles, state, origin, because, created_at, updated_at)
    values (${id}, ${`user:${id}`}, ${organisationId}, 'x', 'x', ${Buffer.from(siteId)}, '{}', 'active', 'local', 'why', now(), now())`);
  // The entry about everything here that is handed on: all of it is one transaction, as the database demands (O02).
  await run(sql`insert into audit_entry (id, at, kind, actor, subject_kind, subject_id, because, entry, organisation_id, site_id, incident_id)
      values (${id}, now(), 'packet.released', 'user:x', 'release', ${id}, 'why', '\\x00', ${organisationId}, ${siteId}, ${id})`);
  await run(sql`insert into packet_release (id, packet_id, incident_id, organisation_id, partner_id, channel, purpose, ground, because, noted, sha256,
        bytes, released_at, released_by)
      values (${id}, ${own.packetId}, ${id}, ${organisationId}, 'police', 'partner', 'police_request', 'official_request', 'why', '[]', 'x', 1,
        now(), 'user:x')`);
  await run(sql`insert into release_link (id, release_id, sha256, code_sha256, made_at, made_by, expires_at, tries_left)
      values (${id}, ${id}, ${siteId}, 'x', now(), 'user:x', now() + interval '1 day', 5)`);
  await run(sql`insert into case_share (id, incident_id, organisation_id, partner_id, ground, shared_at, shared_by, ends_at)
    values (${exhibitId}, ${id}, ${organisationId}, 'police', 'why', now() - interval '2 days', 'user:x', now() - interval '1 day')`);
  await run(sql`insert into rule_backtest (id, organisation_id, state, asked_by, asked_at, from_at, to_at, rules_before, rules_after,
      subjects, alive_at, ended_at)
    values (${id}, ${organisationId}, 'stopped', 'user:x', now(), now(), now(), 'a', 'b', '[]', now(), now())`);
  await run(sql`insert into rule_day values (${situationId}, 1, true, ${siteId}, '2026-01-01', 1)`);
  await run(sql`insert into rule_hit values (${situationId}, 1, ${signalId}, ${siteId}, now(), '2026-01-01')`);
  await run(sql`insert into silence (id, organisation_id, site_id, level, starts_at, ends_at, because, made_at, made_by)
    values (${id}, ${organisationId}, ${siteId}, 1, now(), now() + interval '1 day', 'why', now(), 'user:x')`);
  await run(sql`insert into silence_hit values (${id}, ${id}, 'held', now(), now(), 1, 0.95, 1)`);
  await run(sql`insert into rule_verdict values (${id}, ${situationId}, ${siteId}, null, 'false', now())`);
  await fillExhibits(db, own);
  await fillPrivacy(db, own, n);
  await fillFederation(db, own, n);
}

async function fillExhibits(db: Tx, { incidentId: id, exhibitId }: Holding): Promise<void> {
  const run = (statement: ReturnType<typeof sql>) => statement.execute(db);
  await run(sql`
    insert into exhibit_copy (id, exhibit_id, treatment, wanted, state, asked_at) values (${id}, ${exhibitId}, 't', '{}', 'making', now())`);
  await run(sql`
    insert into original_request (id, exhibit_id, asked_by, asked_at, purpose, because, hours, state)
    values (${id}, ${exhibitId}, 'user:x', now(), 'p', 'why', 1, 'asked')`);
  await run(sql`insert into exhibit_region values (${exhibitId}, 1, '[]', 'why', now(), 'user:x')`);
  await run(
    sql`insert into exhibit_minor (exhibit_id, because, at, actor) values (${exhibitId}, 'why', now(), 'user:x')`,
  );
}

async function fillPrivacy(db: Tx, { organisationId, siteId, incidentId: id }: Holding, n: number): Promise<void> {
  const run = (statement: ReturnType<typeof sql>) => statement.execute(db);
  const person = `person:${id}`;
  await run(sql`insert into descriptor_vocabulary values ('v1', '{}', 'x', now()) on conflict do nothing`);
  await run(sql`insert into person_description values (${id}, 'v1', '{}', now(), 'user:x')`);
  await run(sql`insert into kept_text values (${id}, ${id}, 'note', '{}', 'w', 'why', now(), 'user:x')`);
  await run(sql`insert into incident_minor values (${id}, 'why', now(), 'user:x')`);
  await run(sql`
    insert into naming_withdrawal (id, incident_id, token, at, actor, because, state)
    values (${id}, ${id}, ${`user:${id}`}, now(), 'user:x', 'why', 'asked')`);
  await run(sql`
    insert into till_operator (id, organisation_id, account_token, site_id, operator, operator_index, at, actor, because)
    values (${id}, ${organisationId}, ${`user:${id}`}, ${siteId}, 'x', '\\x00', now(), 'user:x', 'why')`);
  await run(sql`insert into incident_subject values (${id}, ${`user:colleague-of-${siteId}`}, now(), 'user:x')`);
  await run(sql`insert into known_person values (${person}, ${organisationId}, 'customer', 'till', now(), 'user:x')`);
  await run(
    sql`insert into person_identifier values (${id}, ${person}, ${organisationId}, 'name', 'x', '\\x00', now())`,
  );
  await run(sql`
    insert into subject_request (id, ref, organisation_id, kind, subject_kind, asked, country, clock, received_at, due_at, identity, state,
      created_by)
    values (${id}, ${`SR-${siteId}`}, ${organisationId}, 'access', 'customer', 'x', 'BE', '{}', now(), now(), 'unchecked', 'open', 'user:x')`);
  await run(sql`insert into subject_request_reference values (${organisationId}, ${2025 + n}, 1)`);
  await run(
    sql`insert into subject_request_step (id, request_id, at, actor, kind, says) values (${id}, ${id}, now(), 'user:x', 'k', 'x')`,
  );
  await run(
    sql`insert into person_mark values (${id}, ${organisationId}, ${person}, 'objection', ${id}, 'why', now(), 'user:x')`,
  );
  await run(sql`insert into legal_hold values (${id}, ${organisationId}, ${person}, 'claim', 'why', now(), 'user:x')`);
  await run(
    sql`insert into consent_text values ('t', ${siteId}, 'en', ${organisationId}, 'p', 'x', 'x', now(), 'user:x')`,
  );
  await run(sql`
    insert into consent (id, organisation_id, token, text_id, text_version, language, text_sha256, how, given_at, recorded_at, recorded_by)
    values (${id}, ${organisationId}, ${person}, 't', ${siteId}, 'en', 'x', 'signed', now(), now(), 'user:x')`);
  await run(sql`
    insert into watch_entry (id, organisation_id, site_ids, incident_id, age_band, ground, state, proposed_by, proposed_at, expires_at)
    values (${id}, ${organisationId}, ${[siteId]}::text[], ${id}, 'a30_44', 'g', 'active', 'user:x', now(), now())`);
  await run(sql`insert into watch_use values (${id}, ${id}, 'view', now(), 'user:x', ${siteId}, ${id}, 'why')`);
  await run(
    sql`insert into privacy_mask values (${siteId}, 'C-1', ${organisationId}, '[]', 'why', 1, now(), 'user:x')`,
  );
  await run(
    sql`insert into analytics_export values (${id}, ${organisationId}, now(), 'user:x', '{}', 1, 0, 'x', 'released', '[]')`,
  );
  await run(
    sql`insert into privacy_report values (${id}, ${organisationId}, 'notice', ${siteId}, 'x', 'x', now(), 'user:x')`,
  );
  await run(sql`insert into site_privacy values (${siteId}, ${organisationId}, '{}', 'why', 1, now(), 'user:x')`);
}

async function fillFederation(db: Tx, { organisationId, siteId, incidentId: id }: Holding, n: number): Promise<void> {
  const run = (statement: ReturnType<typeof sql>) => statement.execute(db);
  await run(sql`
    insert into service_account (id, token, organisation_id, name, purpose, roles, scopes, state, because, created_at, created_by, updated_at)
    values (${id}, ${`service:${id}`}, ${organisationId}, ${siteId}, 'x', '{}', '{scim:provision}', 'active', 'why', now(), 'user:x', now())`);
  await run(sql`
    insert into api_key (id, service_account_id, sha256, created_at, created_by, expires_at, because)
    values (${"abcdefgh".charAt(n).repeat(12)}, ${id}, ${"0".repeat(64)}, now(), 'user:x', now() + interval '1 day', 'why')`);
  await run(sql`
    insert into vendor_access (id, organisation_id, account_token, ticket, purpose, roles, scopes, sites, starts_at, ends_at, requested_by,
      requested_at, because)
    values (${id}, ${organisationId}, ${`user:${id}`}, 't', 'x', '{guard}', '{site:list}', null, now(), now() + interval '1 hour', 'user:x',
      now(), 'why')`);
  await run(sql`
    insert into access_review (id, organisation_id, period, unused_after_days, started_at, due_at)
    values (${id}, ${organisationId}, ${`2026-Q${n}`}, 90, now(), now() + interval '1 day')`);
  await run(sql`
    insert into access_review_item (id, review_id, holder_kind, holder_token, holder_id, roles, granted_at, proposal)
    values (${id}, ${id}, 'person', ${`user:${id}`}, ${id}, '{}', now(), 'keep')`);
  await run(sql`
    insert into scim_user (account_id, attributes, created_at, updated_at) values (${id}, 'x', now(), now())`);
  await run(sql`
    insert into scim_group (id, organisation_id, display_name, created_at, updated_at) values (${id}, ${organisationId}, ${siteId}, now(), now())`);
  await run(sql`insert into scim_group_member values (${id}, ${id})`);
  await run(sql`
    insert into access_ground (id, organisation_id, actor, incident_id, purpose, ground, stated_at, expires_at)
    values (${id}, ${organisationId}, ${`user:${id}`}, ${id}, 'p', 'g', now(), now() + interval '1 hour')`);
  await run(sql`
    insert into access_grant (id, kind, organisation_id, actor, site_id, because, asked_at, hours, state)
    values (${id}, 'granted', ${organisationId}, ${`user:${id}`}, ${siteId}, 'why', now(), 1, 'requested')`);
  await run(sql`
    insert into misuse_case (id, organisation_id, rule_id, title, level, says, grouped, counted, entries, first_at, last_at, opened_at, state)
    values (${id}, ${organisationId}, ${siteId}, 'x', 'high', 'x', '{}', 1, '[]', now(), now(), now(), 'open')`);
  const scope = JSON.stringify({ organisationId, sites: [siteId], all: false });
  await run(sql`
    insert into record_export (id, organisation_id, asked_by, because, asked_at, question, state, scope)
    values (${id}, ${organisationId}, 'user:x', 'why', now(), '{}', 'building', ${scope})`);
  await run(sql`
    insert into device_enrolment (id, organisation_id, site_id, device_id, code_sha256, created_by, created_at, expires_at)
    values (${id}, ${organisationId}, ${siteId}, 'C-9', ${Buffer.from(siteId)}, 'user:x', now(), now())`);
  await run(sql`
    insert into device_credential (id, organisation_id, site_id, device_id, kind, name, proof, issued_at, expires_at)
    values (${id}, ${organisationId}, ${siteId}, 'C-9', 'key', ${siteId}, '\\x00', now(), now())`);
  await run(sql`
    insert into device_refusal values (${siteId}, 'C-9', 'device_unsigned', 'http', '2026-01-01', 1, now(), now(), 'x', 'x', now())`);
}

/** A hand-off that the record does not know, which the database would refuse (O02): a test needs the row and no further entry. */
export function unrecorded(db: Db, table: string, write: (tx: Tx) => Promise<unknown>): Promise<void> {
  return db.transaction().execute((tx) => unrecordedIn(tx, table, () => write(tx)));
}

async function unrecordedIn(tx: Tx, table: string, write: () => Promise<unknown>): Promise<void> {
  await sql`alter table ${sql.table(table)} disable trigger handoff_is_recorded`.execute(tx);
  await write();
  await sql`alter table ${sql.table(table)} enable trigger handoff_is_recorded`.execute(tx);
}
