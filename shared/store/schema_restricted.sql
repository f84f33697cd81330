-- What is restricted, to whom, and who has read it; alike in every service's database.
-- Frozen: a later change is a file of its own.

create table restrictions (
    id           uuid primary key,
    restricted   boolean not null,
    named        jsonb not null,               -- words such as person:ada, team:network, role:auditor
    participants jsonb not null                -- the same, in fixed places; null where there is nobody
);
create index restrictions_open on restrictions (id) where restricted;

create table derived (                         -- what tells of other things, and of which
    id      uuid primary key,
    sources jsonb not null
);

create table access_log (                      -- every read of something restricted; never changed
    id            uuid primary key,
    from_position bigint not null,             -- where the log stood
    to_position   bigint,
    version       integer not null default 1,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    principal     text not null,
    roles         jsonb not null,
    route         text not null,
    subject       uuid not null,
    trace_id      text
);
create index access_log_created on access_log (created_at desc, id desc) where to_position is null;
create index access_log_subject on access_log (subject, created_at desc, id desc) where to_position is null;
create index access_log_principal on access_log (principal, created_at desc, id desc) where to_position is null;

create function refuse_access_change() returns trigger language plpgsql as $$
begin
    raise exception 'the access log is append-only: % refused', tg_op using errcode = 'insufficient_privilege';
end $$;
create trigger accesses_are_for_ever before update or delete on access_log
    for each row execute function refuse_access_change();
create trigger accesses_are_not_truncated before truncate on access_log
    for each statement execute function refuse_access_change();

grant select, insert, update, delete, truncate on restrictions, derived to {app};
grant select, insert on access_log to {app};
