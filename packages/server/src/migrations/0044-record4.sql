-- One finding is one case in each organisation whose record it stands in: a partner's search stands in those of his hosts as well.
drop index misuse_case_once;
create unique index misuse_case_once on misuse_case (organisation_id, rule_id, (grouped::text), last_at);

-- No hand-off without an entry of the record (O02), also where a later version forgets it: each of these writes is refused at the commit unless
-- an entry about the thing named stands in the record since the same transaction. Arguments: columns of which one is the entry's subject.
create function write_is_recorded() returns trigger security definer set search_path from current language plpgsql as $$
declare
  written jsonb := to_jsonb(new);
begin
  if not exists (select from audit_entry a, unnest(tg_argv) as named (part)
    where a.subject_id = written ->> named.part and a.transaction = pg_current_xact_id()) then
    raise exception 'a hand-off (% of %) without an entry of the record', tg_op, tg_table_name using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;

create constraint trigger handoff_is_recorded after insert or update of revoked_at, ends_at on case_share deferrable initially deferred
  for each row execute function write_is_recorded('incident_id');
create constraint trigger handoff_is_recorded after insert on record_export deferrable initially deferred
  for each row execute function write_is_recorded('id');
create constraint trigger handoff_is_recorded after insert on analytics_export deferrable initially deferred
  for each row execute function write_is_recorded('id');
create constraint trigger handoff_is_recorded after insert or update of approved_at, ended_at on vendor_access deferrable initially deferred
  for each row execute function write_is_recorded('id');
create constraint trigger owner_is_recorded after update of owner_token on incident deferrable initially deferred
  for each row when (new.owner_token is distinct from old.owner_token) execute function write_is_recorded('id');
create constraint trigger handoff_is_recorded after insert on webhook_delivery deferrable initially deferred
  for each row execute function write_is_recorded('id', 'endpoint_id');
