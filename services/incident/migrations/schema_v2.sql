-- API keys as their owners list them. Frozen: a later change is a file of its own.

create table api_keys (
    id            uuid not null,
    from_position bigint not null,
    to_position   bigint,
    version       integer not null,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    key_id        text not null,
    name          text not null,
    roles         jsonb not null,
    teams         jsonb not null,
    expires_at    timestamptz,
    revoked_at    timestamptz,
    primary key (id, from_position)
);
create index api_keys_open on api_keys (id) where to_position is null;
create index api_keys_created on api_keys (created_at desc, id desc) where to_position is null;
create index api_keys_closed on api_keys (to_position) where to_position is not null;

grant select, insert, update, delete, truncate on api_keys to {app};
grant truncate on known_api_keys to {app};
