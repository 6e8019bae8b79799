-- Personal data: what people are described by, who is known by what, what subjects asked for, and what may leave without them.
-- Text of people stands here only sealed (platform/field-vault.ts); what must be found again has a keyed blind index beside it.

-- The content of every vocabulary that any description uses: old descriptions keep theirs.
create table descriptor_vocabulary (
  version text primary key,
  content text not null, -- canonical JSON
  sha256 text not null,
  first_used_at timestamptz not null
);

-- What a reporter picked, of the vocabulary of its time. Codes only.
create table person_description (
  incident_id uuid primary key references incident (id),
  vocabulary_version text not null references descriptor_vocabulary (version),
  body json not null, -- {persons, scene}
  at timestamptz not null,
  actor text not null
);

-- Free text that names a protected trait and was kept all the same. Searches pass it over.
create table kept_text (
  id uuid primary key,
  incident_id uuid not null references incident (id),
  place text not null check (place in ('summary', 'note')),
  traits text[] not null,
  words_version text not null,
  because text not null, -- sealed
  at timestamptz not null,
  actor text not null
);
create index kept_text_by_incident on kept_text (incident_id, place);

-- Persons who are known: customers, members, employees, reporters. Everywhere else stands the token.
create table known_person (
  token text primary key,
  organisation_id text not null references organisation (id),
  kind text not null check (kind in ('customer', 'employee', 'reporter', 'other')),
  source text not null,
  at timestamptz not null,
  actor text not null,
  erased_at timestamptz
);
create table person_identifier (
  id uuid primary key,
  token text not null references known_person (token),
  organisation_id text not null references organisation (id),
  kind text not null check (kind in ('name', 'mail', 'phone', 'plate', 'member_number')),
  value text not null, -- sealed under the token
  value_index bytea not null,
  at timestamptz not null
);
create unique index person_identifier_of_token on person_identifier (token, kind, value_index);
create index person_identifier_by_index on person_identifier (kind, value_index);

-- What a subject asked for, with its clock.
create table subject_request (
  id uuid primary key,
  ref text not null unique, -- SR-2026-000001
  organisation_id text not null references organisation (id),
  kind text not null check (kind in ('access', 'erasure', 'rectification', 'restriction', 'objection')),
  subject_kind text not null check (subject_kind in ('customer', 'employee', 'reporter', 'other')),
  subject_token text, -- null: not found or not yet tied to one
  asked text not null, -- sealed: {identifiers, text}
  country text not null,
  clock text not null, -- the clock of the country as it was: JSON
  received_at timestamptz not null,
  due_at timestamptz not null,
  extended_because text, -- sealed
  extended_at timestamptz,
  identity text not null check (identity in ('unchecked', 'confirmed', 'failed')),
  identity_how text,
  identity_by text,
  identity_at timestamptz,
  state text not null check (state in ('open', 'answered', 'refused', 'withdrawn')),
  because text, -- sealed: why it was refused or withdrawn
  answer text, -- sealed: the signed package
  answer_sha256 text,
  answer_audit_id uuid,
  created_by text not null,
  closed_at timestamptz,
  closed_by text,
  version int8 not null default 1
);
create index subject_request_by_due on subject_request (organisation_id, state, due_at);
create table subject_request_reference (organisation_id text not null, year int4 not null, last int8 not null, primary key (organisation_id, year));
create table subject_request_step (
  id uuid primary key,
  request_id uuid not null references subject_request (id),
  recorded int8 generated always as identity,
  at timestamptz not null,
  actor text not null,
  kind text not null,
  says text not null -- sealed
);
create index subject_request_step_by_request on subject_request_step (request_id, recorded);

-- Someone's data is used no further: lists, exports and figures leave the token out, and it is shown with the mark.
create table person_mark (
  id uuid primary key,
  organisation_id text not null references organisation (id),
  token text not null,
  kind text not null check (kind in ('objection', 'restriction')),
  request_id uuid references subject_request (id),
  because text not null, -- sealed
  at timestamptz not null,
  actor text not null,
  ended_at timestamptz,
  ended_by text
);
create index person_mark_by_token on person_mark (token) where ended_at is null;

-- What must not be erased while a claim is open.
create table legal_hold (
  id uuid primary key,
  organisation_id text not null references organisation (id),
  subject text not null, -- a person's token
  ground text not null,
  because text not null, -- sealed
  at timestamptz not null,
  actor text not null,
  ended_at timestamptz,
  ended_by text
);
create index legal_hold_by_subject on legal_hold (subject) where ended_at is null;

