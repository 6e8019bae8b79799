-- The words of an incident's summary, which is sealed, as keyed digests: a search for a whole word finds them.
create table incident_word (
  incident_id uuid not null references incident (id),
  word bytea not null,
  primary key (incident_id, word)
);
create index incident_word_by_word on incident_word (word);
select tenancy_guard('incident_word', seen, seen)
from (select 'exists (select from incident i where i.id = incident_id)' as seen) as condition;
grant delete on incident_word to tillwatch_scoped;
