-- Teams. Frozen: a later change is a file of its own.

create table teams (
    id            uuid not null,
    from_position bigint not null,
    to_position   bigint,
    version       integer not null,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    key           text not null,
    name          text not null,
    members       jsonb not null,
    retired       boolean not null,
    primary key (id, from_position)
);
create index teams_open on teams (id) where to_position is null;
create index teams_key on teams (key, id) where to_position is null;
create index teams_members on teams using gin (members) where to_position is null;
create index teams_closed on teams (to_position) where to_position is not null;

grant select, insert, update, delete, truncate on teams to {app};
