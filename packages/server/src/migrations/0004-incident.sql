-- The content of every taxonomy version that any incident uses: old incidents keep theirs.
create table taxonomy (
  version text primary key,
  content text not null, -- canonical JSON
  sha256 text not null,
  first_used_at timestamptz not null
);

-- Human references count up per year: TW-2026-000123. The row is locked until the commit, so a rolled-back batch leaves no gap.
create table incident_reference (
  year int4 primary key,
  last int8 not null
);

-- Watch items and incidents. What a person set stays: `person_fields` names the columns that the machine no longer writes.
create table incident (
  id uuid primary key,
  ref text not null unique,
  situation_id uuid unique, -- null: a person opened it
  state text not null check (state in ('watch', 'open', 'acknowledged', 'investigating', 'handed_over', 'closed', 'aged_out')),
  level int2 not null check (level between 1 and 3),
  category text not null,
  taxonomy_version text not null references taxonomy (version),
  summary text, -- null: nobody wrote one, the score's reasons stand in
  site_id text not null,
  zone_id text,
  device_id text, -- of the heaviest evidence: whose asset it is
  occurred_at timestamptz not null, -- corrected
  opened_at timestamptz not null,
  updated_at timestamptz not null,
  last_signal_at timestamptz, -- corrected
  incident_since timestamptz, -- null: never was more than a watch item
  severity float8 not null, -- the override where there is one
  -- The queue's order: riskOf of the wire package.
  risk float8 generated always as (severity * case level when 3 then 4 when 2 then 2 else 1 end) stored,
  machine_severity float8,
  confidence float8,
  score json,
  override json, -- {severity, because, actor, at}
  verdict text check (verdict in ('true', 'false', 'unsure')),
  reporter text,
  owner_token text,
  value_lost_minor int8,
  value_recovered_minor int8,
  currency text,
  people_involved int4,
  signal_count int4 not null,
  evidence json not null, -- facts for completeness: a sorted array of words
  person_fields json not null,
  attention text, -- why somebody should look again; null: nothing
  version int8 not null
);
create index incident_queue on incident (risk desc, opened_at desc, id desc);
create index incident_by_site on incident (site_id, opened_at desc);
create index incident_watch_by_age on incident (updated_at) where state = 'watch';

-- Which signals belong to it. A signal that comes again (a batch replayed) finds its row.
create table incident_signal (
  incident_id uuid not null references incident (id),
  signal_id uuid not null,
  joined_because text not null,
  corrected_at timestamptz not null,
  late boolean not null,
  primary key (incident_id, signal_id)
);

create table incident_decision (
  decision_id uuid primary key,
  incident_id uuid not null references incident (id),
  at timestamptz not null
);
create index incident_decision_by_incident on incident_decision (incident_id, at);

create table incident_timeline (
  id uuid primary key,
  recorded int8 generated always as identity,
  incident_id uuid not null references incident (id),
  at timestamptz not null, -- corrected
  original_at text,        -- as the source wrote it, where that differs
  clock_offset_ms int8,
  late boolean not null,
  kind text not null,
  says text not null,
  actor text not null,
  signal_id uuid,
  detail json not null
);
create index incident_timeline_by_incident on incident_timeline (incident_id, at, recorded);

-- The history of every field, by whoever changed it.
create table incident_field (
  recorded int8 generated always as identity primary key,
  incident_id uuid not null references incident (id),
  field text not null,
  before json not null,
  after json not null,
  at timestamptz not null,
  actor text not null,
  because text not null
);
create index incident_field_by_incident on incident_field (incident_id, recorded);

-- Verdicts as labels: with author and time, kept even when a later one differs.
create table incident_verdict (
  id uuid primary key,
  incident_id uuid not null references incident (id),
  verdict text not null,
  because text,
  author text not null,
  at timestamptz not null,
  category text not null,
  machine_severity float8
);
create index incident_verdict_by_incident on incident_verdict (incident_id, at);

-- A report sent twice under one Idempotency-Key opens one incident.
create table incident_request (
  actor text not null,
  key text not null,
  request_sha256 text not null,
  incident_id uuid not null,
  at timestamptz not null,
  primary key (actor, key)
);

-- Browser sessions, by the digest of their cookie. A session ends with the credential that it was made with.
create table access_session (
  sha256 text primary key,
  credential_sha256 text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index access_session_by_end on access_session (expires_at);
