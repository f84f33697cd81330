-- Clocks as lists and figures see them, in version rows. Frozen: a later change is a file of its own.

create table incident_clocks (
    id              uuid not null,              -- of the incident
    kind            text not null,
    round           smallint not null,          -- how many of its kind were begun before
    from_position   bigint not null,
    to_position     bigint,
    updated_at      timestamptz not null,
    target          text not null,
    priority        smallint,
    policy_version  integer not null,
    calendar        text not null,
    state           text not null,
    started_at      timestamptz not null,
    due_at          timestamptz,
    warn_at         timestamptz,
    warned_at       timestamptz,
    breached_at     timestamptz,
    stopped_at      timestamptz,
    verdict         text,
    verdict_at      timestamptz,
    corrected       text,
    corrected_at    timestamptz,
    target_seconds  double precision not null,
    elapsed_seconds double precision,           -- once it does not run
    imported        boolean not null,
    primary key (id, kind, round, from_position)
);
create index incident_clocks_state on incident_clocks (state, due_at) where to_position is null;
create index incident_clocks_closed on incident_clocks (to_position) where to_position is not null;

grant select, insert, update, delete, truncate on incident_clocks to {app};
