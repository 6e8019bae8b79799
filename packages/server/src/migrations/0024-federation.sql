-- Programs, people of other identity providers, vendors for a time, and the list of who still needs what.

-- A program that speaks to us. Its name is not a person's and stands in the clear.
create table service_account (
  id uuid primary key,
  token text not null unique, -- service:<id>
  organisation_id text not null references organisation (id),
  name text not null,
  purpose text not null,      -- what it is for, in a sentence
  roles text[] not null,
  scopes text[] not null check (cardinality(scopes) > 0), -- names of actions: what it may do at most
  sites text[],               -- null with regions null: every site of the organisation
  regions text[],
  state text not null check (state in ('active', 'ended')),
  because text not null,
  created_at timestamptz not null,
  created_by text not null,
  updated_at timestamptz not null
);

create unique index service_account_name on service_account (organisation_id, lower(name)) where state = 'active';

-- `twk_<id>_<secret>`; the secret is 256 random bits, of which the digest is kept: nothing to guess, so nothing to slow down.
create table api_key (
  id text primary key check (id ~ '^[a-z2-7]{12}$'),
  service_account_id uuid not null references service_account (id),
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  created_at timestamptz not null,
  created_by text not null,
  expires_at timestamptz not null check (expires_at <= created_at + interval '366 days'),
  revoked_at timestamptz,
  because text not null,
  last_used_at timestamptz    -- written at most once a minute
);

create index api_key_of_account on api_key (service_account_id);

-- A sign-in that was sent to an identity provider and has not come back. Taken (deleted) once, by state and by the browser's own cookie.
create table oidc_pending (
  state_sha256 text primary key,
  browser_sha256 text not null,
  organisation_id text not null references organisation (id),
  nonce text not null,
  code_verifier text not null,
  return_to text not null,
  step_up_session text,       -- id of the session whose person proves again who they are; null: a sign-in
  started_at timestamptz not null,
  expires_at timestamptz not null
);

create index oidc_pending_expires on oidc_pending (expires_at);

-- Who a person of an identity provider is here. Two organisations may share a provider: it is another account in each.
create table oidc_identity (
  organisation_id text not null references organisation (id),
  issuer text not null,
  subject text not null,
  account_id uuid not null references account (id),
  first_at timestamptz not null,
  last_at timestamptz not null,
  primary key (organisation_id, issuer, subject)
);

create index oidc_identity_of_account on oidc_identity (account_id);

-- Which of our sessions the provider's session stands behind, so that its logout ends ours.
create table oidc_session (
  session_id text primary key,
  organisation_id text not null references organisation (id),
  issuer text not null,
  subject text not null,
  sid text,
  id_token text not null,     -- sealed; the hint with which we ask the provider to end its session too
  started_at timestamptz not null
);

create index oidc_session_subject on oidc_session (organisation_id, issuer, subject);

create table oidc_logout_seen (
  issuer text not null,
  jti text not null,
  expires_at timestamptz not null,
  primary key (issuer, jti)
);

-- What the identity provider told of a person besides what `account` has. Sealed JSON under the account's token.
create table scim_user (
  account_id uuid primary key references account (id),
  attributes text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  version int8 not null default 1
);

create table scim_group (
  id uuid primary key,
  organisation_id text not null references organisation (id),
  display_name text not null,
  external_id text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  version int8 not null default 1
);

create unique index scim_group_name on scim_group (organisation_id, lower(display_name));

create table scim_group_member (
  group_id uuid not null references scim_group (id) on delete cascade,
  account_id uuid not null references account (id) on delete cascade,
  primary key (group_id, account_id)
);

create index scim_group_member_account on scim_group_member (account_id);

-- A vendor's person inside another organisation: for a ticket, for a time, on two people's word.
create table vendor_access (
  id uuid primary key,
  organisation_id text not null references organisation (id), -- who opens the door
  account_token text not null references account (token),     -- who comes in; of an organisation of kind vendor
  ticket text not null,
  purpose text not null,
  roles text[] not null,
  scopes text[] not null check (cardinality(scopes) > 0),
  sites text[],
  starts_at timestamptz not null,
  ends_at timestamptz not null check (ends_at > starts_at),
  requested_by text not null,
  requested_at timestamptz not null,
  approved_by text check (approved_by <> requested_by),
  approved_at timestamptz,
  ended_by text,              -- revoked, or refused before it was approved
  ended_at timestamptz,
  because text not null
);

create index vendor_access_account on vendor_access (account_token) where ended_at is null;
create index vendor_access_organisation on vendor_access (organisation_id, requested_at desc);

create table access_review (
  id uuid primary key,
  organisation_id text not null references organisation (id),
  period text not null check (period ~ '^\d{4}-Q[1-4]$'),
  unused_after_days int4 not null,
  started_at timestamptz not null,
  due_at timestamptz not null,
  closed_at timestamptz,
  unique (organisation_id, period)
);

create table access_review_item (
  id uuid primary key,
  review_id uuid not null references access_review (id),
  holder_kind text not null check (holder_kind in ('person', 'service', 'vendor')),
  holder_token text not null,
  holder_id uuid not null,    -- of the account, the service account or the vendor's access
  roles text[] not null,      -- as they were when the list was made
  scopes text[],
  sites text[],
  regions text[],
  granted_at timestamptz not null,
  last_used_at timestamptz,
  proposal text not null check (proposal in ('keep', 'remove')),
  decision text check (decision in ('keep', 'remove')),
  decided_by text,
  decided_at timestamptz,
  because text,
  check ((decision is null) = (decided_by is null) and (decision is null) = (because is null)),
  unique (review_id, holder_kind, holder_id)
);
