-- Which master key a packet's key is under; null: the only one that there was before keys could be rotated.
alter table packet add column master_key_id text;

-- Changes of the master key, by the names of both; not finished while something may still be under the old one.
create table key_rotation (
  to_key_id text primary key,
  from_key_id text not null,
  started_at timestamptz not null default now(),
  finished_at timestamptz
);
