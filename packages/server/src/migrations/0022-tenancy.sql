-- Tenants, and the second wall: row-level security by organisation and site, so that a statement with a forgotten `where` leaks
-- nothing (platform/scoped.ts enters it, docs/decisions/0010-tenancy.md says why so).

-- Makes the two restricted roles where they are missing, and lets the database user step into them. Roles are of the cluster, so
-- other databases may be making them at this moment: whoever loses the race finds them made. Called at every start too: a dump that
-- is restored into another cluster brings no roles along.
create function tenancy_roles() returns void language plpgsql as $$
declare
  wanted text;
  attempt int := 0;
begin
  foreach wanted in array array['tillwatch_scoped', 'tillwatch_partner'] loop
    loop
      begin
        if not exists (select from pg_roles where rolname = wanted) then
          execute format('create role %I nologin nobypassrls', wanted);
        end if;
        begin
          execute format('set local role %I', wanted);
          set local role none;
        exception when insufficient_privilege then
          execute format('grant %I to %I', wanted, session_user);
        end;
        exit;
      exception
        when insufficient_privilege then
          raise exception 'the database user % may not make or use the role %', session_user, wanted
            using errcode = 'insufficient_privilege',
            hint = format('as a superuser: create role %s nologin; grant %s to %I; or: alter role %I createrole',
              wanted, wanted, session_user, session_user);
        when duplicate_object or unique_violation or internal_error then -- another database was first; "tuple concurrently updated"
          attempt := attempt + 1;
          if attempt > 20 then raise; end if;
          perform pg_sleep(0.05);
      end;
    end loop;
  end loop;
end $$;
select tenancy_roles();

do $$ begin
  execute format('grant usage on schema %I to tillwatch_scoped, tillwatch_partner', current_schema());
end $$;

-- Which organisation a site is of. Kept as the directory has it; a site that left the directory keeps its row, because its incidents
-- stay. The organisation of a site never changes: its history would change hands with it.
create table site (
  id text primary key,
  organisation_id text not null references organisation (id),
  region text,
  country text,
  listed boolean not null -- in the directory as of now
);
create index site_by_organisation on site (organisation_id);
insert into site (id, organisation_id, listed)
select site_id, 'home', false from (select site_id from incident union select site_id from situation union select site_id from source) as known;

-- References of further organisations carry letters of their own and count for themselves: NW-2026-000001.
alter table organisation add column reference_letters text unique check (reference_letters ~ '^[A-Z]{2,6}$');
update organisation set reference_letters = 'TW' where id = 'home';

-- Of what organisation a row is: told by its site or incident, else by the scope that it was written in, else the installation's own.
-- `security definer`: a row at a site that the writer may not see must still become the right organisation's, and so be refused.
create function organisation_of_site(wanted text) returns text stable security definer set search_path from current
  language sql as $$ select organisation_id from site where id = wanted $$;
create function organisation_in_scope() returns text stable
  language sql as $$ select coalesce(nullif(current_setting('tillwatch.organisation', true), ''), 'home') $$;

alter table incident add column organisation_id text not null default 'home' references organisation (id);
create index incident_queue_of_organisation on incident (organisation_id, risk desc, opened_at desc, id desc);
create function incident_takes_organisation() returns trigger language plpgsql as $$
begin
  new.organisation_id := coalesce(organisation_of_site(new.site_id), 'home');
  return new;
end $$;
create trigger incident_takes_organisation before insert on incident
  for each row execute function incident_takes_organisation();
create function organisation_of_incident(wanted uuid) returns text stable security definer set search_path from current
  language sql as $$ select organisation_id from incident where id = wanted $$;

alter table incident_reference add column organisation_id text not null default 'home' references organisation (id);
alter table incident_reference drop constraint incident_reference_pkey, add primary key (organisation_id, year);
alter table incident_request add column organisation_id text not null default organisation_in_scope();
alter table directory_entry add column organisation_id text not null default organisation_in_scope() references organisation (id);
alter table webhook_endpoint add column organisation_id text not null default organisation_in_scope() references organisation (id);
alter table dead_letter add column organisation_id text not null default organisation_in_scope() references organisation (id);
create index dead_letter_of_organisation on dead_letter (organisation_id, arrived);
alter table source add column organisation_id text not null default 'home' references organisation (id);
alter table source drop constraint source_pkey, add primary key (organisation_id, source);

-- For the scope alone: not part of the digested entry, and no reference either, so that the record outlives what it is about.
alter table audit_entry
  add column organisation_id text not null default organisation_in_scope(),
  add column site_id text,
  add column incident_id uuid;
create index audit_entry_of_organisation on audit_entry (organisation_id, appended);
create index audit_entry_of_incident on audit_entry (incident_id, appended) where incident_id is not null;

-- An incident that an organisation shows to a partner: by a person, with a ground, until an instant, revocable.
create table case_share (
  id uuid primary key,
  incident_id uuid not null references incident (id),
  organisation_id text not null references organisation (id), -- whose incident it is
  partner_id text not null references organisation (id),
  ground text not null, -- sealed
  shared_at timestamptz not null,
  shared_by text not null,
  ends_at timestamptz not null,
  revoked_at timestamptz,
  revoked_by text,
  revoked_because text,
  check (ends_at > shared_at),
  check ((revoked_at is null) = (revoked_by is null) and (revoked_at is null) = (revoked_because is null)),
  check (partner_id <> organisation_id)
);
create index case_share_by_incident on case_share (incident_id, shared_at);
create index case_share_by_partner on case_share (partner_id, ends_at);

