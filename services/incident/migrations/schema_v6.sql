-- A list shows what is restricted to those who may know of it. Frozen: a later change is a file of its own.

alter table incidents add column restricted boolean not null default false;
