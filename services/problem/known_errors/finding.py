"""Looks for known errors in PostgreSQL: two statements a question, each of bounded work.

The first looks up the words of the question: how many known errors hold each, and what a word that
none holds may have been meant to be. The second fetches what is worth judging: the best by words,
and those that a code, an item or a service names. Judging itself is plain Python.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from services.problem.known_errors.question import Asked, Concept, LookedUp, Question, understood
from services.problem.known_errors.scoring import Document, Facts, Judged, judged
from services.problem.known_errors.slips import Known
from shared.auth.caller import Caller
from shared.restrictions import any_restricted, not_derived, sees_all, words_of

_SCANNED = 12_000
"""Rows a search by words runs through at most, about."""
_BY_WORDS, _JUDGED, _BY_NAME = 300, 120, 40

LOOK_UP = """with asked as (
    select a.word from unnest($2::text[], $3::text[]) a (word, stem)
    where not exists (select 1 from known_error_words w where w.stem = a.stem and w.documents > 0)
    limit 8)
select null as said, w.stem as word, sum(w.documents)::int as documents from known_error_words w
where w.stem = any($1::text[]) group by w.stem
union all
select a.word, n.word, n.documents from asked a, lateral (
    (select w.word, w.documents from known_error_words w
     where w.spellings && one_letter_less(a.word) and w.documents > 0 limit 12)
    union
    (select w.word, w.documents from known_error_words w
     where length(a.word) > 4 and w.word % a.word and w.documents > 0
     order by similarity(w.word, a.word) desc limit 8)) n"""

FETCH = """with asked as (select * from unnest($1::text[], $2::float8[]) a (words, weight)),
by_words as (
    select t.id, sum(a.weight) as weight from asked a
    join known_error_texts t on t.document @@ a.words::tsquery
    group by t.id order by 2 desc, 1 limit $8),
named as (
    select id from by_words
    union
    (select id from known_error_texts where code = any($3::text[]) limit $9)
    union
    select unnest($10::uuid[])
    union
    (select id from known_errors where to_position is null and status = 'published'
     and items ?| $4::text[] limit $9)
    union
    (select id from known_errors where to_position is null and status = 'published'
     and services ?| $5::text[] and cardinality($1::text[]) = 0 limit $9)),
live as (
    select k.id, b.weight from named n
    join known_errors k on k.id = n.id and k.to_position is null and k.status = 'published'
        and (k.valid_to is null or k.valid_to > $6)
    left join by_words b on b.id = n.id
    where {visible}
    order by b.weight desc nulls first, k.id limit $7)
select k.id, k.number, k.revision, k.title, k.error_code, k.services, k.items, k.product,
    k.product_version, t.code, t.product as product_stems, t.heading,
    left(t.symptom, 2000) as symptom, left(t.remedy, 3000) as remedy
from live join known_errors k on k.id = live.id and k.to_position is null
join known_error_texts t on t.id = k.id"""
VISIBLE = not_derived("k.id").replace("{0}", "$11")


class Found(NamedTuple):
    """A known error that answers a question."""

    id: UUID
    number: int
    revision: int
    title: str
    error_code: str | None
    product: str | None
    product_version: str | None
    judged: Judged


async def look_up(pool: asyncpg.Pool, asked: Asked) -> Question:
    """The question, its words looked up."""
    own = [word for word in asked.words if word.said.isalnum()]
    rows = await pool.fetch(
        LOOK_UP, ["", *asked.stems], [w.said for w in own], [w.stem for w in own]
    )
    documents = {row["word"]: row["documents"] for row in rows if row["said"] is None}
    near: dict[str, list[Known]] = {}
    for row in rows:
        if row["said"] is not None:
            near.setdefault(row["said"], []).append(Known(row["word"], row["documents"]))
    return understood(asked, LookedUp(documents.get("", 0), documents, near))


class Wanted(NamedTuple):
    """What is asked, at which moment, by whom, and how many answers are wanted.

    Without a caller only what nothing restricts is found.
    """

    question: Question
    facts: Facts
    now: datetime
    caller: Caller | None
    limit: int
    near: Mapping[UUID, float] = {}  # by meaning


async def find(pool: asyncpg.Pool, wanted: Wanted) -> list[Found]:
    """The best answers, best first."""
    question, facts, now, caller, limit, near = wanted
    words, weights = _worth_scanning(question.concepts)
    arguments: list[Any] = [
        words, weights, [*facts.codes, *question.codes], list(facts.items), list(facts.services),
        now, _JUDGED, _BY_WORDS, _BY_NAME, list(near),
    ]  # fmt: skip
    visible = "true"
    if not (caller and sees_all(caller)) and await any_restricted(pool):
        arguments.append(words_of(caller) if caller else [])
        visible = VISIBLE
    rows = await pool.fetch(FETCH.format(visible=visible), *arguments)
    found = [
        _found(row, judged(question, facts, _document(row), near.get(row["id"], 0.0)))
        for row in rows
    ]
    found.sort(key=lambda each: (-each.judged.score, each.number))
    return found[:limit]


def _worth_scanning(concepts: Sequence[Concept]) -> tuple[list[str], list[float]]:
    """The rarest words and their weights, as long as it is not too much to run through."""
    words: list[str] = []
    weights: list[float] = []
    left = _SCANNED
    rarest = sorted(concepts, key=lambda c: -c.weight)
    for concept in rarest:
        left -= concept.rows
        if left < 0 and words:
            break
        words.append(" | ".join(_all_of(each.stems) for each in concept.alternatives))
        weights.append(concept.weight)
    return words, weights


def _all_of(stems: Iterable[str]) -> str:
    return " & ".join(f"'{stem}'" for stem in stems)


def _found(row: asyncpg.Record, judged: Judged) -> Found:
    return Found(
        row["id"], row["number"], row["revision"], row["title"], row["error_code"],
        row["product"], row["product_version"], judged,
    )  # fmt: skip


def _document(row: asyncpg.Record) -> Document:
    return Document(
        row["code"], row["services"], row["items"], row["product_stems"], row["product_version"],
        frozenset(row["heading"].split()), row["symptom"].split(), row["remedy"].split(),
    )  # fmt: skip
