-- Keys of sealed text, one a subject (a person's token, an incident, an endpoint), each under the master key that master_key_id
-- names. Purging a subject takes the key and leaves the row: what was sealed under it answers "erased" and nothing ever opens it.
create table vault_key (
  id text primary key check (id ~ '^[A-Za-z0-9_-]{22}$'), -- stands in every text that it sealed
  subject text not null,
  wrapped_key bytea, -- null: purged
  master_key_id text,
  made_at timestamptz not null default now(),
  purged_at timestamptz,
  purged_because text,
  check ((wrapped_key is null) = (purged_at is not null)),
  check ((wrapped_key is null) = (master_key_id is null)),
  check ((purged_at is null) = (purged_because is null))
);
-- One living key a subject; after a purge the next text of the same subject gets a new one.
create unique index vault_key_living on vault_key (subject) where wrapped_key is not null;
create index vault_key_by_subject on vault_key (subject);

-- The secret that blind indexes are derived from. A master key that does not open it is the wrong one: the start stops there.
create table vault_root (
  id int2 primary key default 1 check (id = 1),
  wrapped_key bytea not null,
  master_key_id text not null,
  made_at timestamptz not null default now()
);