-- Texts that people agreed to, each version for good, and who agreed.
create table consent_text (
  id text not null,
  version text not null,
  language text not null,
  organisation_id text not null references organisation (id),
  purpose text not null,
  content text not null,
  sha256 text not null,
  at timestamptz not null,
  actor text not null,
  primary key (organisation_id, id, version, language)
);
create table consent (
  id uuid primary key,
  organisation_id text not null references organisation (id),
  token text not null,
  text_id text not null,
  text_version text not null,
  language text not null,
  text_sha256 text not null,
  how text not null check (how in ('signed', 'spoken', 'online')),
  given_at timestamptz not null,
  recorded_at timestamptz not null,
  recorded_by text not null,
  withdrawn_at timestamptz,
  withdrawn_by text,
  foreign key (organisation_id, text_id, text_version, language) references consent_text (organisation_id, id, version, language)
);
create index consent_by_token on consent (token);

-- A minor is among the people of an incident: nothing of it goes on a list or outside.
create table incident_minor (
  incident_id uuid primary key references incident (id),
  because text not null,
  at timestamptz not null,
  actor text not null
);

-- Who is watched for, by the decision of two people and for a time. After its end the row says only that it was.
create table watch_entry (
  id uuid primary key,
  organisation_id text not null references organisation (id),
  site_ids text[] not null,
  incident_id uuid not null references incident (id),
  subject_token text, -- null: nobody known; erased at the end
  age_band text not null,
  ground text not null,
  because text, -- sealed; null after its end
  description json, -- picked; null after its end
  state text not null check (state in ('proposed', 'active', 'refused', 'ended', 'expired')),
  proposed_by text not null,
  proposed_at timestamptz not null,
  decided_by text,
  decided_at timestamptz,
  decided_because text, -- sealed
  expires_at timestamptz not null,
  ended_at timestamptz,
  ended_by text,
  proof_audit_id uuid, -- the entry that says that the content is gone
  check (decided_by is null or decided_by <> proposed_by),
  check (age_band not in ('minor', 'unknown')),
  check (state not in ('refused', 'ended', 'expired') or (because is null and description is null and subject_token is null))
);
create index watch_entry_by_state on watch_entry (organisation_id, state, expires_at);
create table watch_use (
  id uuid primary key,
  entry_id uuid not null references watch_entry (id),
  kind text not null check (kind in ('view', 'hit')),
  at timestamptz not null,
  actor text not null,
  site_id text,
  incident_id uuid,
  because text not null
);
create index watch_use_by_entry on watch_use (entry_id, at);

-- Clips by a token that says nothing and opens nothing without a grant.
create table clip_reference (
  token text primary key,
  organisation_id text not null references organisation (id),
  incident_id uuid not null references incident (id),
  uri text not null, -- sealed under the incident
  uri_sha256 text not null,
  at timestamptz not null
);
create index clip_reference_by_incident on clip_reference (incident_id);

-- What a camera must not show: polygons in thousandths of the picture's width and height.
create table privacy_mask (
  site_id text not null,
  device_id text not null,
  organisation_id text not null references organisation (id),
  polygons json not null,
  because text not null,
  version int8 not null,
  at timestamptz not null,
  actor text not null,
  primary key (site_id, device_id)
);

-- What left for analysis, or was kept from leaving.
create table analytics_export (
  id uuid primary key,
  organisation_id text not null references organisation (id),
  at timestamptz not null,
  actor text not null,
  parameters json not null,
  rows int4 not null,
  suppressed int4 not null,
  sha256 text not null,
  state text not null check (state in ('released', 'refused')),
  findings json not null
);

-- Pages made from the configuration as it was, and the quarterly figures.
create table privacy_report (
  id uuid primary key,
  organisation_id text not null references organisation (id),
  kind text not null check (kind in ('notice', 'impact_assessment', 'misuse_review')),
  about text not null, -- a site, or a quarter
  configuration_sha256 text not null,
  content text not null,
  at timestamptz not null,
  actor text not null
);
create index privacy_report_by_kind on privacy_report (organisation_id, kind, about, at);

-- How a site departs from the least that it could keep; no row: the least.
create table site_privacy (
  site_id text primary key,
  organisation_id text not null references organisation (id),
  settings json not null,
  because text not null,
  version int8 not null,
  at timestamptz not null,
  actor text not null
);

-- The second wall, where it stands: by organisation, or by the incident that a row is of.
do $$
declare
  own text;
begin
  if to_regprocedure('tenancy_guard_by_organisation(regclass)') is null then return; end if;
  foreach own in array array['known_person', 'person_identifier', 'subject_request', 'subject_request_reference', 'person_mark',
    'legal_hold', 'consent_text', 'consent', 'watch_entry', 'clip_reference', 'privacy_mask', 'analytics_export', 'privacy_report',
    'site_privacy'] loop
    perform tenancy_guard_by_organisation(own::regclass);
  end loop;
  foreach own in array array['person_description', 'kept_text', 'incident_minor'] loop
    perform tenancy_guard(own::regclass, 'exists (select from incident i where i.id = incident_id)', 'exists (select from incident i where i.id = incident_id)');
  end loop;
  perform tenancy_guard('subject_request_step', 'exists (select from subject_request r where r.id = request_id)', null);
  perform tenancy_guard('watch_use', 'exists (select from watch_entry e where e.id = entry_id)', null);
end $$;
