-- A hand-off without an entry of the record is impossible (O02): whoever hands an incident over, in whatever way, has put that on the
-- record in the same transaction, or the commit is refused.
alter table audit_entry add column transaction xid8;
alter table audit_entry alter column transaction set default pg_current_xact_id();

create function handoff_is_recorded() returns trigger security definer set search_path from current language plpgsql as $$
begin
  if not exists (select from audit_entry a
    where a.subject_id = new.id::text and a.subject_kind = tg_argv[0] and a.transaction = pg_current_xact_id()) then
    raise exception 'a hand-off of % % without an entry of the record', tg_argv[0], new.id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;

create constraint trigger handoff_is_recorded after update of state on incident deferrable initially deferred
  for each row when (new.state = 'handed_over' and old.state <> 'handed_over') execute function handoff_is_recorded('incident');
