-- The append-only record. `entry` is the canonical header that the Merkle log holds; `body` and `salt` are what it commits to
-- by digest, and may go when something must be forgotten. leaf_index is null until the sequencer has integrated the entry.
create table audit_entry (
  id uuid primary key,
  appended int8 generated always as identity,
  at timestamptz not null,
  kind text not null,
  actor text not null,
  subject_kind text not null,
  subject_id text not null,
  because text not null,
  body text, -- canonical JSON, the very bytes that were digested
  salt bytea,
  entry bytea not null,
  leaf_index int8
);
create unique index audit_entry_by_leaf on audit_entry (leaf_index) where leaf_index is not null;
create index audit_entry_waiting on audit_entry (appended) where leaf_index is null;
create index audit_entry_by_subject on audit_entry (subject_kind, subject_id, at);
