-- What a program asked for dies with the API key that it showed: not only when its last key is gone (N10). Null: whoever asked is no program.
-- What a program asked for before this was noted is not done any more; it asks again.
alter table packet add column requested_with text;
alter table record_export add column asked_with text;
