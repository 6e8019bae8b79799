-- How far the sealing of rows from before there was a vault has come, by step; after_key is the last row that was looked at.
create table vault_sealing (
  step text primary key,
  after_key text,
  done boolean not null default false,
  sealed int8 not null default 0
);
