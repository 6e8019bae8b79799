-- Holds on cases, and the destruction of content when its time is over.

-- A hold may be on a case: its subject is then `incident:<id>`, the name under which the vault keeps what people said about it.
alter table legal_hold add column matter text; -- sealed: the claim or proceeding; null: of a person, before there were matters

-- Whether a key of the vault, or what is sealed under it, must stay: a hold is on its subject, or on a case in which it occurs. For the vault's
-- own guard below and for whoever asks politely before.
create function held_by(wanted text) returns text stable security definer set search_path from current language sql as $$
  select h.ground from legal_hold h where h.ended_at is null and (
    h.subject = wanted
    or (wanted like 'signal:%' and exists (
      select from incident_signal s where h.subject = 'incident:' || s.incident_id and wanted = 'signal:' || s.signal_id))
    or (wanted like 'person:%' and exists (
      select from incident_signal s join signal on signal.id = s.signal_id join vault_key k on k.subject = wanted
      where h.subject = 'incident:' || s.incident_id and position('tw1.' || k.id || '.' in signal.body::text) > 0)))
  order by h.at limit 1 $$;

-- The last wall: whoever forgets to ask does not destroy what is held.
create function held_key_stays() returns trigger security definer set search_path from current language plpgsql as $$
begin
  if held_by(old.subject) is not null then
    raise exception 'a legal hold stands against it: %', held_by(old.subject) using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger held_key_stays before update of wrapped_key on vault_key for each row
  when (old.wrapped_key is not null and new.wrapped_key is null) execute function held_key_stays();
create function held_content_stays() returns trigger security definer set search_path from current language plpgsql as $$
begin
  if held_by('incident:' || old.incident_id) is not null then
    raise exception 'a legal hold stands against it: %', held_by('incident:' || old.incident_id) using errcode = 'restrict_violation';
  end if;
  return new;
end $$;

-- Content that was destroyed: the row with its digests stays, the bytes and their key do not.
alter table exhibit add column disposed_at timestamptz;
alter table packet add column disposed_at timestamptz;
do $$
declare
  old record;
begin
  for old in select conrelid::regclass as target, conname, pg_get_constraintdef(oid) as says from pg_constraint
    where contype = 'c' and conrelid in ('exhibit'::regclass, 'packet'::regclass) and pg_get_constraintdef(oid) ilike '%object_key is%null%'
  loop
    execute format('alter table %s drop constraint %I, add constraint %I check (disposed_at is not null or %s)', old.target, old.conname,
      old.conname, substring(old.says from 7));
  end loop;
end $$;
create trigger held_content_stays before update of wrapped_key on exhibit for each row
  when (old.wrapped_key is not null and new.wrapped_key is null) execute function held_content_stays();
create trigger held_content_stays before update of wrapped_key on packet for each row
  when (old.wrapped_key is not null and new.wrapped_key is null) execute function held_content_stays();

-- The destruction of content: listed when its time is over, asked for by one person, confirmed by another, done, certified.
create table disposal (
  id uuid primary key,
  organisation_id text not null references organisation (id),
  site_id text not null,
  incident_id uuid not null references incident (id),
  exhibit_id uuid references exhibit (id), -- one exhibit; null: what `kind` says of the case
  kind text not null check (kind in ('clips', 'case', 'watch_item', 'exhibit')),
  basis json not null, -- {days, endedAt, dueAt, policy}
  state text not null check (state in ('due', 'requested', 'confirmed', 'kept', 'done')),
  listed_at timestamptz not null,
  requested_at timestamptz,
  requested_by text,
  because text, -- sealed under the disposal itself, which outlives the case
  confirmed_at timestamptz,
  confirmed_by text,
  kept_until timestamptz,
  kept_by text,
  kept_because text, -- sealed
  destroyed_at timestamptz, -- the keys are gone; from here on nothing can be read
  counts json, -- {exhibits, packets, bytes, keys}
  done_at timestamptz,
  certificate_audit_id uuid,
  check (confirmed_by is null or confirmed_by <> requested_by or confirmed_by = 'machine'),
  check (state not in ('confirmed', 'done') or (requested_by is not null and confirmed_by is not null)),
  check (state <> 'done' or (destroyed_at is not null and done_at is not null and certificate_audit_id is not null)),
  check ((kind = 'exhibit') = (exhibit_id is not null))
);
create unique index disposal_under_way on disposal (incident_id, kind, coalesce(exhibit_id, incident_id)) where state in ('due', 'requested', 'confirmed');
create index disposal_by_state on disposal (organisation_id, state, listed_at);
select tenancy_guard('disposal', 'exists (select from incident i where i.id = incident_id)', null);

-- Objects whose keys are gone and that are still to be deleted; the machine's alone.
create table disposal_object (
  disposal_id uuid not null references disposal (id),
  object_key text not null,
  deleted_at timestamptz,
  primary key (disposal_id, object_key)
);
