-- Endpoints, and what waits for them. Frozen: a later change is a file of its own.

create table endpoints (
    id            uuid not null,
    from_position bigint not null,
    to_position   bigint,
    version       integer not null,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    contact       uuid,                        -- none: shared by all, as the mail server is
    channel       text not null,
    shut_off_at   timestamptz,
    reason        text,
    probes        integer not null,
    probe_at      timestamptz,
    primary key (id, from_position)
);
create index endpoints_open on endpoints (id) where to_position is null;
create index endpoints_shut_off on endpoints (shut_off_at) where to_position is null and shut_off_at is not null;
create index endpoints_closed on endpoints (to_position) where to_position is not null;

alter table notifications
    add column endpoint uuid,
    add column urgent   boolean not null default false,
    add column tries    integer not null default 0,
    add column refused  boolean not null default false; -- by its receiver, for good
create index notifications_endpoint on notifications (endpoint, created_at, id)
    where to_position is null and status in ('waiting', 'exhausted') and tries > 0 and not refused;

grant select, insert, update, delete, truncate on endpoints to {app};
