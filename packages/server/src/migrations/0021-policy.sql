-- Why somebody looks: stated for one case and some hours (access/ground-store.ts). Only the owner of the database reads it: the
-- restricted roles of requests are given nothing here.
create table access_ground (
  id uuid primary key,
  organisation_id text not null,
  actor text not null,      -- token
  incident_id uuid not null,
  purpose text not null,    -- of the pack's policies
  ground text not null,
  note text,                -- sealed under ground:<id>
  stated_at timestamptz not null,
  expires_at timestamptz not null check (expires_at > stated_at)
);
create index access_ground_in_force on access_ground (actor, incident_id, expires_at);

-- Access for a time: asked for and approved by another person, or taken in an emergency and reviewed by another person.
create table access_grant (
  id uuid primary key,
  kind text not null check (kind in ('granted', 'break_glass')),
  organisation_id text not null,
  actor text not null,      -- token of whoever gets it
  incident_id uuid,
  site_id text,
  purpose text,
  ground text,
  because text not null,    -- sealed under grant:<id>
  asked_at timestamptz not null,
  hours int4 not null check (hours between 1 and 720),
  state text not null check (state in ('requested', 'active', 'refused', 'ended')),
  decided_by text,
  decided_at timestamptz,
  ends_at timestamptz,      -- null: not approved
  review_by timestamptz,    -- of break-glass only
  reviewed_by text,
  reviewed_at timestamptz,
  review text check (review in ('justified', 'not_justified')),
  overdue_told_at timestamptz,
  check ((incident_id is null) <> (site_id is null)),
  check (decided_by is null or kind = 'break_glass' or decided_by <> actor),
  check (reviewed_by is null or reviewed_by <> actor),
  check ((state = 'active') <= (ends_at is not null)),
  check ((kind = 'break_glass') = (review_by is not null))
);
create index access_grant_in_force on access_grant (actor, ends_at) where state = 'active';
create index access_grant_unreviewed on access_grant (review_by) where kind = 'break_glass' and reviewed_at is null;
create index access_grant_of_organisation on access_grant (organisation_id, asked_at desc, id desc);