-- Rows that the role may see are the rows that it may write. No right to delete anything.
create function tenancy_guard(target regclass, staff text, partner text) returns void language plpgsql as $$
begin
  execute format('alter table %s enable row level security', target);
  execute format('grant select, insert, update on %s to tillwatch_scoped', target);
  execute format('create policy of_scope on %s to tillwatch_scoped using (%s) with check (%s)', target, staff, staff);
  -- Without a policy a partner sees no row.
  execute format('grant select on %s to tillwatch_partner', target);
  if partner is not null then
    execute format('create policy of_partner on %s for select to tillwatch_partner using (%s)', target, partner);
  end if;
end $$;

-- For tables with a column organisation_id. Each setting is read in a scalar subselect: once a statement, not once a row.
create function tenancy_guard_by_organisation(target regclass) returns void language sql as $$
  select tenancy_guard(target, own, own)
  from (select 'organisation_id = (select current_setting(''tillwatch.organisation'', true))' as own) as condition
$$;

select tenancy_guard('site', at_sites, null), tenancy_guard('incident', replace(at_sites, ' id in', ' site_id in'), 'id in (select incident_id from case_share)')
from (select 'organisation_id = (select current_setting(''tillwatch.organisation'', true)) and (
  (select current_setting(''tillwatch.sites'', true) = ''*'')
  or id in (select unnest(string_to_array(current_setting(''tillwatch.sites'', true), '',''))))' as at_sites) as condition;

select tenancy_guard(target::regclass, 'site_id in (select id from site)', partner) from (values
  ('signal', 'exists (select from incident_signal s where s.signal_id = signal.id)'),
  ('source', null),
  ('situation', null)) as tables (target, partner);
select tenancy_guard('situation_member', 'exists (select from situation s where s.id = situation_id)',
  'exists (select from incident_signal s where s.signal_id = situation_member.signal_id)');
select tenancy_guard('decision', 'exists (select from situation s where s.id = situation_id)', null);

select tenancy_guard(target::regclass, seen, seen)
from (select 'exists (select from incident i where i.id = incident_id)' as seen) as condition,
  unnest(array['incident_signal', 'incident_decision', 'incident_timeline', 'incident_field', 'incident_verdict', 'exhibit', 'packet',
    'playbook_applied']) as target;
create index incident_signal_by_signal on incident_signal (signal_id);

select tenancy_guard('custody_entry', seen, seen)
from (select 'exists (select from exhibit e where e.id = exhibit_id)' as seen) as condition;

select tenancy_guard_by_organisation(target::regclass) from unnest(array['account', 'incident_reference', 'incident_request',
  'directory_entry', 'dead_letter', 'webhook_endpoint']) as target;
select tenancy_guard('webhook_delivery', 'exists (select from webhook_endpoint e where e.id = endpoint_id)', null),
  tenancy_guard('webhook_attempt', 'exists (select from webhook_delivery d where d.id = delivery_id)', null);

alter table organisation enable row level security;
grant select on organisation to tillwatch_scoped, tillwatch_partner;
create policy own on organisation for select to tillwatch_scoped, tillwatch_partner
  using (id = (select current_setting('tillwatch.organisation', true)));

alter table case_share enable row level security;
grant select, insert, update on case_share to tillwatch_scoped;
create policy of_scope on case_share to tillwatch_scoped
  using (organisation_id = (select current_setting('tillwatch.organisation', true))
    and exists (select from incident i where i.id = incident_id));
grant select on case_share to tillwatch_partner;
create policy of_partner on case_share for select to tillwatch_partner
  using (partner_id = (select current_setting('tillwatch.organisation', true))
    and revoked_at is null and ends_at > now());

-- The record: everybody's doing is appended to it, whosesoever the thing is that was done to; each reads his own.
alter table audit_entry enable row level security;
grant select, insert on audit_entry to tillwatch_scoped, tillwatch_partner;
create policy append on audit_entry for insert to tillwatch_scoped, tillwatch_partner with check (true);
create policy own on audit_entry for select to tillwatch_scoped, tillwatch_partner
  using (organisation_id = (select current_setting('tillwatch.organisation', true))
    and (site_id is null or (select current_setting('tillwatch.sites', true) = '*')
      or site_id in (select unnest(string_to_array(current_setting('tillwatch.sites', true), ',')))));

-- A partner who opens an exhibit stands in its chain of custody: the row is locked for that, and the chain grows.
grant update (note) on exhibit to tillwatch_partner;
create policy lock_of_partner on exhibit for update to tillwatch_partner
  using (exists (select from incident i where i.id = incident_id)) with check (false);
grant insert on custody_entry to tillwatch_partner;
create policy append_of_partner on custody_entry for insert to tillwatch_partner
  with check (exists (select from exhibit e where e.id = exhibit_id));

-- Nobody's in particular: the head of the public log.
grant select on audit_log to tillwatch_scoped, tillwatch_partner;
