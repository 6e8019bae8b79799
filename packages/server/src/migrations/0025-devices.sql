-- How a device proves that it is itself: codes that enrol once, what they were traded for, and who was refused.
create table device_enrolment (
  id uuid primary key,
  organisation_id text not null,
  site_id text not null,
  device_id text not null,
  code_sha256 bytea not null unique, -- the code itself was shown once and is nowhere
  created_by text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  ended_at timestamptz -- taken back: by a newer code, or with the device's credentials
);

create index device_enrolment_device on device_enrolment (site_id, device_id);

create table device_credential (
  id uuid primary key,
  organisation_id text not null,
  site_id text not null,
  device_id text not null,
  kind text not null check (kind in ('certificate', 'key')),
  name text not null unique, -- certificate: serial number, upper-case hex; key: its RFC 7638 thumbprint
  proof bytea not null,      -- certificate: SHA-256 of its DER; key: the 32 bytes of the Ed25519 public key
  enrolment_id uuid references device_enrolment (id),
  replaces uuid references device_credential (id),
  issued_at timestamptz not null,
  expires_at timestamptz not null,
  retires_at timestamptz, -- its successor is in use: refused from here on
  revoked_at timestamptz,
  revoked_by text,
  revoked_because text,
  last_used_at timestamptz
);

create index device_credential_device on device_credential (site_id, device_id);
create index device_credential_replaces on device_credential (replaces);

-- A signed token is good for one use; kept until it would have expired anyway.
create table device_token_used (
  key_name text not null,
  token_sha256 bytea not null, -- of its jti
  expires_at timestamptz not null,
  primary key (key_name, token_sha256)
);

create index device_token_used_expiry on device_token_used (expires_at);

-- Counted by day, so that a flood is a number. Empty ids: the attempt named no device that we know.
create table device_refusal (
  site_id text not null,
  device_id text not null,
  code text not null,
  via text not null check (via in ('http', 'mqtt', 'enrolment')),
  day date not null,
  attempts int8 not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  last_says text not null,
  last_address text not null,
  audited_at timestamptz not null,
  primary key (site_id, device_id, code, via, day)
);

-- The second wall (0022): who a device is, is known where its site is. Codes by which they enrol are of no partner.
select tenancy_guard(target::regclass, 'site_id in (select id from site)', null)
from unnest(array['device_enrolment', 'device_credential', 'device_refusal']) as target;
