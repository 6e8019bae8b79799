-- The second wall round what an organisation has as a whole (programs, vendors, reviews, misuse, exports of the record), and, where a row is of
-- a site, by site. What is read before anybody is known (passwords, keys, links, sessions, sign-ins under way) stays closed to the restricted
-- roles altogether; platform/scoped.test.ts goes through every table and holds the list with the reasons.

select tenancy_guard_by_organisation(target::regclass) from unnest(array['service_account', 'vendor_access', 'access_review', 'access_ground',
  'misuse_case', 'scim_group']) as target;
select tenancy_guard('api_key', 'exists (select from service_account s where s.id = service_account_id)', null),
  tenancy_guard('access_review_item', 'exists (select from access_review r where r.id = review_id)', null),
  tenancy_guard('scim_user', 'exists (select from account a where a.id = account_id)', null),
  tenancy_guard('scim_group_member', 'exists (select from scim_group g where g.id = group_id)', null);

-- Whether a site is among those that the scope names. A site of another organisation in the list opens nothing: each policy that asks this asks
-- for the organisation too.
create function in_reach(site_id text) returns boolean stable language sql as $$
  select current_setting('tillwatch.sites', true) = '*'
    or site_id = any (string_to_array(current_setting('tillwatch.sites', true), ','))
$$;

do $$
declare
  own text := 'organisation_id = (select current_setting(''tillwatch.organisation'', true))';
begin
  -- Access for a time is of the place that it opens; of a case that is not there it is nobody's place.
  perform tenancy_guard('access_grant', own || ' and (coalesce(site_id, site_of_incident(incident_id)) is null
    or in_reach(coalesce(site_id, site_of_incident(incident_id))))', null);
  -- Who is bound to sites has the exports that he could have asked for himself.
  perform tenancy_guard('record_export', own || ' and not coalesce((scope::json ->> ''all'')::boolean, false)
    and ((select current_setting(''tillwatch.sites'', true) = ''*'')
      or (not coalesce((scope::json ->> ''everySite'')::boolean, false)
        and array(select json_array_elements_text(scope::json -> ''sites''))
          <@ (select string_to_array(current_setting(''tillwatch.sites'', true), '',''))))', null);
  execute 'alter policy of_scope on watch_entry using (' || own || ' and ((select current_setting(''tillwatch.sites'', true) = ''*'')
    or site_ids && (select string_to_array(current_setting(''tillwatch.sites'', true), '',''))))';
  execute 'alter policy of_scope on privacy_mask using (' || own || ' and site_id in (select id from site))
    with check (' || own || ' and site_id in (select id from site))';
  execute 'alter policy of_scope on site_privacy using (' || own || ' and site_id in (select id from site))
    with check (' || own || ' and site_id in (select id from site))';
  -- On a case, or on a person, who is of no site.
  execute 'alter policy of_scope on legal_hold using (' || own || ' and (subject not like ''incident:%''
    or exists (select from incident i where subject = ''incident:'' || i.id)))';
  -- About a site, or a quarter.
  execute 'alter policy of_scope on privacy_report using (' || own || ' and (kind = ''misuse_review'' or about in (select id from site)))';
  -- Sites and devices are of a site; products and the calendar are the organisation's.
  execute 'alter policy of_scope on directory_entry using (' || own || ' and case kind
    when ''site'' then id in (select s.id from site s) when ''device'' then site_id in (select s.id from site s) else true end)';
end $$;

-- The same walls as before round sites, cases and the record, with their lists as arrays: each is read once a statement, and the plan has no
-- subplan to run for a row (bench/tenancy.ts).
do $$
declare
  own text := 'organisation_id = (select current_setting(''tillwatch.organisation'', true))';
  everywhere text := '(select current_setting(''tillwatch.sites'', true) = ''*'')';
  among text := '= any ((select string_to_array(current_setting(''tillwatch.sites'', true), '',''))::text[])';
begin
  execute format('alter policy of_scope on site using (%1$s) with check (%1$s)', own || ' and (' || everywhere || ' or id ' || among || ')');
  execute format('alter policy of_scope on incident using (%1$s) with check (%1$s)',
    own || ' and (' || everywhere || ' or site_id ' || among || ')');
  execute format('alter policy own on audit_entry using (%s)',
    own || ' and (site_id is null or ' || everywhere || ' or site_id ' || among || ')');
  alter policy withheld on incident using (
    (select coalesce(current_setting('tillwatch.withheld', true), '') = '')
    or not category = any ((select string_to_array(current_setting('tillwatch.withheld', true), ','))::text[])
    or site_id = any ((select string_to_array(current_setting('tillwatch.withheld_but_at', true), ','))::text[]));
end $$;

-- What a person is known by is put right and erased, and a mark of a minor is taken back: no record, each has an entry of its own in it.
grant delete on person_identifier, incident_minor to tillwatch_scoped;
