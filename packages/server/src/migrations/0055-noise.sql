-- Silences: what somebody keeps from opening cases and from telling anybody, at some place, for a time, with a reason. What matches it, from when
-- and until when is written once; it is signed by another person, and ended before its time, at most once. `ends_at` ends it by itself.
create table silence (
  id uuid primary key,
  organisation_id text not null references organisation (id),
  rule_id text, -- null here and below: any
  site_id text, -- null: every site of the organisation
  zone_id text,
  device_id text,
  category text,
  level int2 not null check (level in (1, 2)), -- the highest level of a situation that it may hold back; never 3
  starts_at timestamptz not null, -- never before it was made: it says nothing about what was there before
  ends_at timestamptz not null,
  because text not null, -- sealed under silence:<id>, as the other reasons
  made_at timestamptz not null,
  made_by text not null, -- its owner
  signed_at timestamptz, -- by another person: holds back level 2 from then on
  signed_by text,
  signed_because text,
  ended_at timestamptz, -- before its time
  ended_by text,
  ended_because text,
  expired_at timestamptz, -- when the machine noted that its time was over
  check (rule_id is not null or site_id is not null),
  check (site_id is not null or (zone_id is null and device_id is null)),
  check (made_at <= starts_at and starts_at < ends_at),
  check (ended_at is null or ended_at < ends_at),
  check (ended_at is null or expired_at is null),
  check ((signed_at is null) = (signed_by is null) and (signed_at is null) = (signed_because is null)),
  check ((ended_at is null) = (ended_by is null) and (ended_at is null) = (ended_because is null)),
  check (signed_at is null or (level = 2 and signed_by <> made_by))
);
create index silence_by_end on silence (organisation_id, ends_at);
create index silence_to_expire on silence (ends_at) where ended_at is null and expired_at is null;

create function silence_is_kept() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE'
    and (to_jsonb(new) - array['signed_at', 'signed_by', 'signed_because', 'ended_at', 'ended_by', 'ended_because', 'expired_at'])
      = (to_jsonb(old) - array['signed_at', 'signed_by', 'signed_because', 'ended_at', 'ended_by', 'ended_because', 'expired_at'])
    and (old.signed_at is null or (new.signed_at, new.signed_by, new.signed_because) = (old.signed_at, old.signed_by, old.signed_because))
    and (old.ended_at is null or (new.ended_at, new.ended_by, new.ended_because) = (old.ended_at, old.ended_by, old.ended_because))
    and (old.expired_at is null or new.expired_at = old.expired_at)
  then
    return new;
  end if;
  raise exception 'a silence is kept as it was made: it is signed or ended, and made anew (% of %)', tg_op, tg_table_name
    using errcode = 'restrict_violation';
end $$;
create trigger silence_is_kept before update or delete on silence for each row execute function silence_is_kept();
create trigger silences_are_not_emptied before truncate on silence for each statement execute function silence_is_kept();

-- What a silence held back, by case: it would have opened, or it went on and nobody was told.
create table silence_hit (
  silence_id uuid not null references silence (id),
  incident_id uuid not null references incident (id),
  kind text not null check (kind in ('held', 'quiet')),
  first_at timestamptz not null, -- of the signals, by our clock
  last_at timestamptz not null,
  signals int4 not null,
  severity float8 not null, -- with what is silenced
  level int2 not null,
  primary key (silence_id, incident_id)
);
create index silence_hit_by_incident on silence_hit (incident_id);

-- A silence of every site is seen by all of the organisation, and made and ended by those alone who are bound to no site.
select tenancy_guard('silence', 'organisation_id = (select current_setting(''tillwatch.organisation'', true))
  and (site_id is null or site_id in (select id from site))', null);
create policy of_every_site_made on silence as restrictive for insert to tillwatch_scoped
  with check (site_id is not null or (select current_setting('tillwatch.sites', true)) = '*');
create policy of_every_site_changed on silence as restrictive for update to tillwatch_scoped
  using (site_id is not null or (select current_setting('tillwatch.sites', true)) = '*');
select tenancy_guard('silence_hit', 'exists (select from incident i where i.id = incident_id)', null);
revoke insert, update on silence_hit from tillwatch_scoped;
