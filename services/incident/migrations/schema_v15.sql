-- How punctually audiences are told of major incidents. Frozen: a later change is a file of its own.

alter table incidents add column updates jsonb;
