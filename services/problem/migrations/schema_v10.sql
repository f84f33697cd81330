-- What known errors mean to an embedder, where one is installed. Frozen: a later change is a file of its own.

create table known_error_meanings (
    id      uuid primary key,
    version integer not null,
    model   text not null,
    meaning real[] not null
);
grant select, insert, update, delete, truncate on known_error_meanings to {app};
