-- Imported incidents are told apart, and show their source's own record. Frozen: a later change is a file of its own.

alter table incidents add column imported boolean not null default false, add column stated jsonb;
create index incidents_imported on incidents (updated_at desc, id desc) where to_position is null and imported;
