-- The problem service's read models. Frozen: a later change is a file of its own.

create sequence problem_numbers;

create table problems (
    id               uuid not null,
    from_position    bigint not null,
    to_position      bigint,
    version          integer not null,
    created_at       timestamptz not null,
    updated_at       timestamptz not null,
    number           bigint not null,
    title            text not null,
    status           text not null,
    service          text,
    item             text,
    category         text,
    subcategory      text,
    impact           smallint,
    urgency          smallint,
    priority         smallint,
    major            boolean not null,
    assignment_group text,
    assigned_to      text,
    owner            text,
    tags             jsonb not null,
    incidents        jsonb not null,
    workaround       text,
    target_date      date,
    duplicate_of     uuid,
    candidate        uuid,
    started_at       timestamptz,
    root_cause_at    timestamptz,
    resolved_at      timestamptz,
    closed_at        timestamptz,
    open_tasks       integer not null,
    reanalysis_count integer not null,
    primary key (id, from_position)
);
create index problems_open on problems (id) where to_position is null;
create index problems_number on problems (number) where to_position is null;
create index problems_updated on problems (updated_at desc, id desc) where to_position is null;
create index problems_status on problems (status, updated_at desc, id desc) where to_position is null;
create index problems_service on problems (service, updated_at desc, id desc) where to_position is null;
create index problems_incidents on problems using gin (incidents) where to_position is null;
create index problems_closed on problems (to_position) where to_position is not null;

create table problem_texts (
    id       uuid primary key,
    problem  uuid not null,
    text     text not null,
    document tsvector generated always as (to_tsvector('simple', text)) stored
);
create index problem_texts_document on problem_texts using gin (document);

create table candidates (
    id             uuid not null,
    from_position  bigint not null,
    to_position    bigint,
    version        integer not null,
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    status         text not null,
    rule           text not null,
    rule_version   integer not null,
    window_from    timestamptz not null,
    window_until   timestamptz not null,
    alike          jsonb not null,
    incidents      jsonb not null,
    matches        jsonb not null,
    problem        uuid,
    problem_number bigint,
    primary key (id, from_position)
);
create index candidates_open on candidates (id) where to_position is null;
create index candidates_updated on candidates (updated_at desc, id desc) where to_position is null;
create index candidates_undecided on candidates (rule) where to_position is null and status = 'open';
create index candidates_incidents on candidates using gin (incidents) where to_position is null;
create index candidates_closed on candidates (to_position) where to_position is not null;

create table incident_copies (
    id          uuid primary key,
    number      text not null,
    title       text not null,
    symptom     text not null,
    status      text not null,
    service     text,
    item        text,
    category    text,
    subcategory text,
    impact      smallint,
    urgency     smallint,
    occurred_at timestamptz not null,
    event       uuid not null
);
create unique index incident_copies_number on incident_copies (number);
create index incident_copies_service on incident_copies (service, occurred_at);
create index incident_copies_symptom on incident_copies (symptom, occurred_at);

grant usage on sequence problem_numbers to {app};
grant select, insert, update, delete, truncate
    on problems, problem_texts, candidates, incident_copies to {app};
