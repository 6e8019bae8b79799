-- Checks that the controls hold, each run with its evidence.
create table control_run (
  id uuid primary key,
  control text not null,
  at timestamptz not null,
  ok boolean not null,
  says text not null,
  evidence json not null,
  asked_by text not null -- "machine": on schedule
);
create index control_run_by_control on control_run (control, at desc);

-- What was in force, one row a change: digests of the parts, and their content without secrets, so that the next change can be told.
create table configuration_state (
  number int8 generated always as identity primary key,
  at timestamptz not null,
  because text not null,
  parts json not null,    -- part to digest
  content json not null,  -- part to (path to value)
  changes json not null,  -- [{part, path, before, after}]
  audit_id uuid not null
);

-- Checkpoints of the log as they were put into a second place, and what was found there.
create table anchor_run (
  id uuid primary key,
  at timestamptz not null,
  tree_size int8 not null,
  note text not null,
  place text not null,
  ok boolean not null,
  says text not null
);
create index anchor_run_by_time on anchor_run (at desc);
