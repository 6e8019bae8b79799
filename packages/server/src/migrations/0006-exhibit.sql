-- Evidence objects. The bytes lie in the object store, encrypted under a key of their own; wrapped_key is that key under the
-- master key that master_key_id names. A pointer (kind 'pointer') has a uri and no bytes here.
create table exhibit (
  id uuid primary key,
  incident_id uuid not null,
  kind text not null check (kind in ('original', 'derivative', 'pointer')),
  name text not null,       -- as the sender wrote it, cleaned; never used as a path
  media_type text not null, -- as claimed; never trusted
  bytes int8,               -- of the plain bytes; null: a pointer whose length nobody stated
  sha256 text,              -- of the plain bytes; null: a pointer whose digest nobody stated
  sha512 text,
  captured_at text,         -- by the capturing device's clock, as written
  received_at timestamptz not null,
  received_by text not null,
  source text not null,
  note text not null,
  uri text,
  object_key text,
  wrapped_key bytea,
  master_key_id text,
  check ((kind = 'pointer') = (uri is not null)),
  check ((kind = 'pointer') = (object_key is null)),
  check (object_key is null or (bytes is not null and sha256 is not null and sha512 is not null and wrapped_key is not null))
);
create index exhibit_by_incident on exhibit (incident_id, received_at, id);

-- Who, what, when, why, on what authority, for each touch. `entry` is the canonical JSON whose digest the next entry and the
-- audit entry `audit_id` hold.
create table custody_entry (
  exhibit_id uuid not null references exhibit,
  seq int4 not null,
  entry text not null,
  digest text not null,
  audit_id uuid not null,
  primary key (exhibit_id, seq)
);
