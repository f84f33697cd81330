-- Alerts of incidents, and changes that were told of. Frozen: a later change is a file of its own.

create table incident_alerts (
    id             uuid not null,
    from_position  bigint not null,
    to_position    bigint,
    version        integer not null,
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    incident_facts uuid not null,
    receiver       text not null,
    group_key      text not null,
    status         text not null,
    told           jsonb not null,
    primary key (id, from_position)
);
create index incident_alerts_open on incident_alerts (id) where to_position is null;
create index incident_alerts_updated on incident_alerts (incident_facts, updated_at desc, id desc) where to_position is null;
create index incident_alerts_closed on incident_alerts (incident_facts, to_position) where to_position is not null;

create table changes (
    id            uuid not null,
    from_position bigint not null,
    to_position   bigint,
    version       integer not null,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    summary       text not null,
    sender        text not null,
    source        text,
    service       text,
    made_at       timestamptz not null,
    told          jsonb not null,
    primary key (id, from_position)
);
create index changes_at on changes (made_at desc, id desc) where to_position is null;
create index changes_service on changes (service, made_at desc, id desc) where to_position is null;
create index changes_closed on changes (to_position) where to_position is not null;

grant select, insert, update, delete, truncate on incident_alerts, changes to {app};
