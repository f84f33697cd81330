-- The uses of workarounds. Frozen: a later change is a file of its own.

create table workaround_uses (
    id            uuid not null,
    from_position bigint not null,
    to_position   bigint,
    version       integer not null,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    problem       uuid not null,
    incident      uuid not null,
    revision      integer not null,
    helped        boolean,
    primary key (id, from_position)
);
create index workaround_uses_open on workaround_uses (id) where to_position is null;
create index workaround_uses_problem on workaround_uses (problem, from_position);
create index workaround_uses_closed on workaround_uses (to_position) where to_position is not null;
grant select, insert, update, delete, truncate on workaround_uses to {app};
