-- A retired version that is to run again waits for its signature without watching.
alter table rule drop constraint rule_check3;
alter table rule add constraint rule_asked_is_a_version
  check (asked_number is null or (asked_number between 0 and latest and asked_number is distinct from live));
