-- How people prove who they are, and the sessions that they work in. No secret stands here that opens anything: passwords as argon2id,
-- links, cookies and recovery codes as SHA-256 of at least 112 random bits, TOTP secrets sealed by the field vault.
create table passkey (
  id uuid primary key,
  account_id uuid not null references account (id),
  credential_id text not null unique, -- base64url, as the authenticator names it
  public_key bytea not null,          -- COSE
  counter int8 not null,
  transports text[] not null,
  name text not null,                 -- what the person calls it; sealed under the account's token
  created_at timestamptz not null,
  last_used_at timestamptz
);
create index passkey_of on passkey (account_id);

create table account_password (
  account_id uuid primary key references account (id),
  phc text not null, -- $argon2id$v=19$m=..,t=..,p=..$salt$hash
  changed_at timestamptz not null
);

create table account_totp (
  account_id uuid primary key references account (id),
  secret text not null,    -- sealed under the account's token
  last_step int8 not null, -- the youngest 30 s step whose code was taken; that code and every older one are spent
  created_at timestamptz not null
);

-- A secret that is shown and not yet proven; it becomes account_totp with its first code.
create table totp_enrolment (
  account_id uuid primary key references account (id),
  secret text not null, -- sealed
  expires_at timestamptz not null
);

create table recovery_code (
  sha256 text primary key,
  account_id uuid not null references account (id),
  created_at timestamptz not null,
  used_at timestamptz
);
create index recovery_code_of on recovery_code (account_id);

create table one_time_link (
  sha256 text primary key,
  account_id uuid not null references account (id),
  use text not null check (use in ('set_up', 'invitation', 'recovery', 'sign_in')),
  created_at timestamptz not null,
  created_by text not null, -- token
  expires_at timestamptz not null,
  spent_at timestamptz
);
create index one_time_link_of on one_time_link (account_id);

create table person_session (
  id uuid primary key,         -- names it in lists, the record and the live feed; proves nothing
  sha256 text not null unique, -- of the cookie
  account_id uuid not null references account (id),
  way text not null check (way in ('passkey', 'password', 'link', 'oidc')),
  client text not null,        -- "Firefox on Windows": what its owner knows it by
  created_at timestamptz not null,
  active_at timestamptz not null, -- when a person last did something in it; a page that keeps itself up to date does not count
  expires_at timestamptz not null,
  stepped_up_at timestamptz,
  ended_at timestamptz,
  ended_because text
);
create index person_session_of on person_session (account_id) where ended_at is null;

-- Attempts to prove something guessable, by account and by address; the key is a keyed digest.
create table sign_in_attempt (
  key bytea primary key,
  count int not null,
  last_at timestamptz not null,
  blocked_until timestamptz, -- null: not
  allowed boolean not null   -- whether the last one was
);

-- Challenges are made without a trace (they carry their own proof); only those that were answered are kept, until they expire.
create table spent_challenge (
  sha256 text primary key,
  expires_at timestamptz not null
);

create index account_login_anywhere on account (login_index); -- a person signs in without naming the organisation
