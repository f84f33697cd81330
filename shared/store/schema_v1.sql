-- The kernel's tables, alike in every service's database. Frozen: a later change is a file of its own.
-- {app} is the application's role; it may only add events and read them.

create table log (
    singleton   boolean primary key default true check (singleton),
    id          uuid not null,                 -- which log this is: a consumer refuses to mix two
    position    bigint not null,               -- of the newest event; positions are dense from 1
    recorded_at timestamptz not null           -- of the newest event; never decreases
) with (fillfactor = 10);
insert into log (id, position, recorded_at) values (gen_random_uuid(), 0, '-infinity');

create table events (
    position           bigint not null,
    event_id           uuid not null,
    originator_id      uuid not null,
    originator_version integer not null,
    topic              text not null,
    schema_version     smallint not null,
    state              bytea not null,         -- canonical UTF-8 JSON; personal fields are ciphertext
    actor              text not null check (actor <> ''),
    correlation_id     uuid not null,
    causation_id       uuid,
    command_id         uuid not null,
    traceparent        text,
    recorded_at        timestamptz not null,
    primary key (originator_id, originator_version)
);
create unique index events_position on events (position);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the event log is append-only: % refused', tg_op using errcode = 'insufficient_privilege';
end $$;
create trigger events_are_for_ever before update or delete on events
    for each row execute function refuse_change();
create trigger events_are_not_truncated before truncate on events
    for each statement execute function refuse_change();

create table snapshots (
    originator_id      uuid primary key,
    originator_version integer not null,
    shape              text not null,          -- of the code that folded it: others ignore it
    state              bytea not null
);

create table library_snapshots (               -- of applications of the eventsourcing library
    originator_id      uuid not null,
    originator_version integer not null,
    topic              text not null,
    state              bytea not null,
    primary key (originator_id, originator_version)
);

create table idempotency (
    scope       text not null,                 -- principal and route
    key         text not null,
    digest      bytea not null,                -- of the request's body
    command_id  uuid not null,
    stream      uuid not null,                 -- the answer is rendered again from here
    version     integer not null,
    detail      text,                          -- what the answer needs beside the aggregate
    recorded_at timestamptz not null,
    primary key (scope, key)
);
create index idempotency_age on idempotency (recorded_at);

create table cursors (
    name         text primary key,             -- of the follower
    log_id       uuid,
    position     bigint not null,
    hash         text not null default '',
    updated_at   timestamptz not null
);

create table parked (
    follower     text not null,
    position     bigint not null,
    subject      text not null,
    fact         bytea not null,               -- the CloudEvent as it came
    reason       text not null,
    parked_at    timestamptz not null,
    primary key (follower, position)
);
create index parked_subject on parked (follower, subject, position);

create table timers (
    stream     uuid not null,
    name       text not null,
    due_at     timestamptz not null,
    tries      integer not null default 0,
    primary key (stream, name)
);
create index timers_due on timers (due_at);

create table work_lists (
    id         uuid primary key,
    kind       text not null,
    about      uuid not null,                  -- what the step is done because of
    total      integer not null,
    started_at timestamptz not null
);

create table work_items (
    stream  uuid not null,
    list    uuid not null,
    due_at  timestamptz not null,
    tries   integer not null default 0,
    refused text,                              -- why the rules forbid this piece
    primary key (stream, list)
);
create index work_items_due on work_items (due_at) where refused is null;
create index work_items_list on work_items (list);

create table stream_tickets (
    id         text primary key,
    expires_at timestamptz not null
);

create table known_api_keys (
    id         text primary key,
    name       text not null,
    hash       bytea not null,                 -- SHA-256 of the secret; the secret is kept nowhere
    roles      jsonb not null,
    teams      jsonb not null,
    expires_at timestamptz,
    revoked_at timestamptz
);

create table api_key_uses (
    id      text primary key,
    used_at timestamptz not null
);

create schema vault;
create table vault.personal_keys (
    id         uuid primary key,
    subjects   text[] not null,                -- whose erasure deletes this key
    wrapped    bytea not null,
    master     text not null,                  -- which master key wrapped it
    created_at timestamptz not null
);
create index personal_keys_subjects on vault.personal_keys using gin (subjects) with (fastupdate = on);

-- Everything a process has gathered, in one call. The log's row is locked first, so whatever is read below is
-- the present and stays so until commit: losers are found by plain reads and nothing of theirs is written.
--   outcome  appended   now in the log
--            already    this very command is in the log: an earlier reply was lost
--            conflict   a stream is not at the version the command was decided on
--            key_taken  the idempotency key has been used
--            behind     the follower's cursor stands elsewhere
create function append_commands(
    clock timestamptz,
    command_ids uuid[], actors text[], traceparents text[],
    expected_by int[], expected_stream uuid[], expected_version int[],
    event_by int[], event_ids uuid[], event_stream uuid[], event_version int[], event_topic text[],
    event_schema smallint[], event_state bytea[], event_correlation uuid[], event_causation uuid[],
    key_by int[], key_scope text[], key_value text[], key_digest bytea[], key_stream uuid[], key_version int[],
    key_detail text[],
    cursor_by int[], cursor_name text[], cursor_log uuid[], cursor_from bigint[], cursor_to bigint[], cursor_hash text[]
) returns table (command int, outcome text, first_position bigint, recorded_at timestamptz)
language plpgsql as $$
#variable_conflict use_column
declare
    head     record;
    late     int[];
    taken    int[];
    behind   int[];
    lost     int[];
    appended bigint;
    moment   timestamptz;
