-- Known errors that were suggested, and when each was over. Frozen: a later change is a file of its own.

create table incident_suggestions (
    id            uuid not null,
    from_position bigint not null,
    to_position   bigint,
    version       integer not null,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    hits          jsonb not null,
    primary key (id, from_position)
);
create index incident_suggestions_open on incident_suggestions (id) where to_position is null;
create index incident_suggestions_closed on incident_suggestions (to_position) where to_position is not null;

create table known_error_ends (
    id uuid primary key,
    at timestamptz not null
);
grant select, insert, update, delete, truncate on incident_suggestions, known_error_ends to {app};
