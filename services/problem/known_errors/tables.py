"""The read models of known errors: their list, and what is searched in them.

Texts stand here as folded words only, for search. They are written with the event that brings
them; whether a known error is published stands in its list row, which a search looks at too.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    DateTime,
    Integer,
    MetaData,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR

from services.problem.known_errors.events import Content, Drafted, KnownErrorEvent
from services.problem.known_errors.known_error import KnownError
from services.problem.known_errors.words import Word, codes, plain_code, stems, words
from shared.aggregate import Folded, Row
from shared.restrictions import DERIVED
from shared.store.tables import version_columns

_METADATA = MetaData()

KNOWN_ERRORS = Table(
    "known_errors",
    _METADATA,
    *version_columns(),
    Column("number", BigInteger, nullable=False),
    Column("title", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("error_code", Text),
    Column("services", JSONB, nullable=False),
    Column("items", JSONB, nullable=False),
    Column("product", Text),
    Column("product_version", Text),
    Column("tags", JSONB, nullable=False),
    Column("valid_to", DateTime(timezone=True)),
    Column("problem", Uuid),
    Column("fixed", Boolean, nullable=False),
    Column("published_at", DateTime(timezone=True)),
    Column("superseded_by", Uuid),
    Column("superseded_number", BigInteger),
    Column("expired", Boolean, nullable=False),
)

KNOWN_ERROR_TEXTS = Table(
    "known_error_texts",
    _METADATA,
    Column("id", Uuid, primary_key=True),
    Column("code", Text),
    Column("product", Text),
    Column("heading", Text, nullable=False),
    Column("symptom", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("words", JSONB, nullable=False),
    Column(
        "document",
        TSVECTOR,
        Computed(
            "setweight(to_tsvector('simple', heading), 'A') || "
            "setweight(to_tsvector('simple', symptom), 'B') || "
            "setweight(to_tsvector('simple', remedy), 'C')"
        ),
    ),
)
"""For search of the present: stems of each part, and of each word its stem. A trigger counts the
words in `known_error_words`, by which slips are understood and rare words weigh more; every text
holds the empty word, so that its count is theirs."""

USES = Table(
    "known_error_uses",
    _METADATA,
    *version_columns(),
    Column("known_error", Uuid, nullable=False),
    Column("incident", Uuid, nullable=False),
    Column("offered", Boolean, nullable=False),
    Column("used", Boolean, nullable=False),
    Column("helped", Boolean),
)
"""What each known error was to each incident: counted when asked, so that nothing is hot."""

KNOWN_ERROR_TABLES = (KNOWN_ERRORS, KNOWN_ERROR_TEXTS, USES)


def known_error_rows(folded: Folded[KnownError], event: KnownErrorEvent) -> Iterable[Row]:
    """The list row after an event, and the words to search where the event brings a text."""
    state = folded.state
    yield Row(KNOWN_ERRORS, (
        folded.stream, folded.version, folded.created_at, state.number, state.title, state.status,
        state.revision, state.error_code, _json(state.services), _json(state.items), state.product,
        state.product_version, _json(state.tags), state.valid_to, state.problem, state.fixed,
        state.published_at, state.superseded_by, state.superseded_number, state.expired,
    ))  # fmt: skip
    if isinstance(event, Drafted) and event.raised_from is not None:
        yield Row(DERIVED, (folded.stream, _json([event.raised_from])))
    if isinstance(event, Content):
        yield Row(KNOWN_ERROR_TEXTS, _searchable(folded.stream, state.number, event))


def _searchable(stream: UUID, number: int, said: Content) -> tuple[Any, ...]:
    named = (said.title, said.error_code, said.product, *said.services, *said.items, *said.tags)
    parts = [
        _words(*named),
        _words(said.symptom),
        _words(said.cause, said.workaround, said.solution),
    ]
    every = {"": ""} | {word.said: word.stem for part in parts for word in part}
    code = None if said.error_code is None else plain_code(said.error_code)
    product = None if said.product is None else stems(words(said.product))
    return (stream, code, product, *map(stems, parts), _json(every))


def _words(*texts: Any) -> list[Word]:
    """Of these clear texts, with the codes in them as words of their own."""
    told = " \n ".join(text for text in texts if isinstance(text, str))
    return words(told) + [Word(code, code) for code in codes(told)]


def _json(value: object) -> str:
    return msgspec.json.encode(value, order="sorted").decode()
