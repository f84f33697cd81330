-- Imported incidents are told apart. Frozen: a later change is a file of its own.

alter table incident_copies add column imported boolean not null default false;
