"""Random histories of incidents, put straight into a running service's log."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from services.incident import events as e
from services.incident.events import IncidentEvent, Milestone, ResolutionCode
from services.incident.incident import Incident
from services.incident.incidents import Incidents
from shared.clock import new_id
from shared.domain import Origin
from shared.work import Work
from tests.support.service import RunningService

DAWN = datetime(2026, 6, 1, tzinfo=UTC)
Step = tuple[str, Any, datetime]

moments = st.integers(0, 60 * 24 * 60).map(lambda minutes: DAWN + timedelta(minutes=minutes))
maybe = st.none() | moments

_MAKE: dict[str, Callable[[Any, datetime], IncidentEvent]] = {
    "acknowledged": lambda _, at: e.Acknowledged(at=at),
    "mitigated": lambda _, at: e.Mitigated(action="Rolled back", at=at),
    "resolved": lambda _, at: e.Resolved(code=ResolutionCode.FIXED, summary="Done", at=at),
    "reopened": lambda _, at: e.Reopened(reason="Again"),
    "closed": lambda _, at: e.Closed(at=at),
    "cancelled": lambda _, at: e.Cancelled(reason="Nothing"),
    "assigned": lambda n, at: e.Assigned(group=f"group-{n}"),
    "prioritised": lambda n, at: e.Prioritised(
        impact=1, urgency=1, priority=n + 1, matrix_version=1
    ),
    "corrected": lambda n, at: e.MilestoneCorrected(
        milestone=list(Milestone)[n], to=at, was=None, reason="The log says so"
    ),
}
_WORK = ["acknowledged", "mitigated", "resolved", "resolved", "reopened", "closed", "assigned"]

steps = st.tuples(
    st.sampled_from([*_WORK, "prioritised", "corrected", "cancelled"]), st.integers(0, 2), moments
)


@st.composite
def histories(draw: st.DrawFn) -> list[IncidentEvent]:
    """One incident: declared, then whatever comes."""
    origin = None
    if draw(st.integers(0, 4)) == 0:
        origin = Origin(at=draw(moments), by="somebody")
    declared = e.Declared(
        number=0, title="Slow", reporter="rita", started_at=draw(maybe), detected_at=draw(maybe),
        priority=draw(st.none() | st.integers(1, 3)),
        service=draw(st.sampled_from([None, "a", "b"])),
        group=draw(st.sampled_from([None, "group-0", "=1+1"])), origin=origin,
    )  # fmt: skip
    later = draw(st.lists(steps, max_size=7))
    return [declared, *(_MAKE[name](n, at) for name, n, at in later)]


async def tell(
    service: RunningService, category: str, stories: Sequence[Sequence[IncidentEvent]]
) -> list[UUID]:
    """All of these incidents, in one append."""
    incidents: Incidents = service.service.parts["incidents"]
    work = Work(service.service.store, "ada")
    streams = []
    for declared, *later in stories:
        streams.append(new_id())
        named = {"number": await incidents.numbers.next(), "category": category}
        told = [e.Declared(**(_fields(declared) | named)), *later]
        await work.execute(incidents, streams[-1], _as_told, told)
    await work.append()
    return streams


def _as_told(state: Incident, told: Sequence[IncidentEvent]) -> Sequence[IncidentEvent]:
    return told


def _fields(event: IncidentEvent) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__struct_fields__}
