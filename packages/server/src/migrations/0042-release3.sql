-- Cases about colleagues: who is named in them does not see them, and who handles them is told by role (N13).
create table incident_subject (
  incident_id uuid not null references incident (id),
  token text not null, -- of the colleague's account
  at timestamptz not null,
  actor text not null,
  primary key (incident_id, token)
);
create index incident_subject_by_token on incident_subject (token);
select tenancy_guard('incident_subject', 'exists (select from incident i where i.id = incident_id)', null);

-- The roles that handle a case about a colleague; null: a case like any other.
alter table incident add column handlers text[];
create index incident_with_handlers on incident (id) where handlers is not null;

-- Asked once a statement, as whoever owns the table: the wall on incident must not depend on the wall of what hangs on incident.
create function incidents_about_me() returns setof uuid stable security definer set search_path from current
  language sql as $$ select incident_id from incident_subject where token = current_setting('tillwatch.me', true) $$;
create policy about_oneself on incident as restrictive to tillwatch_scoped using (id not in (select incidents_about_me()));
create policy handled_by_others on incident as restrictive to tillwatch_scoped using (
  handlers is null
  or (select coalesce(current_setting('tillwatch.roles', true), '') = '*')
  or handlers && (select string_to_array(coalesce(current_setting('tillwatch.roles', true), ''), ','))
  or reporter = (select current_setting('tillwatch.me', true)));
create policy about_oneself on audit_entry as restrictive for select to tillwatch_scoped
  using (incident_id is null or incident_id not in (select incidents_about_me()));
