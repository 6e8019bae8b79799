-- Texts that programs draft (O12): the draft, what made it, and every edit of a person are kept for ever. Texts lie under the case's key and
-- go with it; digests with salts, who and when stay. Nothing here is text of a case: that is written by the person who accepts.
create table draft (
  id uuid primary key,
  incident_id uuid not null references incident (id),
  offered_by text not null, -- token of the program
  key text not null, -- keyed digest of what the program calls it
  request_sha256 text not null, -- keyed digest: whether a repeat says the same
  place text not null check (place in ('note', 'summary')),
  model json not null, -- {name, version, provider}
  prompt_sha256 text not null, -- as the program stated it
  prompt text, -- sealed
  inputs json not null, -- [{kind, id}]
  parameters json not null,
  written_at timestamptz not null, -- by the program's clock
  offered_at timestamptz not null,
  revision int4 not null default 0, -- the last
  state text not null check (state in ('offered', 'accepted', 'refused')),
  settled_at timestamptz,
  settled_by text,
  settled_because text, -- sealed; of a refusal
  changes json, -- of an acceptance: {kept, removed, added, whole}
  edited_by json, -- of an acceptance: tokens of the people who edited it
  unique (incident_id, offered_by, key),
  check ((state = 'offered') = (settled_at is null) and (settled_at is null) = (settled_by is null)),
  check ((state = 'refused') = (settled_because is not null) and (state = 'accepted') = (changes is not null) and (changes is null) = (edited_by is null))
);
create index draft_by_incident on draft (incident_id, offered_at);

-- Number 0 is the program's, every later one a person's. `chain_sha256` commits to all before it.
create table draft_revision (
  draft_id uuid not null references draft (id),
  number int4 not null check (number >= 0),
  text text not null, -- sealed
  salt text not null, -- sealed
  text_sha256 text not null, -- of salt and text
  chain_sha256 text not null,
  by_token text not null,
  at timestamptz not null,
  primary key (draft_id, number),
  check (number = 0 or by_token like 'user:%')
);

-- What was handed in and written stays as it is: the database's own user is held to it too.
create function draft_is_kept() returns trigger language plpgsql as $$
declare
  settling text[] := array['state', 'revision', 'settled_at', 'settled_by', 'settled_because', 'changes', 'edited_by'];
begin
  if tg_op = 'UPDATE' and tg_table_name = 'draft' then
    if old.state = 'offered' and new.revision >= old.revision and to_jsonb(new) - settling = to_jsonb(old) - settling then
      return new;
    end if;
  end if;
  raise exception 'a draft and its revisions are kept as they are (% of %)', tg_op, tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger draft_is_kept before update or delete on draft for each row execute function draft_is_kept();
create trigger draft_is_kept before update or delete on draft_revision for each row execute function draft_is_kept();
create trigger draft_is_not_emptied before truncate on draft for each statement execute function draft_is_kept();
create trigger draft_is_not_emptied before truncate on draft_revision for each statement execute function draft_is_kept();

-- A partner sees where the texts of a case come from, and no draft: what a person accepted is text of the case, and nothing else is.
select tenancy_guard('draft', 'exists (select from incident i where i.id = incident_id)',
    'state = ''accepted'' and exists (select from incident i where i.id = incident_id)'),
  tenancy_guard('draft_revision', 'exists (select from draft d where d.id = draft_id)', null);
revoke update on draft_revision from tillwatch_scoped;
