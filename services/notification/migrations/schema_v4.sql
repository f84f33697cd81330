-- Audiences, templates, schedules and escalation policies: managed data under keys. Frozen: a later
-- change is a file of its own.

create table keyed (
    id            uuid not null,
    from_position bigint not null,
    to_position   bigint,
    version       integer not null,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    kind          text not null,
    key           text not null,
    name          text not null,
    document      jsonb not null,
    retired       boolean not null,
    primary key (id, from_position)
);
create index keyed_open on keyed (id) where to_position is null;
create index keyed_kind on keyed (kind, key, id) where to_position is null;
create index keyed_closed on keyed (to_position) where to_position is not null;

grant select, insert, update, delete, truncate on keyed to {app};
