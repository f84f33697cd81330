"""Whether a reader was admitted to a restricted incident when something happened to it.

What is restricted now is hidden in the past too; but who is shut out has to learn that it is gone.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from services.incident.incident import Incident
from services.incident.incidents import INCIDENT
from services.incident.visibility import is_visible
from shared.aggregate import Folded
from shared.auth.caller import Caller
from shared.recent import Recent
from shared.store.store import Store

_REMEMBERED = 200


class Around(NamedTuple):
    """Whether the reader might know of it before an event, and after it."""

    before: bool
    after: bool


class Admissions:
    """Of one reader, who asks of ever later events: each is folded once."""

    def __init__(self, store: Store, caller: Caller) -> None:
        self._store = store
        self._caller = caller
        self._known: Recent[UUID, Folded[Incident]] = Recent(_REMEMBERED)

    async def around(self, events: Iterable[tuple[UUID, int]]) -> dict[int, Around]:
        """Of these events (incident, position; oldest first), by position."""
        asked: defaultdict[UUID, list[int]] = defaultdict(list)
        for incident, position in events:
            asked[incident].append(position)
        found: dict[int, Around] = {}
        for incident, positions in asked.items():
            found |= await self._judged(incident, positions)
        return found

    async def _judged(self, incident: UUID, positions: Sequence[int]) -> dict[int, Around]:
        held, found = self._known.get(incident), dict[int, Around]()
        if held is None or held.position >= positions[0]:
            held = Folded(incident, INCIDENT.initial)
        wanted = set(positions)
        for each in await self._store.log.stream(incident, after=held.version):
            if each.position > positions[-1]:
                break
            state = INCIDENT.replay(held.state, each.event)
            if each.position in wanted:
                found[each.position] = Around(self._admits(held.state), self._admits(state))
            held = Folded(incident, state, each.originator_version, each.position)
        self._known[incident] = held
        return found

    def _admits(self, incident: Incident) -> bool:
        return incident.status is not None and is_visible(incident, self._caller)
