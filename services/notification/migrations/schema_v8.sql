-- Which ways of a contact have been shown to reach it. Frozen: a later change is a file of its own.

alter table contacts add column verified jsonb not null default '[]';
