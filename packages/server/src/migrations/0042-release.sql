-- Packets are released: to a partner that the case is shared with, or to somebody outside, by a person with a purpose, a legal ground and a
-- second proof. What was released to whom is on the record in the same transaction (O02), and only what was released opens for a partner.
create table packet_release (
  id uuid primary key,
  packet_id uuid not null references packet (id),
  incident_id uuid not null references incident (id),
  organisation_id text not null references organisation (id), -- whose case it is
  partner_id text references organisation (id), -- null: somebody outside, whom `recipient` names
  recipient text, -- sealed JSON: {agency, person, reference}
  channel text not null check (channel in ('partner', 'in_person', 'post', 'encrypted_mail', 'authority_portal')),
  purpose text not null,
  ground text not null,
  because text not null, -- sealed
  noted json not null, -- what stood against it and was released all the same: [{code, count}]
  despite text, -- sealed: why all the same
  sha256 text not null, -- of the packet
  bytes int8 not null,
  released_at timestamptz not null,
  released_by text not null,
  taken_at timestamptz, -- when the recipient first had it
  taken_by text,
  withdrawn_at timestamptz,
  withdrawn_by text,
  withdrawn_because text, -- sealed
  check ((partner_id is null) = (recipient is not null)),
  check ((channel = 'partner') = (partner_id is not null)),
  check ((withdrawn_at is null) = (withdrawn_by is null) and (withdrawn_at is null) = (withdrawn_because is null)),
  check (json_array_length(noted) = 0 or despite is not null)
);
create index packet_release_by_incident on packet_release (incident_id, released_at);
create index packet_release_by_packet on packet_release (packet_id) where withdrawn_at is null;
select tenancy_guard('packet_release', 'exists (select from incident i where i.id = incident_id)',
  'partner_id = (select current_setting(''tillwatch.organisation'', true)) and withdrawn_at is null and exists (select from incident i where i.id = incident_id)');

-- A partner sees the packets that were released to it.
drop policy of_partner on packet;
create policy of_partner on packet for select to tillwatch_partner using (exists (select from packet_release r where r.packet_id = packet.id));

create constraint trigger handoff_is_recorded after insert on packet_release deferrable initially deferred
  for each row execute function handoff_is_recorded('release');

-- A minor among the people of a case keeps it from partners, but where a legal ground allows it and somebody said so (J11). Asked by functions
-- of their own: incident_minor is seen where the incident is, and a partner sees the incident where it is shared.
alter table case_share add column minor_ground text;
create function has_minor(wanted uuid) returns boolean stable security definer set search_path from current
  language sql as $$ select exists (select from incident_minor m where m.incident_id = wanted) $$;
drop policy of_partner on case_share;
create policy of_partner on case_share for select to tillwatch_partner
  using (partner_id = (select current_setting('tillwatch.organisation', true))
    and revoked_at is null and ends_at > now() and (minor_ground is not null or not has_minor(incident_id)));
