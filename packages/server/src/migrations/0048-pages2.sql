-- A link by which somebody outside takes a released packet: one that is open a release, good once, with a code told by another way. Kept as
-- digests: the row opens nothing.
alter table packet_release drop constraint packet_release_channel_check;
alter table packet_release add constraint packet_release_channel_check
  check (channel in ('partner', 'in_person', 'post', 'encrypted_mail', 'authority_portal', 'download_link'));
create table release_link (
  id uuid primary key,
  release_id uuid not null references packet_release (id),
  sha256 text not null unique, -- of the link's secret
  code_sha256 text not null, -- of secret and code together
  made_at timestamptz not null,
  made_by text not null,
  expires_at timestamptz not null,
  tries_left int4 not null check (tries_left >= 0),
  refusals int4 not null default 0, -- how often it did not open, for whatever reason
  opened_at timestamptz, -- when it first opened
  ended_at timestamptz,
  ended_by text,
  check ((ended_at is null) = (ended_by is null)),
  check (expires_at > made_at)
);
create unique index release_link_open on release_link (release_id) where ended_at is null;
select tenancy_guard('release_link', 'exists (select from packet_release r where r.id = release_id)', null);
