-- A case is walled from a colleague whom a till names in it too: a till names who works at it by a token (`cashier`), and this says whose it is
-- (N13). Which token is whose is sealed; it is found by a keyed digest.
create table till_operator (
  id uuid primary key,
  organisation_id text not null references organisation (id),
  account_token text not null,
  site_id text, -- null: at every site; where each shop numbers its own staff, a token is joined at one
  operator text not null, -- sealed
  operator_index bytea not null,
  at timestamptz not null,
  actor text not null,
  because text not null, -- sealed
  ended_at timestamptz,
  ended_by text,
  ended_because text, -- sealed
  check ((ended_at is null) = (ended_by is null) and (ended_at is null) = (ended_because is null))
);
create unique index till_operator_once on till_operator (organisation_id, operator_index, account_token, coalesce(site_id, ''))
  where ended_at is null;
create index till_operator_by_account on till_operator (account_token);
select tenancy_guard_by_organisation('till_operator');

-- How somebody came to be named: by a person, or by a till.
alter table incident_subject add column through text not null default 'person' check (through in ('person', 'till'));

-- Taking a naming back waits for a second person. What was taken back a till does not name again.
create table naming_withdrawal (
  id uuid primary key,
  incident_id uuid not null references incident (id),
  token text, -- null: it is about no colleague at all, and is handled like any other case
  at timestamptz not null,
  actor text not null,
  because text not null, -- sealed
  state text not null check (state in ('asked', 'done', 'refused')),
  decided_at timestamptz,
  decided_by text,
  decided_because text, -- sealed
  check (decided_by is distinct from actor), -- two persons, whoever writes the row
  check ((state = 'asked') = (decided_by is null) and (state = 'asked') = (decided_because is null))
);
create unique index naming_withdrawal_open on naming_withdrawal (incident_id, coalesce(token, '')) where state = 'asked';
create index naming_withdrawal_by_case on naming_withdrawal (incident_id);
select tenancy_guard('naming_withdrawal', 'exists (select from incident i where i.id = incident_id)', null);
