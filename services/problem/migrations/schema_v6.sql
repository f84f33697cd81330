-- More to list and measure problems by, and a better search. Frozen: a later change is a file of its own.

alter table problems
    add column logged_at timestamptz,
    add column reassignment_count integer not null default 0,
    add column fix_rejection_count integer not null default 0,
    add column review_date date;
create index problems_owner on problems (owner, updated_at desc, id desc) where to_position is null;
create index problems_assigned on problems (assigned_to, updated_at desc, id desc) where to_position is null;

create index problems_duplicates on problems (duplicate_of) where to_position is null and duplicate_of is not null;

-- A text as words: ASCII punctuation parts them, and a sign of a script without spaces is one of its own.
create function searchable(said text) returns text language sql immutable parallel safe
return regexp_replace(
    translate(normalize(said, nfkc), e'!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~', '                                '),
    '([\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff])', ' \1 ', 'g');

alter table problem_texts add column title text not null default '';
update problem_texts t set title = p.title from problems p where p.id = t.problem and p.to_position is null;
alter table problem_texts alter column title drop default;
alter table problem_texts drop column document;
alter table problem_texts add column document tsvector generated always as (
    setweight(to_tsvector('simple', searchable(title)), 'A') ||
    to_tsvector('simple', searchable(text))) stored;
create index problem_texts_document on problem_texts using gin (document);
create index problem_texts_problem on problem_texts (problem);
