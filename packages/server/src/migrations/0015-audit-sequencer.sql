-- The Merkle log over audit_entry. One row: leaves handed out, the last published checkpoint, and who may integrate. The files
-- under <data>/log can be rebuilt from audit_entry; this row and the checkpoint file there each notice when the other lost some.
create table audit_log (
  id int2 primary key default 1 check (id = 1),
  origin text,                          -- name of the log, for ever
  vkey text,                            -- its key; another key is refused
  next_index int8 not null default 0,   -- leaves handed out
  published_size int8 not null default 0,
  published_note text,                  -- the signed checkpoint of that size
  published_at timestamptz,
  holder text,
  fence int8 not null default 0,        -- rises with every take-over
  lease_until timestamptz not null default '-infinity'
);
insert into audit_log default values;

create unique index audit_entry_by_appended on audit_entry (appended);
create index audit_entry_by_kind on audit_entry (kind, appended);
create index audit_entry_by_actor on audit_entry (actor, appended);
