-- Backtests of changed rules on the stored signals: who asked, how far it is, and what came of it. The result holds counts a day, and as
-- examples ids of signals and of sites, which are looked up again in the reader's own scope. Kept: the last of them (rule/backtest-store.ts).
create table rule_backtest (
  id uuid primary key,
  organisation_id text not null default organisation_in_scope() references organisation (id), -- whose signals it reads
  state text not null check (state in ('running', 'done', 'canceled', 'failed', 'stopped')),
  asked_by text not null,
  asked_at timestamptz not null,
  from_at timestamptz not null,
  to_at timestamptz not null,
  rules_before text not null, -- versions of the rulebooks
  rules_after text not null,
  subjects json not null, -- of the changed documents: id, title, version (null: not stored), SHA-256 of the text
  share float8 not null default 0, -- of the log that was read, 0 to 1
  signals int8 not null default 0,
  cancel bool not null default false, -- somebody asked that it end
  alive_at timestamptz not null, -- when its process last said so
  ended_at timestamptz,
  fault text, -- a code
  result json,
  check ((state = 'running') = (ended_at is null)),
  check ((state = 'done') = (result is not null))
);
-- One at a time in the whole installation: it shares the processor with what is live.
create unique index rule_backtest_one_runs on rule_backtest ((true)) where state = 'running';
create index rule_backtest_by_time on rule_backtest (asked_at);

select tenancy_guard('rule_backtest', 'organisation_id = (select current_setting(''tillwatch.organisation'', true))', null);
revoke insert, update on rule_backtest from tillwatch_scoped;
