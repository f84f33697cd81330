-- Webhooks of other systems have endpoints too. Frozen: a later change is a file of its own.

alter table endpoints add column webhook uuid; -- of another system
create index endpoints_of_contact on endpoints (contact) where to_position is null;
