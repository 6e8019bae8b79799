-- Which playbook applies to which incident: the version that was in force when it first applied, with its steps.
create table playbook_applied (
  incident_id uuid not null,
  playbook_id text not null,
  version text not null,
  title text not null,
  because text not null,
  steps json not null,
  applied_at timestamptz not null,
  primary key (incident_id, playbook_id)
);

-- Webhooks out. A removed endpoint keeps its row for its deliveries, but not its secret.
create table webhook_endpoint (
  id uuid primary key,
  url text not null,
  secret text, -- whsec_...; null once removed
  events text[] not null,
  state text not null check (state in ('active', 'disabled', 'removed')),
  because text not null, -- why it is in this state
  created_at timestamptz not null,
  created_by text not null
);
create index webhook_endpoint_active on webhook_endpoint (created_at) where state = 'active';

-- One message to one endpoint. `body` is the very text that is signed and sent at every attempt.
create table webhook_delivery (
  id uuid primary key,
  endpoint_id uuid not null references webhook_endpoint (id),
  event text not null,
  body text not null,
  state text not null check (state in ('waiting', 'delivered', 'dead')),
  because text not null,
  attempts int4 not null default 0,
  round int4 not null default 0, -- rises with each redrive; the schedule starts anew
  round_attempts int4 not null default 0,
  next_attempt_at timestamptz,
  created_at timestamptz not null
);
create index webhook_delivery_by_state on webhook_delivery (state, created_at, id);
create index webhook_delivery_by_endpoint on webhook_delivery (endpoint_id, state);

create table webhook_attempt (
  delivery_id uuid not null references webhook_delivery (id),
  attempt int4 not null,
  at timestamptz not null,
  took_ms int4 not null,
  status int4,
  code text, -- null: delivered
  primary key (delivery_id, attempt)
);
