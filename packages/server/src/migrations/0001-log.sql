-- The signal log. Appenders lock their partition's row, so sequence numbers become visible in their order: a reader that
-- asks for "seq > cursor" never skips a row that commits late. Gaps (dropped repeats) are harmless.
create table log_partition (
  partition int2 primary key,
  head int8 not null default 0 -- last sequence number handed out
);
insert into log_partition (partition) select generate_series(0, 15);

-- How far each partition's effects are committed, and who works on it. A table of its own: a worker must not wait for an
-- appender's row lock, nor the other way round.
create table log_cursor (
  partition int2 primary key references log_partition (partition),
  cursor int8 not null default 0,
  lease_owner text,
  lease_token int8 not null default 0, -- fencing: rises with every lease
  lease_until timestamptz
);
insert into log_cursor (partition) select partition from log_partition;

create table signal (
  partition int2 not null,
  seq int8 not null,
  id uuid not null,
  site_id text not null,
  device_id text,
  source text not null,
  type text not null,
  occurred_at timestamptz not null,
  received_at timestamptz not null,
  body json not null, -- the canonical signal as appended: json, not jsonb, keeps it to the byte
  primary key (partition, seq)
);
create unique index signal_by_id on signal (id);
