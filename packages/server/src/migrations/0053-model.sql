-- Which models somebody turned off, or on again. Of a model without a row nobody ever did: it is on. Of the installation as a whole.
create table model_switch (
  model_id text primary key,
  is_on boolean not null,
  changed_at timestamptz not null,
  changed_by text not null -- a token
);
