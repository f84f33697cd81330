-- Evidence of candidates as rows of its own, and what trend rules look at. Frozen: a later change is a file of its own.

create table candidate_matches (
    id        uuid primary key,
    candidate uuid not null,
    version   integer not null,
    incident  uuid not null,
    number    text not null,
    title     text not null,
    event     uuid not null,
    position  bigint not null,
    at        timestamptz not null
);
create index candidate_matches_candidate on candidate_matches (candidate);
create index candidate_matches_incident on candidate_matches (incident);
create index candidate_matches_position on candidate_matches (position);
insert into candidate_matches
select md5(c.id::text || (m ->> 'incident'))::uuid, c.id, 1, (m ->> 'incident')::uuid,
       m ->> 'number', m ->> 'title', (m ->> 'event')::uuid, 0, (m ->> 'at')::timestamptz
from candidates c, jsonb_array_elements(c.matches) m where c.to_position is null;

alter table candidates
    add column size      integer not null default 0,
    add column raised_by bigint not null default 0,
    add column pivot     uuid,
    add column symptom   text not null default '';
update candidates set size = jsonb_array_length(matches);
alter table candidates drop column incidents, drop column matches;
drop index candidates_undecided;
create index candidates_watched on candidates (rule)
    where to_position is null and (status = 'open' or size >= 50);
create index candidates_changed on candidates (from_position) where to_position is null;

create table trend_sightings (
    position    bigint primary key,
    event       uuid not null,
    told_at     timestamptz not null,
    incident    uuid not null,
    number      text not null,
    title       text not null,
    at          timestamptz not null,
    service     text,
    item        text,
    category    text,
    subcategory text,
    impact      smallint,
    urgency     smallint,
    counts      boolean not null,
    quiet       boolean not null
);
-- What was told before this table was there: in the order in which it happened, before all else.
insert into trend_sightings
select row_number() over (order by i.occurred_at, i.id), i.event, i.occurred_at, i.id, i.number,
       i.title, i.occurred_at, i.service, i.item, i.category, i.subcategory, i.impact, i.urgency,
       i.status not in ('cancelled', 'merged')
           and not exists (select 1 from restrictions r where r.id = i.id and r.restricted),
       i.imported
from incident_copies i;

drop index incident_copies_service, incident_copies_symptom;
grant select, insert, update, delete, truncate on candidate_matches, trend_sightings to {app};
