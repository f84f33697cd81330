-- Families, merges, escalations and links in the list. Frozen: a later change is a file of its own.

alter table incidents
    add column escalation_count integer not null default 0,
    add column parent uuid,
    add column merged_into uuid,
    add column child_count integer not null default 0,
    add column links jsonb not null default '[]';
create index incidents_parent on incidents (parent, updated_at desc, id desc)
    where to_position is null and parent is not null;
create index incidents_merged_into on incidents (merged_into, updated_at desc, id desc)
    where to_position is null and merged_into is not null;
