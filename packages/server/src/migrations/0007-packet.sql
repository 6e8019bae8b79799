-- Packets. `frozen` is everything that a packet says, written once before the first byte is built: whatever happens in between,
-- a second attempt says the same. seal_audit_id is the one audit entry of its sealing. The zip lies in the object store, sealed
-- like an exhibit.
create table packet (
  id uuid primary key,
  incident_id uuid not null,
  incident_ref text not null,
  state text not null check (state in ('building', 'ready', 'failed')),
  include_media boolean not null,
  because text not null,
  authority text not null,
  requested_at timestamptz not null,
  requested_by text not null,
  problem text, -- why the last attempt failed, in a sentence
  copies_recorded boolean not null default false,
  frozen text,
  seal_audit_id uuid,
  ready_at timestamptz,
  bytes int8,
  sha256 text,
  object_key text,
  wrapped_key bytea,
  check (state <> 'ready' or (object_key is not null and wrapped_key is not null and bytes is not null and sha256 is not null))
);
create index packet_by_incident on packet (incident_id, requested_at, id);
create index packet_building on packet (requested_at) where state = 'building';
