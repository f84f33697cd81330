-- More to filter by, and a better search. Frozen: a later change is a file of its own.

alter table incidents add column problem uuid, add column known_error text;

-- What the log says of them already.
update incidents t set problem = (
    select (convert_from(e.state, 'UTF8')::jsonb ->> 'problem')::uuid from events e
    where e.originator_id = t.id and e.topic = 'incident.held' and e.position <= t.from_position
      and convert_from(e.state, 'UTF8')::jsonb ? 'problem'
    order by e.position desc limit 1);
update incidents t set known_error = (
    select convert_from(e.state, 'UTF8')::jsonb ->> 'known_error' from events e
    where e.originator_id = t.id and e.topic = 'incident.resolved' and e.position <= t.from_position
    order by e.position desc limit 1)
where resolution_code is not null;

-- A text as words: ASCII punctuation parts them, and a sign of a script without spaces is one of its own.
create function searchable(said text) returns text language sql immutable parallel safe
return regexp_replace(
    translate(normalize(said, nfkc), e'!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~', '                                '),
    '([\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff])', ' \1 ', 'g');

alter table incident_texts drop column document;
alter table incident_texts add column document tsvector generated always as (
    setweight(to_tsvector('simple', searchable(title)), 'A') ||
    to_tsvector('simple', searchable(coalesce(description, '')))) stored;
create index incident_texts_document on incident_texts using gin (document);
