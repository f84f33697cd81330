-- Escalations. Frozen: a later change is a file of its own.

create table escalations (
    id              uuid not null,
    from_position   bigint not null,
    to_position     bigint,
    version         integer not null,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    status          text not null,
    about           uuid not null,
    matter          uuid,
    number          text not null,
    fact            text not null,
    cause           uuid not null,
    policy          text,
    taken           integer not null,
    next_at         timestamptz,
    ended_at        timestamptz,
    acknowledged_by text,
    primary key (id, from_position)
);
create index escalations_open on escalations (id) where to_position is null;
create index escalations_created on escalations (created_at desc, id desc) where to_position is null;
create index escalations_about on escalations (about) where to_position is null;
create index escalations_closed on escalations (to_position) where to_position is not null;

grant select, insert, update, delete, truncate on escalations to {app};
