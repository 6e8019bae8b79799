-- The record as people ask it. `incident_id` and `purpose` repeat what the body says, so that a question finds them by an index; the
-- verification of the record holds them to the body.
alter table audit_entry add column if not exists incident_id uuid;
alter table audit_entry add column if not exists purpose text;

update audit_entry set
  incident_id = coalesce(incident_id, case
    when subject_kind = 'incident' then substring(subject_id from '^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$')
    else substring(body from '"incidentId":"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"') end::uuid),
  purpose = substring(body from '"purpose":"([^"\\]{1,64})"')
where subject_kind = 'incident' or body like '%"incidentId":"%' or body like '%"purpose":"%';

create index if not exists audit_entry_of_incident on audit_entry (incident_id, appended) where incident_id is not null;
create index audit_entry_by_purpose on audit_entry (purpose, appended) where purpose is not null;
create index audit_entry_by_time on audit_entry (at);
-- What somebody gave as the reason is searched by its words. The machine's reasons are codes and are not.
create index audit_entry_ground on audit_entry using gin (to_tsvector('simple', because)) where actor <> 'machine';
-- An id names one thing whatever its kind, and answers come in the order of appending.
drop index audit_entry_by_subject;
create index audit_entry_by_subject on audit_entry (subject_id, appended);

-- Files with an answer of the record and its proofs.
create table record_export (
  id uuid primary key,
  organisation_id text not null,
  asked_by text not null,
  because text not null,
  asked_at timestamptz not null,
  question text not null, -- canonical JSON
  state text not null check (state in ('building', 'ready', 'failed')),
  problem text,
  entries int8,
  tree_size int8,
  bytes int8,
  sha256 text,
  object_key text,
  wrapped_key bytea,
  ready_at timestamptz,
  check (state <> 'ready' or (object_key is not null and wrapped_key is not null and bytes is not null and sha256 is not null))
);
create index record_export_by_time on record_export (asked_at);
create index record_export_building on record_export (asked_at) where state = 'building';
