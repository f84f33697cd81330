"""A message's words: sealed in the log as the texts of incidents and problems are, clear to send.

What a fact says in people's own words (an update's text, a request's message) is kept apart from
the other values that words may name, and sealed; numbers, titles and names of services are not.
"""

from typing import NamedTuple, Protocol
from uuid import UUID

import msgspec

from shared.domain import Personal
from shared.store.store import Store
from shared.vault import ERASED

PEOPLES_WORDS = frozenset({"update", "impact", "action", "workaround", "message"})
"""The values that are free text."""


class Words(NamedTuple):
    """A message in clear: its subject, its text, and the values that they were made of."""

    subject: str
    text: str
    values: dict[str, str]


class Kept(NamedTuple):
    """Words as an event takes them: `said` is people's own words among the values, as JSON."""

    subject: str
    text: str
    values: dict[str, str]
    said: str | None


class _Holds(Protocol):
    """What holds words as they are stored."""

    @property
    def subject(self) -> Personal: ...
    @property
    def text(self) -> Personal: ...
    @property
    def values(self) -> dict[str, str]: ...
    @property
    def said(self) -> Personal | None: ...


def kept(words: Words) -> Kept:
    """These words, people's own apart from the rest."""
    own = {name: value for name, value in words.values.items() if name in PEOPLES_WORDS}
    values = {name: value for name, value in words.values.items() if name not in own}
    said = msgspec.json.encode(own, order="sorted").decode() if own else None
    return Kept(words.subject, words.text, values, said)


async def words_of(store: Store, stream: UUID, holds: _Holds) -> Words:
    """The words that the state of this stream holds; erased ones say so."""
    sealed = (holds.subject, holds.text, holds.said)
    await store.vault.load(store.pool, sealed)
    subject, text = store.vault.open(stream, holds.subject), store.vault.open(stream, holds.text)
    said = "" if holds.said is None else store.vault.open(stream, holds.said)
    own = msgspec.json.decode(said, type=dict[str, str]) if said not in ("", ERASED) else {}
    return Words(subject, text, holds.values | own)
