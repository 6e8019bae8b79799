-- A watch entry says what its case says: of a case about a colleague it is there for those for whom the case is (N13). Asked by a function of its
-- own, because a guard of another shop sees the entry without seeing the case.
create function walled_about_colleagues(wanted uuid) returns boolean stable security definer set search_path from current
  language sql as $$ select exists (select from incident i where i.id = wanted and (
    coalesce(current_setting('tillwatch.me', true) = any (i.subjects), false)
    or i.handlers is not null and coalesce(current_setting('tillwatch.roles', true), '') <> '*'
      and not i.handlers && string_to_array(coalesce(current_setting('tillwatch.roles', true), ''), ',')
      and i.reporter is distinct from current_setting('tillwatch.me', true))) $$;
create policy about_colleagues on watch_entry as restrictive to tillwatch_scoped using (not walled_about_colleagues(incident_id));
