-- Rules of detection that were written or decided on in the product, beside the files of the pack. A version is kept as it was written; `rule`
-- points at the one that runs and the one that only watches. Number 0 is the pack's file as shipped.
create table rule (
  id uuid primary key, -- the rule's own id, as Sigma has it
  origin text not null check (origin in ('pack', 'written')),
  latest int4 not null default 0 check (latest >= 0), -- number of the last version
  live int4, -- null: none runs
  shadow int4, -- null: none is watched
  asked_number int4, -- the version that waits for a second person's signature
  asked_by text,
  asked_at timestamptz,
  created_at timestamptz not null,
  check (live between 0 and latest and shadow between 1 and latest),
  check (live <> 0 or origin = 'pack'),
  check ((asked_number is null) = (asked_by is null) and (asked_by is null) = (asked_at is null)),
  check (asked_number is null or asked_number = shadow)
);

create table rule_version (
  rule_id uuid not null references rule (id),
  number int4 not null check (number > 0),
  title text not null,
  text text not null, -- the file
  sha256 text not null, -- of its bytes
  author text not null,
  because text not null, -- sealed under rule:<id>
  at timestamptz not null,
  primary key (rule_id, number)
);

-- Every step of a rule's life, in order. `live_before` is what a roll back goes back to.
create table rule_step (
  rule_id uuid not null references rule (id),
  ordinal int4 not null,
  kind text not null check (kind in ('drafted', 'shadowed', 'shadow_ended', 'signature_asked', 'activated', 'retired', 'rolled_back')),
  number int4 not null, -- the version that it is about
  live_before int4,
  live_after int4,
  actor text not null,
  signed_by text, -- of an activation by two
  because text not null, -- sealed under rule:<id>
  right_count int4, -- verdicts that the version was judged by, of an activation
  wrong_count int4,
  at timestamptz not null,
  primary key (rule_id, ordinal)
);

create function rule_history_is_kept() returns trigger language plpgsql as $$
begin
  raise exception 'versions and steps of rules are kept as they are (% of %)', tg_op, tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger rule_history_is_kept before update or delete on rule_version for each row execute function rule_history_is_kept();
create trigger rule_history_is_kept before update or delete on rule_step for each row execute function rule_history_is_kept();
create trigger rule_history_is_not_emptied before truncate on rule_version for each statement execute function rule_history_is_kept();
create trigger rule_history_is_not_emptied before truncate on rule_step for each statement execute function rule_history_is_kept();

-- Rises with every change of what runs or watches: by it every process learns that it must load anew.
create table rulebook (
  one bool primary key default true check (one),
  revision int8 not null
);
insert into rulebook (revision) values (0);

-- What rules matched: counted for all, signal by signal only for those that watch. Written with the cursor of the batch, so each signal counts
-- once. `day` is the UTC day on which the signal was processed.
create table rule_day (
  rule_id text not null,
  number int4 not null,
  shadow bool not null,
  site_id text not null,
  day date not null,
  hits int8 not null,
  primary key (rule_id, number, shadow, site_id, day)
);
create index rule_day_by_day on rule_day (day);
create table rule_hit (
  rule_id text not null,
  number int4 not null,
  signal_id uuid not null,
  site_id text not null,
  at timestamptz not null, -- of the signal, by our clock
  day date not null,
  primary key (rule_id, number, signal_id)
);
create index rule_hit_by_signal on rule_hit (signal_id);
create index rule_hit_by_day on rule_hit (day);

-- Rules are the installation's, so nobody but the machine reads their tables; what they matched is of a site.
select tenancy_guard(target::regclass, 'site_id in (select id from site)', null) from unnest(array['rule_day', 'rule_hit']) as target;
revoke insert, update on rule_day, rule_hit from tillwatch_scoped;
