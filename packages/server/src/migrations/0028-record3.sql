-- Misuse of the record's owner: what the rules over audit entries found, and what people made of it.
create table misuse_case (
  id uuid primary key,
  organisation_id text not null,
  rule_id text not null,
  title text not null,
  level text not null,
  -- Who is flagged; null: nobody in particular (a check that failed).
  actor text,
  says text not null,       -- why, in a sentence
  grouped json not null,    -- what the counted entries have in common
  counted int4 not null,
  entries json not null,    -- ids of the audit entries, oldest first, the first hundred
  first_at timestamptz not null,
  last_at timestamptz not null,
  opened_at timestamptz not null,
  state text not null check (state in ('open', 'explained', 'confirmed')),
  decided_by text,
  decided_at timestamptz,
  because text,             -- sealed under the case
  check ((state = 'open') = (decided_by is null))
);
create index misuse_case_by_time on misuse_case (opened_at desc, id);
create index misuse_case_open on misuse_case (organisation_id, opened_at desc) where state = 'open';
-- One finding is one case, also when the entries are read again after a crash.
create unique index misuse_case_once on misuse_case (rule_id, (grouped::text), last_at);

-- How far the watch has read: leaves of the log, whose order is settled and without gaps.
create table misuse_watch (
  id int2 primary key default 1 check (id = 1),
  next_leaf int8 not null default 0,
  read_at timestamptz
);
insert into misuse_watch (next_leaf) select next_index from audit_log;

-- Words (a street, a name) that a person has a private interest in, as blind indexes: looking for them is noticed.
create table misuse_conflict (
  actor text not null,
  word bytea not null,
  set_by text not null,
  set_at timestamptz not null,
  primary key (actor, word)
);
