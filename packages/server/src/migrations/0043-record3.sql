-- Reasons that people gave are sealed in the body of an entry; they are found by keyed digests of their words. Not part of the digested
-- entry: erased with the text that they lead to.
alter table audit_entry add column ground_words text[];
create index audit_entry_ground_words on audit_entry using gin (ground_words) where ground_words is not null;

-- Entries of before this said in their headers what people had typed. They stand in the tree for ever, but not everybody need read them:
-- bundles of entries that hold a leaf below this one are for whoever may read the record. 0: all of them are public.
alter table audit_log add column public_from int8 not null default 0;
update audit_log set public_from = next_index + (select count(*) from audit_entry where leaf_index is null);
