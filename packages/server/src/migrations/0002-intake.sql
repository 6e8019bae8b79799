-- What was acknowledged but could not go into the log: the place is unknown, or (MQTT) the message was not understood.
-- The id is that of the signal (of the raw bytes, where there is no signal), so a repeat finds the first.
create table dead_letter (
  id uuid primary key,
  arrived int8 generated always as identity,
  received_at timestamptz not null,
  source text not null,
  code text not null,
  message text not null,
  signal json, -- the canonical signal; null: not understood
  raw bytea,   -- the bytes that were not understood
  state text not null default 'waiting' check (state in ('waiting', 'redriven', 'discarded')),
  settled_at timestamptz,
  settled_by text,
  settled_because text,
  check ((signal is null) <> (raw is null))
);
create index dead_letter_by_arrival on dead_letter (arrived);
create index dead_letter_waiting on dead_letter (arrived) where state = 'waiting';

-- One row a source that ever signalled, kept in the transactions of the log. Days are UTC. Missing numbers of a sequence are
-- seq_last - seq_first + 1 - seq_count: independent of the order of arrival, and closed by what arrives late.
create table source (
  source text primary key,
  site_id text not null,
  device_id text,
  shape text not null,
  last_received_at timestamptz not null,
  last_occurred_at timestamptz,
  clock_offset_ms int8,
  usual_gap_ms float8, -- smoothed time between signals; null until the second
  day date not null,
  signals_day int8 not null default 0,
  duplicates_day int8 not null default 0,
  signals_total int8 not null default 0,
  duplicates_total int8 not null default 0,
  dead_letters_total int8 not null default 0,
  seq_first int8,
  seq_last int8,
  seq_count int8 not null default 0
);
