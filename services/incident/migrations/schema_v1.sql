-- The incident service's read models. Frozen: a later change is a file of its own.

create sequence incident_numbers;

create table incidents (
    id                 uuid not null,
    from_position      bigint not null,
    to_position        bigint,
    version            integer not null,
    created_at         timestamptz not null,
    updated_at         timestamptz not null,
    number             bigint not null,
    title              text not null,
    status             text not null,
    hold_reason        text,
    reporter           text not null,
    service            text,
    item               text,
    category           text,
    subcategory        text,
    impact             smallint,
    urgency            smallint,
    priority           smallint,
    assignment_group   text,
    assigned_to        text,
    source             text,
    external_ref       text,
    tags               jsonb not null,
    labels             jsonb not null,
    resolution_code    text,
    started_at         timestamptz,
    detected_at        timestamptz,
    acknowledged_at    timestamptz,
    mitigated_at       timestamptz,
    resolved_at        timestamptz,
    closed_at          timestamptz,
    reopen_count       integer not null,
    reassignment_count integer not null,
    primary key (id, from_position)
);
create index incidents_open on incidents (id) where to_position is null;
-- Each order of the list, then each filter that people live by in the usual order.
create index incidents_updated on incidents (updated_at desc, id desc) where to_position is null;
create index incidents_created on incidents (created_at desc, id desc) where to_position is null;
create index incidents_number on incidents (number desc, id desc) where to_position is null;
create index incidents_priority on incidents (coalesce(priority, 99), id) where to_position is null;
create index incidents_status on incidents (status, updated_at desc, id desc) where to_position is null;
create index incidents_service on incidents (service, updated_at desc, id desc) where to_position is null;
create index incidents_group on incidents (assignment_group, updated_at desc, id desc)
    where to_position is null and assignment_group is not null;
create index incidents_assigned on incidents (assigned_to, updated_at desc, id desc)
    where to_position is null and assigned_to is not null;
create index incidents_reporter on incidents (reporter, updated_at desc, id desc) where to_position is null;
create index incidents_external on incidents (external_ref)
    where to_position is null and external_ref is not null;
create index incidents_closed on incidents (to_position) where to_position is not null;

create table incident_texts (
    id          uuid primary key,
    title       text not null,
    description text,
    document    tsvector generated always as (to_tsvector('simple', title || ' ' || coalesce(description, ''))) stored
);
create index incident_texts_document on incident_texts using gin (document);

create table problem_copies (
    id         uuid primary key,
    number     text not null,
    title      text not null,
    position   bigint not null
);

grant usage on sequence incident_numbers to {app};
grant select, insert, update, delete, truncate on incidents, incident_texts, problem_copies to {app};
