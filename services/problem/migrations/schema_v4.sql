-- Imported problems are told apart, and show their source's own record. Frozen: a later change is a file of its own.

alter table problems
    add column imported boolean not null default false,
    add column source text,
    add column external_ref text,
    add column stated jsonb;
create index problems_imported on problems (updated_at desc, id desc) where to_position is null and imported;
create index problems_external_ref on problems (external_ref) where to_position is null and external_ref is not null;
