-- Incidents that came back after a fix, by problem. Frozen: a later change is a file of its own.

create table problem_recurrences (
    id            uuid not null,
    from_position bigint not null,
    to_position   bigint,
    version       integer not null,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    problem       uuid not null,
    incidents     jsonb not null,
    primary key (id, from_position)
);
create index problem_recurrences_open on problem_recurrences (id) where to_position is null;
create index problem_recurrences_problem on problem_recurrences (problem, from_position);
create index problem_recurrences_closed on problem_recurrences (to_position) where to_position is not null;

grant select, insert, update, delete, truncate on problem_recurrences to {app};
