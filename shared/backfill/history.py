"""What another system has kept of a thing: the steps of its record, and what follows from them.

A step says what the record said from then on; only what differs from what is known becomes an
event. Nothing is refused: it has happened.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from shared.domain import Event, Origin, State, Stated

E = TypeVar("E", bound=Event)

_encode = msgspec.json.Encoder(order="sorted").encode


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One change of the source's record; `set` names the fields that it states."""

    at: datetime
    by: str
    set: dict[str, Any] = {}
    note: str | None = None
    source: dict[str, Stated] = {}


class History(msgspec.Struct, frozen=True, kw_only=True):
    """A thing of the source; `details` are those of its beginning."""

    external_ref: str
    details: dict[str, Any]
    steps: Sequence[Step]


class Deviation(msgspec.Struct, frozen=True):
    """A step that is none of ours: from which status to which, or which command, and why not."""

    step: int
    at: datetime
    change: str
    reason: str


def digests(steps: Sequence[Step]) -> list[str]:
    """For each step a digest of all up to it: whether two histories begin alike.

    Without what the source states beside: an export may show its newest values on every row.
    """
    found, digest = [], ""
    for step in steps:
        told = _encode((step.at, step.by, step.set, step.note))
        digest = hashlib.sha256(digest.encode() + told).hexdigest()
        found.append(digest)
    return found


def begins_otherwise(known: int, digest: str, told: Sequence[str]) -> str | None:
    """Why a history of these digests is not the one whose first `known` steps are here."""
    if known and known <= len(told) and told[known - 1] != digest:
        return f"its first {known} steps are not those that were imported before"
    return None


def originals(events: Sequence[E], step: Step, *, live: bool) -> list[E]:
    """These events as the source's; what else it stated stands with the first of them."""
    first = Origin(at=step.at, by=step.by, stated=step.source, live=live)
    others = Origin(at=step.at, by=step.by, live=live)
    return [
        msgspec.structs.replace(event, origin=others if n else first)
        for n, event in enumerate(events)
    ]


def differs(state: State, said: dict[str, Any], names: Sequence[str]) -> bool:
    """Whether one of these fields is said to be otherwise than it is."""
    return any(name in said and said[name] != getattr(state, name) for name in names)


def merged(state: State, said: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """These fields as they are said to be, else as they are."""
    return {name: said[name] if name in said else getattr(state, name) for name in names}