begin
    select l.id, l.position, l.recorded_at into strict head from log l for update;
    moment := greatest(head.recorded_at, clock);

    late := array(
        select distinct x.command from unnest(expected_by, expected_stream, expected_version) as x (command, stream, version)
        where x.version <> coalesce(
            (select max(e.originator_version) from events e where e.originator_id = x.stream), least(x.version, 0)));
    taken := array(
        select k.command from unnest(key_by, key_scope, key_value) as k (command, scope, key)
        where exists (select 1 from idempotency i where i.scope = k.scope and i.key = k.key));
    behind := array(
        select c.command from unnest(cursor_by, cursor_name, cursor_from) as c (command, name, position)
        where c.position is distinct from (select f.position from cursors f where f.name = c.name)
          and not (c.position = 0 and not exists (select 1 from cursors f where f.name = c.name)));
    lost := late || taken || behind;

    insert into events (position, event_id, originator_id, originator_version, topic, schema_version, state,
                        actor, correlation_id, causation_id, command_id, traceparent, recorded_at)
    select head.position + row_number() over (order by e.ord), e.id, e.stream, e.version, e.topic, e.schema_version, e.state,
           actors[e.command], e.correlation, e.causation, command_ids[e.command], traceparents[e.command], moment
    from unnest(event_by, event_ids, event_stream, event_version, event_topic, event_schema, event_state,
                event_correlation, event_causation)
         with ordinality as e (command, id, stream, version, topic, schema_version, state, correlation, causation, ord)
    where e.command <> all (lost);
    get diagnostics appended = row_count;
    update log l set position = head.position + appended, recorded_at = moment where appended > 0;

    insert into idempotency (scope, key, digest, command_id, stream, version, detail, recorded_at)
    select k.scope, k.value, k.digest, command_ids[k.command], k.stream, k.version, k.detail, moment
    from unnest(key_by, key_scope, key_value, key_digest, key_stream, key_version, key_detail)
         as k (command, scope, value, digest, stream, version, detail)
    where k.command <> all (lost);

    insert into cursors as f (name, log_id, position, hash, updated_at)
    select c.name, c.log, c.position, c.hash, moment
    from unnest(cursor_by, cursor_name, cursor_log, cursor_to, cursor_hash) as c (command, name, log, position, hash)
    where c.command <> all (lost)
    on conflict (name) do update set log_id = excluded.log_id, position = excluded.position, hash = excluded.hash,
                                     updated_at = excluded.updated_at;

    return query
    with counted as (
        select c.ord::int as command, c.id, coalesce(n.events, 0) as events
        from unnest(command_ids) with ordinality as c (id, ord)
        left join (select e.command, count(*) as events from unnest(event_by) as e (command) group by e.command) n
               on n.command = c.ord
    ), placed as (
        select c.command, c.id, head.position + 1
               + coalesce(sum(c.events) filter (where c.command <> all (lost)) over (
                     order by c.command rows between unbounded preceding and 1 preceding), 0)::bigint as first_position
        from counted c
    )
    select p.command, 'appended', p.first_position, moment from placed p where p.command <> all (lost)
    union all
    select p.command,
           case when mine.position is not null then 'already'
                when p.command = any (taken) then 'key_taken'
                when p.command = any (behind) then 'behind'
                else 'conflict' end,
           mine.position, mine.recorded_at
    from placed p
    left join lateral (
        select e.position, e.recorded_at
        from unnest(event_by, event_stream, event_version) as x (command, stream, version)
        join events e on e.originator_id = x.stream and e.originator_version = x.version and e.command_id = p.id
        where x.command = p.command order by e.position limit 1) mine on true
    where p.command = any (lost);
end $$;

-- Positions are dense and recorded times never decrease, so a moment is found by halving.
create function position_at(moment timestamptz) returns bigint language plpgsql stable as $$
declare low bigint := 0; high bigint; middle bigint;
begin
    select position into strict high from log;
    while low < high loop
        middle := (low + high + 1) / 2;
        if (select e.recorded_at <= moment from events e where e.position = middle) then low := middle;
        else high := middle - 1; end if;
    end loop;
    return low;
end $$;

revoke all on all tables in schema public from {app};
grant select, insert on events to {app};
grant select, insert, update, delete on log, snapshots, library_snapshots, idempotency, cursors, parked, timers, stream_tickets, work_lists, work_items,
    known_api_keys, api_key_uses to {app};
revoke delete, insert on log from {app};
grant usage on schema vault to {app};
grant select, insert, delete, update on vault.personal_keys to {app};
