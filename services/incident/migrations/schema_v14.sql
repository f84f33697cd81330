-- What the problem service tells beyond a problem's beginning. Frozen: a later change is a file of its own.

alter table problem_copies
    add column status text,
    add column duplicate_of uuid,
    add column workaround integer;

create table known_error_copies (
    id            uuid primary key,
    number        text not null,
    title         text not null,
    position      bigint not null,
    status        text not null,
    superseded_by text
);
create unique index known_error_copies_number on known_error_copies (number);

create table problem_news (
    id   uuid primary key,
    told jsonb not null
);
grant select, insert, update, delete, truncate on known_error_copies, problem_news to {app};
