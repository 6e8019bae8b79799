-- The site of an incident, whoever asks: an entry of the record is filed where its incident is.
create function site_of_incident(wanted uuid) returns text stable security definer set search_path from current
  language sql as $$ select site_id from incident where id = wanted $$;

-- What was kept of a summary goes with the summary that it was about.
grant delete on kept_text to tillwatch_scoped;
-- The words that descriptions are picked from are nobody's in particular.
grant select on descriptor_vocabulary to tillwatch_scoped, tillwatch_partner;
