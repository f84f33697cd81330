"""Merging: one goes on in another, which speaks for it; both stay what they were and can part."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.incident.events import HoldReason, IncidentEvent
from services.incident.incident import Incident
from services.incident.lifecycle import refusal_by_status, require, why_not
from services.incident.relations import events as r
from services.incident.rules import Status
from shared.errors import Refused

MOST_MERGED = 500


def merge(
    incident: Incident, *, into: UUID, number: int, at: datetime, reason: str | None = None
) -> Sequence[IncidentEvent]:
    require(incident, "merge")
    return [r.Merged(into=into, number=number, at=at, reason=reason)]


def absorb(
    survivor: Incident, *, incident: UUID, number: int, at: datetime
) -> Sequence[IncidentEvent]:
    """The other side of `merge`: only what could be merged itself takes another in."""
    if refusal_by_status(survivor, "merge") is not None:
        raise Refused(why_not(survivor, f"INC-{survivor.number}"))
    if len(survivor.absorbed) >= MOST_MERGED:
        raise Refused(f"{MOST_MERGED} incidents at most are merged into one")
    return [r.Absorbed(incident=incident, number=number, at=at)]


def unmerge(
    incident: Incident, *, at: datetime, reason: str | None = None
) -> Sequence[IncidentEvent]:
    require(incident, "unmerge")
    out_of, number, status = (
        incident.merged_into, incident.merged_number, incident.status_before_merge,
    )  # fmt: skip
    if out_of is None or number is None or status is None:
        raise Refused("it is not known what it was merged into")
    return [
        r.Unmerged(
            out_of=out_of,
            number=number,
            status=status,
            at=at,
            reason=reason,
            problem=_awaited(incident),
        )
    ]


def _awaited(incident: Incident) -> UUID | None:
    """The problem it was on hold for when it was merged; news of that went to its survivor."""
    waits = (incident.status_before_merge, incident.hold_reason)
    is_awaited = waits == (Status.ON_HOLD, HoldReason.AWAITING_PROBLEM)
    return incident.problem if is_awaited else None


def release(
    survivor: Incident, *, incident: UUID, number: int, at: datetime
) -> Sequence[IncidentEvent]:
    """The other side of `unmerge`; possible whatever became of the survivor."""
    if incident not in survivor.absorbed:
        return []
    return [r.Released(incident=incident, number=number, at=at)]
