-- What the organisation knows: entries set by API lie over those of the pack's files.
create table directory_entry (
  kind text not null check (kind in ('site', 'device', 'product')),
  site_id text not null default '',   -- the site of a device; '' for sites and products
  id text not null,
  body json not null,
  updated_at timestamptz not null,
  updated_by text not null,
  primary key (kind, site_id, id)
);

-- The content of every version of rules, weights and policies that ever decided something, so that it can be decided again.
create table pack_content (
  version text primary key, -- "<kind>-<first 16 hex digits of the SHA-256 of body>"
  kind text not null,
  body text not null,
  first_used_at timestamptz not null
);

-- Signals and detections of one place and time that belong together.
create table situation (
  id uuid primary key,
  site_id text not null,
  zone_id text,
  first_at timestamptz not null, -- corrected times
  last_at timestamptz not null,
  member_count int4 not null
);
create index situation_by_site on situation (site_id, last_at);

create table situation_member (
  situation_id uuid not null references situation (id),
  signal_id uuid not null,
  ordinal int4 not null,
  body json not null,   -- SituationMember of flow.ts, never changed
  sha256 text not null, -- of the body's bytes; decisions name their members by it
  primary key (situation_id, ordinal)
);
-- A signal is evidence of one situation at most: nothing counts twice.
create unique index situation_member_by_signal on situation_member (signal_id);

-- Every automated decision with its exact inputs; `tillwatch decision replay` computes it again and compares the bytes.
create table decision (
  id uuid primary key,
  situation_id uuid not null references situation (id),
  at timestamptz not null,
  rules_version text not null,
  weights_version text not null,
  correlation_version text not null,
  inputs text not null,  -- canonical JSON
  outputs text not null  -- canonical JSON
);
create index decision_by_situation on decision (situation_id, at);

-- Late exits look up the sales of their own time; everything recent is in memory.
create index signal_sales on signal (site_id, occurred_at) where type = 'pos_sale';
