"""An incident as a fact of the feed shows it: what trend rules look at, one fact after another."""

from datetime import UTC, datetime, timedelta
from typing import Literal, get_args
from uuid import UUID

import msgspec

from services.problem.trends.text import symptom_of

Trait = Literal["service", "item", "category", "subcategory", "symptom"]
"""What incidents can have in common; the symptom is what the title says."""
TRAITS: tuple[str, ...] = get_args(Trait)
"""In the order of a sighting's traits."""

MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Sighting(msgspec.Struct, frozen=True, gc=False):
    """What is known of an incident from this fact on, in place of what was known before.

    `counts` is false once it is cancelled, merged or restricted; `quiet` says that it is imported
    history. `at` is when the incident happened in the world, `when` the same in microseconds.
    """

    position: int
    event: UUID
    told_at: datetime
    incident: UUID
    number: str
    title: str
    at: datetime
    traits: tuple[str | None, ...]
    impact: int | None
    urgency: int | None
    counts: bool
    quiet: bool
    when: int


def traits_of(
    title: str,
    service: str | None,
    item: str | None,
    category: str | None,
    subcategory: str | None,
) -> tuple[str | None, ...]:
    """In the order of `TRAITS`; what is empty is not stated."""
    symptom = symptom_of(title)
    return (service or None, item or None, category or None, subcategory or None, symptom or None)


def microseconds(at: datetime) -> int:
    """A moment as a whole number that is quick to compare."""
    return (at - _EPOCH) // MICROSECOND
