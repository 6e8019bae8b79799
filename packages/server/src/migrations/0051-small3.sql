-- Which stored exhibit was read when, so that all of them are read in turn, and a restart goes on where it was. A row for each whose bytes lie
-- here; what the sealed bytes must be stands in the record (`sealedSha256` of exhibit.received or exhibit.verified), not here.
create table exhibit_check (
  exhibit_id uuid primary key references exhibit (id),
  seen_at timestamptz not null, -- when its bytes were looked at last: as they came in, or by the control
  found text not null check (found in ('whole', 'changed', 'missing', 'unreadable')),
  says text not null,
  since timestamptz not null -- since when it is found so
);
create index exhibit_check_due on exhibit_check (found, seen_at, exhibit_id);

-- Whoever stores an exhibit or destroys it: it was hashed as it came in and is read again in its turn, until it is disposed of.
create function exhibit_is_checked() returns trigger security definer set search_path from current language plpgsql as $$
begin
  if new.object_key is null then
    delete from exhibit_check where exhibit_id = new.id;
  else
    insert into exhibit_check values (new.id, new.received_at, 'whole', '', new.received_at) on conflict do nothing;
  end if;
  return null;
end $$;
create trigger exhibit_is_checked after insert or update of object_key on exhibit for each row execute function exhibit_is_checked();

-- Those of before count from now on: nobody promised anything about them yet.
insert into exhibit_check select id, now(), 'whole', '', now() from exhibit where object_key is not null;
