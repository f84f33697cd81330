"""The incidents of this service: their ledger, their numbers, who may see which."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from services.incident import incident
from services.incident.events import Declared, IncidentEvent, Reopened, Resolved
from services.incident.incident import Incident
from services.incident.major import folding
from services.incident.major.due import COMMUNICATIONS, ring_after
from services.incident.major.events import MajorAccepted
from services.incident.major.state import Major
from services.incident.regulators.events import RegulatoryRecorded
from services.incident.relations.events import Unmerged
from services.incident.rules import Status
from services.incident.tables import rows
from shared.aggregate import Aggregate, Alarm, Folded
from shared.errors import NotFound
from shared.ledger import Ledger
from shared.numbers import Numbering, Numbers
from shared.policy import Policies
from shared.store.store import Store

AUTO_CLOSE = "auto-close"
REGULATORS = "regulators"
REVIEW = "review"

_NUMBERED = Numbering("incident", "INC", "incidents", "incident_numbers", ahead=99)


def _about(state: Incident, event: IncidentEvent) -> Iterable[str]:
    return (event.reporter if isinstance(event, Declared) else state.reporter,)


def _alarms(before: Incident, event: IncidentEvent, after: Incident) -> Iterable[Alarm]:
    if event.is_quiet:
        return
    if after.major is not before.major and (at := getattr(event, "at", None)) is not None:
        yield Alarm(COMMUNICATIONS, ring_after(after.major, at))
    if after.major.is_accepted and _moves_its_review(event, after):
        yield Alarm(REVIEW, timedelta())
    if isinstance(event, Resolved) and event.close_after_days is not None:
        yield Alarm(AUTO_CLOSE, timedelta(days=event.close_after_days))
    elif isinstance(event, RegulatoryRecorded):
        yield Alarm(REGULATORS, timedelta())
    elif isinstance(event, Unmerged) and after.status is Status.RESOLVED:
        yield from _close_after_all(event, after)
    elif before.status is Status.RESOLVED and after.status is not Status.RESOLVED:
        yield Alarm(AUTO_CLOSE, None)


def _moves_its_review(event: IncidentEvent, after: Incident) -> bool:
    """A resolution opens it; a reopening begins the next revision where one was completed."""
    if isinstance(event, Reopened):
        return after.major.review_revision is not None
    return after.status is Status.RESOLVED and isinstance(event, Resolved | MajorAccepted)


def _close_after_all(event: Unmerged, after: Incident) -> Iterable[Alarm]:
    """When it would have closed had it not been merged, if that is still to come."""
    if after.close_after_days is not None and after.resolved_at is not None:
        due = after.resolved_at + timedelta(days=after.close_after_days)
        yield Alarm(AUTO_CLOSE, max(due - event.at, timedelta()))


Follow = Callable[[Incident, Sequence[IncidentEvent]], Sequence[IncidentEvent]]


def _nothing_more(_: Incident, events: Sequence[IncidentEvent]) -> Sequence[IncidentEvent]:
    return events


INCIDENT = Aggregate(
    "incident",
    Incident(),
    incident.evolve,
    parts=(folding.evolve, Major),
    about=_about,
    rows=rows,
    alarms=_alarms,
)


class Incidents(Ledger[Incident, IncidentEvent]):
    """The ledger of incidents, found by id or number."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, INCIDENT)
        self.policies = Policies(store, "incident")
        self.follow: Follow = _nothing_more
        self.numbers = Numbers(store.pool, _NUMBERED)

    def completed(
        self, state: Incident, events: Sequence[IncidentEvent]
    ) -> Sequence[IncidentEvent]:
        """A decision, with what the rules of major incidents let follow from it."""
        return self.follow(state, events)

    async def find(self, reference: str) -> UUID:
        """The id of an incident named by id or number. Raises NotFound."""
        return await self.numbers.find(reference)

    async def held_at(self, stream: UUID, position: int) -> Folded[Incident]:
        """As it was at a position; without events where it was not declared yet."""
        try:
            return await self.past(stream, position=position)
        except NotFound:
            return Folded(stream, self.aggregate.initial)
