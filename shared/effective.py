"""Events in the order of the world: when each happened, not when it was recorded."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from shared.store.reader import Recorded


class Instant(NamedTuple):
    """What is known at a position; of it perhaps only what had happened by then; and now."""

    position: int
    now: datetime
    effective_at: datetime | None = None

    def of(self, events: Iterable[Recorded]) -> list[Recorded]:
        """What counts then of these events of one stream, in the order in which it does."""
        known = [e for e in events if e.position <= self.position]
        return known if self.effective_at is None else happened_by(known, self.effective_at)


def happened_by(events: Sequence[Recorded], moment: datetime) -> list[Recorded]:
    """What had happened in the world by then, in the world's order."""
    return [e for at, e in _placed(events) if at <= moment]


def in_order(events: Sequence[Recorded]) -> list[Recorded]:
    """All of these in the world's order."""
    return [e for _, e in _placed(events)]


def _placed(events: Sequence[Recorded]) -> list[tuple[datetime, Recorded]]:
    """When each counts from, earliest first, ties by position.

    A stream begins with its first event: that counts from the earliest moment its events state.
    """
    timed = _timed(events)
    began: dict[UUID, datetime] = {}
    for at, e in timed:
        began[e.originator_id] = min(at, began.get(e.originator_id, at))
    placed = [(began[e.originator_id] if e.originator_version == 1 else at, e) for at, e in timed]
    return sorted(placed, key=lambda p: (p[0], p[1].position))


def _timed(events: Sequence[Recorded]) -> list[tuple[datetime, Recorded]]:
    """When each happened, as the corrections among them have it."""
    timed: list[tuple[datetime, Recorded]] = []
    for recorded in events:
        event = recorded.event
        if event.corrects:
            stream = recorded.originator_id
            timed = [
                (event.corrected(e.event, at) if e.originator_id == stream else at, e)
                for at, e in timed
            ]
        timed.append((event.effective(recorded.recorded_at), recorded))
    return timed
