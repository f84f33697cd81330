-- Webhooks of other systems: how far each has come, and each attempt. Frozen: a later change is a file of its own.

create table webhook_places (
    id       uuid primary key,
    position bigint not null,                  -- of the source's log: all up to here is done
    done     bigint[] not null,                -- and these behind it
    rewinds  integer not null,
    tries    integer not null,
    next_at  timestamptz,
    reason   text
);

create table webhook_deliveries (
    id         uuid primary key,
    webhook    uuid not null,
    position   bigint not null,
    fact       uuid not null,
    type       text not null,
    subject    uuid not null,
    started_at timestamptz not null,
    ended_at   timestamptz,
    outcome    text,                           -- none while it is under way
    answer     text
);
create index webhook_deliveries_newest on webhook_deliveries (webhook, id desc);
create index webhook_deliveries_under_way on webhook_deliveries (webhook) where outcome is null;
create index webhook_deliveries_age on webhook_deliveries (started_at);

grant select, insert, update, delete on webhook_places, webhook_deliveries to {app};
