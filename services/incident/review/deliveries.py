"""Who was told, counted: a night's updates to a thousand people are a few lines."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from services.incident.facts import Told
from shared.store.reader import Recorded

_MOST_NAMES = 50


class Delivery(msgspec.Struct, kw_only=True):
    """All who were told of one event by one channel with one outcome; the first 50 by name.

    `event` is the first that says so; `about` the event they were told of, where that is known.
    """

    fact: str
    about: UUID | None
    channel: str
    outcome: str
    count: int
    recipients: list[str]
    first_at: datetime
    last_at: datetime
    event: UUID


def is_delivery(recorded: Recorded) -> bool:
    """Whether it says that one recipient was told."""
    return recorded.topic == Told.topic


def deliveries(events: Iterable[Recorded]) -> list[Delivery]:
    """In the order of the first of each."""
    found: dict[tuple[UUID | None, str, str, str], Delivery] = {}
    for recorded in events:
        if isinstance(told := recorded.event, Told):
            key = (told.cause, told.fact, told.channel, told.outcome)
            held = found.get(key)
            found[key] = _first(told, recorded) if held is None else _more(held, told)
    return list(found.values())


def _first(told: Told, recorded: Recorded) -> Delivery:
    return Delivery(
        fact=told.fact,
        about=told.cause,
        channel=told.channel,
        outcome=told.outcome,
        count=1,
        recipients=[told.recipient],
        first_at=told.at,
        last_at=told.at,
        event=recorded.event_id,
    )


def _more(held: Delivery, told: Told) -> Delivery:
    held.count += 1
    held.first_at, held.last_at = min(held.first_at, told.at), max(held.last_at, told.at)
    if len(held.recipients) < _MOST_NAMES and told.recipient not in held.recipients:
        held.recipients.append(told.recipient)
    return held


def without(events: Sequence[Recorded]) -> list[Recorded]:
    """What else happened."""
    return [each for each in events if not is_delivery(each)]
