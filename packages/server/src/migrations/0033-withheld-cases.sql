-- Cases of restricted categories (policies/sensitivity.yaml) are in a list only at the sites where policy granted them too. Restrictive:
-- besides the policy of the scope, never in its place. What belongs to a case is seen where the case is.
create policy withheld on incident as restrictive to tillwatch_scoped using (
  (select coalesce(current_setting('tillwatch.withheld', true), '') = '')
  or category not in (select unnest(string_to_array(current_setting('tillwatch.withheld', true), ',')))
  or site_id in (select unnest(string_to_array(current_setting('tillwatch.withheld_but_at', true), ','))));
