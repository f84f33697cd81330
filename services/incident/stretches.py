"""How long an incident was in each status, by effective time."""

from datetime import datetime

from services.incident.incident import Incident
from services.incident.rules import ENDED, Status
from shared.aggregate import Folded


def seconds_in_status(folded: Folded[Incident], until: datetime | None) -> dict[str, float]:
    """Seconds by status, up to a moment; time in a status that is an end is not counted."""
    state, held = folded.state, folded.state.stretches
    total = dict(held.seconds)
    if held.first_ended is not None:
        _add(total, Status.NEW, folded.created_at, held.first_ended)
    if state.status is not None and state.status not in ENDED:
        _add(total, state.status, held.since or folded.created_at, until)
    return {status.value: seconds for status, seconds in sorted(total.items(), key=_order)}


_PLACES = {status: place for place, status in enumerate(Status)}


def _order(item: tuple[Status, float]) -> int:
    return _PLACES[item[0]]


def _add(
    total: dict[Status, float], status: Status, since: datetime | None, until: datetime | None
) -> None:
    if since is not None and until is not None:
        lasted = max((until - since).total_seconds(), 0.0)
        total[status] = total.get(status, 0.0) + lasted
