-- Who uses the installation. A token stands for a person everywhere else; the name is sealed, and goes with its key.
create table organisation (
  id text primary key check (id ~ '^[a-z][a-z0-9-]{0,31}$'),
  name text not null,
  kind text not null check (kind in ('retailer', 'police', 'insurer', 'vendor')),
  -- Ids of its sites begin so: two organisations can never want the same id. null: the installation's own, which takes the rest.
  site_prefix text unique,
  created_at timestamptz not null,
  ended_at timestamptz
);

insert into organisation (id, name, kind, site_prefix, created_at) values ('home', 'This organisation', 'retailer', null, now());

create table account (
  id uuid primary key,
  token text not null unique, -- user:<id>
  organisation_id text not null references organisation (id),
  name text not null,         -- sealed under the subject `token`
  login text not null,        -- sealed; a mail address or a name to sign in with
  login_index bytea not null, -- keyed blind index of the login
  roles text[] not null,
  sites text[],               -- null with regions null: every site of the organisation
  regions text[],
  state text not null check (state in ('invited', 'active', 'suspended', 'ended')),
  origin text not null check (origin in ('local', 'oidc', 'scim')),
  external_id text,           -- at the identity provider
  because text not null,      -- why it is in this state
  created_at timestamptz not null,
  updated_at timestamptz not null,
  last_seen_at timestamptz,
  ends_at timestamptz,        -- null: no end (a vendor's account always has one)
  version int8 not null default 1
);

create unique index account_login on account (organisation_id, login_index);
create unique index account_external on account (organisation_id, origin, external_id) where external_id is not null;
