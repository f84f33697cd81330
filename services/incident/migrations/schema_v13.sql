-- Which incidents are major ones, in the list. Frozen: a later change is a file of its own.

alter table incidents add column major text;
create index incidents_major on incidents (major, updated_at desc, id desc)
    where to_position is null and major is not null;
