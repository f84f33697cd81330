-- The catalogue's read models. Frozen: a later change is a file of its own.

create table catalogue_entries (
    id                 uuid not null,
    from_position      bigint not null,
    to_position        bigint,
    version            integer not null,
    created_at         timestamptz not null,
    updated_at         timestamptz not null,
    kind               text not null,              -- service or item
    key                text not null,
    name               text not null,
    description        text,
    type               text,
    criticality        text,
    owning_team        text,
    assignment_group   text,
    depends_on_services jsonb not null,
    depends_on_items   jsonb not null,
    retired            boolean not null,
    primary key (id, from_position)
);
create index catalogue_entries_open on catalogue_entries (id) where to_position is null;
create index catalogue_entries_created on catalogue_entries (kind, created_at desc, id desc) where to_position is null;
create index catalogue_entries_updated on catalogue_entries (kind, updated_at desc, id desc) where to_position is null;
create index catalogue_entries_key on catalogue_entries (kind, key);
create index catalogue_entries_closed on catalogue_entries (to_position) where to_position is not null;
create index catalogue_entries_new on catalogue_entries (from_position) where to_position is null;

create table maintenance_windows (
    id                 uuid not null,
    from_position      bigint not null,
    to_position        bigint,
    version            integer not null,
    created_at         timestamptz not null,
    updated_at         timestamptz not null,
    reason             text not null,
    starts_at          timestamptz not null,
    ends_at            timestamptz not null,
    services           jsonb not null,
    items              jsonb not null,
    time_zone          text not null,
    repeats            jsonb not null,
    retired_at         timestamptz,
    over_at            timestamptz,                -- null: it repeats for ever
    primary key (id, from_position)
);
create index maintenance_windows_open on maintenance_windows (id) where to_position is null;
create index maintenance_windows_created on maintenance_windows (created_at desc, id desc) where to_position is null;
create index maintenance_windows_closed on maintenance_windows (to_position) where to_position is not null;
create index maintenance_windows_new on maintenance_windows (from_position) where to_position is null;

create table directory_copies (
    fact       uuid primary key,
    position   bigint not null,                    -- of the notification service's log
    told_at    timestamptz not null,
    subject    uuid not null,
    kind       text not null,                      -- team or person
    key        text                                -- null: retired
);
create index directory_copies_position on directory_copies (position);
create index directory_copies_subject on directory_copies (subject, position desc);
create index directory_copies_key on directory_copies (key);

grant select, insert, update, delete, truncate on catalogue_entries, maintenance_windows, directory_copies to {app};
