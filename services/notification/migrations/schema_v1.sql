-- The notification service's read models. Frozen: a later change is a file of its own.

create table contacts (
    id            uuid not null,
    from_position bigint not null,
    to_position   bigint,
    version       integer not null,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    person        text not null,
    name          jsonb not null,              -- sealed, like the addresses
    email         jsonb not null,
    webhook_url   jsonb not null,
    retired       boolean not null,
    primary key (id, from_position)
);
create index contacts_open on contacts (id) where to_position is null;
create index contacts_person on contacts (person) where to_position is null;
create index contacts_closed on contacts (to_position) where to_position is not null;

create table subscriptions (
    id            uuid not null,
    from_position bigint not null,
    to_position   bigint,
    version       integer not null,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    contact       uuid not null,
    channel       text not null,
    facts         jsonb not null,
    priorities    jsonb not null,              -- empty: of any
    services      jsonb not null,              -- empty: of any
    template      jsonb not null,
    retired       boolean not null,
    primary key (id, from_position)
);
create index subscriptions_open on subscriptions (id) where to_position is null;
create index subscriptions_contact on subscriptions (contact) where to_position is null;
create index subscriptions_facts on subscriptions using gin (facts) where to_position is null and not retired;
create index subscriptions_closed on subscriptions (to_position) where to_position is not null;

create table notifications (
    id              uuid not null,
    from_position   bigint not null,
    to_position     bigint,
    version         integer not null,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    status          text not null,
    fact            text not null,
    cause           uuid not null,
    about           uuid not null,
    number          text not null,
    contact         uuid not null,
    person          text not null,
    channel         text not null,
    subject         text not null,
    attempts        integer not null,
    next_at         timestamptz,
    delivered_at    timestamptz,
    exhausted_at    timestamptz,
    acknowledged_at timestamptz,
    primary key (id, from_position)
);
create index notifications_open on notifications (id) where to_position is null;
create index notifications_created on notifications (created_at desc, id desc) where to_position is null;
create index notifications_status on notifications (status, created_at desc, id desc) where to_position is null;
create index notifications_about on notifications (about, created_at desc, id desc) where to_position is null;
create index notifications_contact on notifications (contact, created_at desc, id desc) where to_position is null;
create index notifications_closed on notifications (to_position) where to_position is not null;

create table subject_copies (
    id       uuid primary key,
    number   text not null,
    title    text not null,
    status   text not null,
    priority integer,
    service  text,
    position bigint not null
);

grant select, insert, update, delete, truncate on contacts, subscriptions, notifications, subject_copies to {app};
