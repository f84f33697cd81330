"""What known errors were to an incident: offered, used, of help. A side stream of each incident.

So neither a known error nor an incident is written by each hit, and no row is hot.
"""

from collections.abc import Iterable, Sequence
from typing import Any, assert_never
from uuid import UUID, uuid5

import msgspec

from services.problem.known_errors.tables import USES
from shared.aggregate import Aggregate, Folded, Row
from shared.domain import Event, State, changed, event
from shared.restrictions import DERIVED


class Reason(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why it is a hit: by what kind of signal, and which words or names agree."""

    kind: str
    detail: str = ""


class Offer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A likely known error, in the order of the list it stands in."""

    known_error: UUID
    number: int
    revision: int
    score: float
    reasons: tuple[Reason, ...] = ()


@event("known_error.suggested")
class Suggested(Event, frozen=True):
    """The likely known errors of an incident, best first; the list replaces the one before."""

    incident: UUID
    offers: tuple[Offer, ...]


@event("known_error.used")
class Used(Event, frozen=True):
    """It was used on the incident; whether it helped, where somebody has said so."""

    incident: UUID
    known_error: UUID
    number: int
    helped: bool | None = None


OfferEvent = Suggested | Used


class Offers(State, frozen=True):
    """Of one incident: what was ever offered, and what was used, with whether it helped."""

    incident: UUID | None = None
    last: tuple[Offer, ...] = ()
    offered: frozenset[UUID] = frozenset()
    used: dict[UUID, bool | None] = {}


def offers_stream(incident: UUID) -> UUID:
    """Where the offers of an incident stand."""
    return uuid5(incident, "known errors")


def suggest(offers: Offers, *, incident: UUID, found: Sequence[Offer]) -> Sequence[OfferEvent]:
    """Offer these, unless they are what is offered already."""
    if [each.known_error for each in found] == [each.known_error for each in offers.last]:
        return []
    return [Suggested(incident=incident, offers=tuple(found))]


def record_use(
    offers: Offers, *, incident: UUID, known_error: UUID, number: int, helped: bool | None
) -> Sequence[OfferEvent]:
    """The last word counts; that it was used and nothing else takes no word back."""
    known = offers.used.get(known_error)
    if known_error in offers.used and helped in (None, known):
        return []
    return [Used(incident=incident, known_error=known_error, number=number, helped=helped)]


def evolve(offers: Offers, event: OfferEvent) -> Offers:
    """Never refuses: this has already happened, whatever today's rules say."""
    match event:
        case Suggested(incident=incident, offers=found):
            offered = offers.offered | {each.known_error for each in found}
            return changed(offers, incident=incident, last=found, offered=offered)
        case Used(incident=incident, known_error=known_error, helped=helped):
            used = offers.used | {known_error: helped}
            return changed(offers, incident=incident, used=used)
        case _:
            assert_never(event)


def offer_rows(folded: Folded[Offers], event: OfferEvent) -> Iterable[Row]:
    """A row for each known error that the event is about; hidden where the incident is."""
    if folded.version == 1:
        yield Row(DERIVED, (folded.stream, f'["{event.incident}"]'))
    if isinstance(event, Used):
        yield _row(folded, event.known_error, event.incident)
    else:
        for each in event.offers:
            yield _row(folded, each.known_error, event.incident)


def _row(folded: Folded[Offers], known_error: UUID, incident: UUID) -> Row:
    state, id = folded.state, uuid5(known_error, str(incident))
    use: tuple[Any, ...] = (known_error in state.offered, known_error in state.used)
    helped = state.used.get(known_error)
    about = (id, folded.version, folded.created_at, known_error, incident)
    return Row(USES, (*about, *use, helped))


OFFERS: Aggregate[Offers, OfferEvent] = Aggregate(
    "known error use", Offers(), evolve, rows=offer_rows
)
