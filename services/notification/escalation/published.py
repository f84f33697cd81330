"""What others are told of escalations: that somebody has it, or that nobody does."""

from datetime import datetime
from uuid import UUID

import msgspec

from services.notification.escalation import events as e
from shared.feed import Published


class Missed(msgspec.Struct, frozen=True):
    target: str
    reason: str


class Unanswered(msgspec.Struct, frozen=True):
    """All of these people were paged about `cause`, and none of them has acknowledged."""

    cause: UUID
    fact: str
    about: UUID
    people: tuple[str, ...]
    at: datetime
    policy: str | None


class Untold(msgspec.Struct, frozen=True):
    """Nobody could be paged about `cause`; `missed` says why."""

    cause: UUID
    fact: str
    about: UUID
    missed: tuple[Missed, ...]
    at: datetime
    policy: str | None


def _untold(happened: e.NobodyToTell) -> Untold:
    missed = tuple(Missed(each.target, each.reason) for each in happened.missed)
    return Untold(**(happened.fields() | {"missed": missed}))


ESCALATION_PUBLISHED: Published = {
    e.NobodyAnswered: lambda h: Unanswered(**h.fields()),
    e.NobodyToTell: _untold,
}
