-- Periods of the trading calendar are set by API, too.
alter table directory_entry drop constraint directory_entry_kind_check;
alter table directory_entry add constraint directory_entry_kind_check check (kind in ('site', 'device', 'product', 'period'));
