-- Which camera an exhibit is of: 'ours' with its device, 'none' when a person said so, 'unsaid' while nobody did.
alter table exhibit add column device_id text;
alter table exhibit add column camera text not null default 'unsaid' check (camera in ('ours', 'none', 'unsaid'));
-- What its bytes are, by their own beginning; null: received before that was looked at.
alter table exhibit add column media_kind text check (media_kind in ('picture', 'clip', 'document', 'unknown'));
alter table exhibit add constraint exhibit_camera check ((camera = 'ours') = (device_id is not null));

-- Copies of pictures and clips, made anew from their pixels: what people see while the original stays sealed. One for each treatment
-- (masks, regions, sound); `treatment` is the digest of what was to be done, `recipe` says what was done, with which tool.
create table exhibit_copy (
  id uuid primary key,
  exhibit_id uuid not null references exhibit (id),
  treatment text not null,
  wanted text not null, -- the treatment itself, canonical JSON
  state text not null check (state in ('making', 'ready', 'not_needed', 'cannot')),
  problem text, -- code of why it cannot be made
  asked_at timestamptz not null,
  made_at timestamptz,
  media_type text,
  bytes int8,
  sha256 text,
  sha512 text,
  recipe text, -- canonical JSON
  object_key text,
  wrapped_key bytea,
  master_key_id text,
  unique (exhibit_id, treatment),
  check ((state = 'ready') = (object_key is not null)),
  check (object_key is null or (bytes is not null and sha256 is not null and sha512 is not null and media_type is not null
    and recipe is not null and wrapped_key is not null and master_key_id is not null)),
  check ((state = 'cannot') = (problem is not null))
);

-- The original under two keys: one person asks, another one approves; for this exhibit, this purpose and a time.
create table original_request (
  id uuid primary key,
  exhibit_id uuid not null references exhibit (id),
  asked_by text not null,
  asked_at timestamptz not null,
  purpose text not null,
  because text not null, -- sealed
  hours int4 not null check (hours between 1 and 72),
  state text not null check (state in ('asked', 'approved', 'refused', 'ended')),
  decided_by text,
  decided_at timestamptz,
  decided_because text, -- sealed
  ends_at timestamptz,
  check (decided_by is distinct from asked_by), -- two keys are two people's, whoever writes the row
  check ((state = 'asked') = (decided_by is null) or state = 'ended'),
  check (state <> 'approved' or ends_at is not null)
);
create index original_request_by_exhibit on original_request (exhibit_id, asked_at);

-- What a person drew over an exhibit so that people in it are not known: each version for good.
create table exhibit_region (
  exhibit_id uuid not null references exhibit (id),
  version int4 not null check (version > 0),
  regions text not null, -- canonical JSON: corners in thousandths of the picture, milliseconds from the begin
  because text not null, -- sealed
  at timestamptz not null,
  actor text not null,
  primary key (exhibit_id, version)
);

-- A minor is in it: it goes into no copy for others, list or packet without a legal ground, which another person states.
create table exhibit_minor (
  exhibit_id uuid primary key references exhibit (id),
  because text not null, -- sealed
  at timestamptz not null,
  actor text not null,
  ground text,
  ground_because text, -- sealed
  ground_at timestamptz,
  ground_by text,
  check ((ground is null) = (ground_by is null) and (ground is null) = (ground_because is null) and (ground is null) = (ground_at is null)),
  check (ground_by is distinct from actor)
);

select tenancy_guard(target::regclass, seen, partner)
from (select 'exists (select from exhibit e where e.id = exhibit_id)' as seen) as condition,
  (values ('exhibit_copy', 'exists (select from exhibit e where e.id = exhibit_id)'), ('original_request', null),
    ('exhibit_region', null), ('exhibit_minor', null)) as tables (target, partner);

-- Whether a minor is in an exhibit and no ground was stated. A function, because a partner may not read the flag itself: from its
-- being there he would learn what he may not know.
create function exhibit_minor_withheld(exhibit uuid) returns boolean
language sql stable security definer set search_path from current as $$
  select exists (select from exhibit_minor m where m.exhibit_id = exhibit and m.ground is null)
$$;
create policy minor_withheld on exhibit as restrictive for select to tillwatch_partner
  using (not exhibit_minor_withheld(id));

-- With its media: copies, or the originals, each under two keys.
alter table packet add column originals boolean not null default false;
alter table packet add column purpose text;
