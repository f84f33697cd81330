"""What others are told of known errors. Nothing personal: no text but the title."""

from datetime import datetime
from uuid import UUID

import msgspec

from services.problem.known_errors import events as e
from services.problem.known_errors.offers import Suggested, Used
from shared.feed import Published


class Available(msgspec.Struct, frozen=True):
    """What a known error is known by; `raised_from` is the incident behind its problem."""

    number: str
    title: str
    revision: int
    error_code: str | None
    services: tuple[str, ...]
    items: tuple[str, ...]
    problem: UUID | None
    raised_from: UUID | None
    valid_to: datetime | None
    at: datetime


class Revised(msgspec.Struct, frozen=True):
    """`revision` is 0 where only a draft was changed."""

    title: str
    revision: int
    error_code: str | None
    services: tuple[str, ...]
    items: tuple[str, ...]
    valid_to: datetime | None


class Superseded(msgspec.Struct, frozen=True):
    by: UUID
    by_number: str


class Retired(msgspec.Struct, frozen=True):
    expired: bool


class Because(msgspec.Struct, frozen=True):
    kind: str
    detail: str


class Hit(msgspec.Struct, frozen=True):
    known_error: UUID
    number: str
    revision: int
    score: float
    reasons: tuple[Because, ...]


class SuggestedOn(msgspec.Struct, frozen=True):
    """The likely known errors of an incident, best first; an empty list takes all back."""

    incident: UUID
    hits: tuple[Hit, ...]


class UsedOn(msgspec.Struct, frozen=True):
    incident: UUID
    known_error: UUID
    number: str
    helped: bool | None


class FixMarked(msgspec.Struct, frozen=True):
    """That it happened is all there is to tell."""


def _available(happened: e.Published) -> Available:
    told = happened.fields(*Available.__struct_fields__)
    return Available(**(told | {"number": f"KE-{happened.number}"}))


def _suggested(happened: Suggested) -> SuggestedOn:
    hits = (
        Hit(
            known_error=offer.known_error,
            number=f"KE-{offer.number}",
            revision=offer.revision,
            score=offer.score,
            reasons=tuple(Because(each.kind, each.detail) for each in offer.reasons),
        )
        for offer in happened.offers
    )
    return SuggestedOn(happened.incident, tuple(hits))


KNOWN_ERRORS_PUBLISHED: Published = {
    e.Published: _available,
    e.Revised: lambda h: Revised(**h.fields(*Revised.__struct_fields__)),
    e.Superseded: lambda h: Superseded(h.by, f"KE-{h.number}"),
    e.Retired: lambda h: Retired(h.expired),
    e.FixMarked: lambda h: FixMarked(),
    Suggested: _suggested,
    Used: lambda h: UsedOn(h.incident, h.known_error, f"KE-{h.number}", h.helped),
}
