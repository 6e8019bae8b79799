-- What the asker may see: the answer holds no more. Nothing was exported before this.
delete from record_export;
alter table record_export add column scope text not null;
