-- A clip's token is a keyed digest of its address and case: it is computed where it is needed, and no table says what stands behind it.
drop table clip_reference;
