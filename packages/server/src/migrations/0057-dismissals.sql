-- What people said of the cases that a rule was part of, by rule and place: a rule that is dismissed again and again at one place ranks lower there.
-- The last verdict of a case counts.
create table rule_verdict (
  incident_id uuid not null references incident (id),
  rule_id text not null,
  site_id text not null,
  zone_id text,
  verdict text not null check (verdict in ('true', 'false', 'unsure')),
  at timestamptz not null,
  primary key (incident_id, rule_id)
);
create index rule_verdict_by_place on rule_verdict (site_id, rule_id, at);
select tenancy_guard('rule_verdict', 'exists (select from incident i where i.id = incident_id)', null);

insert into rule_verdict (incident_id, rule_id, site_id, zone_id, verdict, at)
select distinct on (v.incident_id, t.detail ->> 'ruleId') v.incident_id, t.detail ->> 'ruleId', i.site_id, i.zone_id, v.verdict, v.at
from incident_verdict v join incident i on i.id = v.incident_id
  join incident_timeline t on t.incident_id = v.incident_id and t.kind = 'detection' and t.detail ->> 'ruleId' is not null
order by v.incident_id, t.detail ->> 'ruleId', v.at desc;

-- Whether dismissals lower a rank at all; without a row they do. Of the installation as a whole.
create table dismissal_switch (
  one bool primary key default true check (one),
  is_on boolean not null,
  changed_at timestamptz not null,
  changed_by text not null -- a token
);
