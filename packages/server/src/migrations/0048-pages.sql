-- Under which legal ground a packet holds what a minor is in, stated by whoever asked for it; null: that stays out.
alter table packet add column minor_ground text;
-- Which legal holds kept the case when it was released: [{id, ground}]. A hold keeps from destroying, not from releasing.
alter table packet_release add column holds json not null default '[]';

-- Whether nobody may take a packet by this release any more: since it was made somebody said that a minor is in the case or in an exhibit that
-- is in the packet, or the ground was taken back, and the release was not made in spite of that (J11). What was taken before is out.
create function release_withheld(r packet_release) returns boolean stable security definer set search_path from current
  language sql as $$
  select exists (
      select from incident_minor m where m.incident_id = r.incident_id
        and (m.at > r.released_at or position('"release_minor"' in r.noted::text) = 0))
    or exists (
      select from exhibit e join exhibit_minor m on m.exhibit_id = e.id
      where e.incident_id = r.incident_id and m.ground is null
        and (m.at > r.released_at or position('"release_minor_exhibit"' in r.noted::text) = 0)
        and exists (
          select from audit_entry a where a.subject_kind = 'exhibit' and a.subject_id = e.id::text and a.kind = 'exhibit.copied'
            and position('"packetId":"' || r.packet_id || '"' in a.body) > 0)) $$;
drop policy of_partner on packet_release;
create policy of_partner on packet_release for select to tillwatch_partner
  using (partner_id = (select current_setting('tillwatch.organisation', true)) and withdrawn_at is null
    and exists (select from incident i where i.id = incident_id) and not release_withheld(packet_release));
