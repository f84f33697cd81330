-- Known errors, and what they are searched by. Frozen: a later change is a file of its own.

create extension if not exists pg_trgm;

create sequence known_error_numbers;

create table known_errors (
    id                uuid not null,
    from_position     bigint not null,
    to_position       bigint,
    version           integer not null,
    created_at        timestamptz not null,
    updated_at        timestamptz not null,
    number            bigint not null,
    title             text not null,
    status            text not null,
    revision          integer not null,
    error_code        text,
    services          jsonb not null,
    items             jsonb not null,
    product           text,
    product_version   text,
    tags              jsonb not null,
    valid_to          timestamptz,
    problem           uuid,
    fixed             boolean not null,
    published_at      timestamptz,
    superseded_by     uuid,
    superseded_number bigint,
    expired           boolean not null,
    primary key (id, from_position)
);
create index known_errors_open on known_errors (id) where to_position is null;
create index known_errors_number on known_errors (number) where to_position is null;
create index known_errors_updated on known_errors (updated_at desc, id desc) where to_position is null;
create index known_errors_problem on known_errors (problem) where to_position is null and problem is not null;
create index known_errors_services on known_errors using gin (services)
    where to_position is null and status = 'published';
create index known_errors_items on known_errors using gin (items)
    where to_position is null and status = 'published';
create index known_errors_closed on known_errors (to_position) where to_position is not null;

-- Words are kept aside (toast), so that the rows a search runs through are narrow.
create table known_error_texts (
    id       uuid primary key,
    code     text,
    product  text,
    heading  text not null,
    symptom  text not null,
    remedy   text not null,
    words    jsonb not null,
    document tsvector generated always as (
        setweight(to_tsvector('simple', heading), 'A') ||
        setweight(to_tsvector('simple', symptom), 'B') ||
        setweight(to_tsvector('simple', remedy), 'C')) stored
) with (toast_tuple_target = 128);
create index known_error_texts_document on known_error_texts using gin (document);
create index known_error_texts_code on known_error_texts (code) where code is not null;
create index known_error_texts_product on known_error_texts (product) where product is not null;

-- A word and what is left of it without one letter: two spellings one slip apart have one in common.
create function one_letter_less(word text) returns text[] language sql immutable parallel safe
return (select array_agg(distinct overlay(word placing '' from n for 1)) from generate_series(1, length(word)) n)
    || word;

create table known_error_words (
    word      text primary key,
    stem      text not null,
    documents integer not null,
    spellings text[] generated always as (
        case when length(word) between 3 and 24 then one_letter_less(word) else array[word] end) stored
) with (fillfactor = 70);
create index known_error_words_stem on known_error_words (stem);
create index known_error_words_spellings on known_error_words using gin (spellings);
create index known_error_words_alike on known_error_words using gin (word gin_trgm_ops);

create function count_known_error_words() returns trigger language plpgsql as $$
begin
    if tg_op = 'TRUNCATE' then
        delete from known_error_words;
        return null;
    end if;
    if tg_op <> 'INSERT' then
        update known_error_words w set documents = w.documents - 1
        from jsonb_object_keys(old.words) k where w.word = k;
    end if;
    if tg_op <> 'DELETE' then
        insert into known_error_words (word, stem, documents)
        select n.key, n.value, 1 from jsonb_each_text(new.words) n order by n.key
        on conflict (word) do update
        set documents = known_error_words.documents + 1, stem = excluded.stem;
    end if;
    return null;
end $$;
create trigger known_error_words_counted after insert or update or delete on known_error_texts
    for each row execute function count_known_error_words();
create trigger known_error_words_forgotten after truncate on known_error_texts
    for each statement execute function count_known_error_words();

-- Which known error was offered on which incident, used there, and whether it helped.
create table known_error_uses (
    id            uuid not null,
    from_position bigint not null,
    to_position   bigint,
    version       integer not null,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    known_error   uuid not null,
    incident      uuid not null,
    offered       boolean not null,
    used          boolean not null,
    helped        boolean,
    primary key (id, from_position)
);
create index known_error_uses_open on known_error_uses (id) where to_position is null;
create index known_error_uses_of on known_error_uses (known_error, from_position);
create index known_error_uses_closed on known_error_uses (to_position) where to_position is not null;

grant usage on sequence known_error_numbers to {app};
grant select, insert, update, delete, truncate
    on known_errors, known_error_texts, known_error_words, known_error_uses to {app};
