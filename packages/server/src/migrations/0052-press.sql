-- What whoever reviewed an emergency said of it; sealed under grant:<id>. Null: reviewed before a reason was asked for.
alter table access_grant add column review_because text;
