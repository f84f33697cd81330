-- Saved views. Frozen: a later change is a file of its own.

create table saved_views (
    id            uuid not null,
    from_position bigint not null,
    to_position   bigint,
    version       integer not null,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    name          text not null,
    owner         text not null,
    admits        jsonb not null,              -- words such as person:ada, team:desk, role:responder, everyone
    document      jsonb not null,              -- the whole view
    retired       boolean not null,
    primary key (id, from_position)
);
create index saved_views_open on saved_views (id) where to_position is null;
create index saved_views_owner on saved_views (owner) where to_position is null;
create index saved_views_closed on saved_views (to_position) where to_position is not null;

grant select, insert, update, delete, truncate on saved_views to {app};
