"""Every version of the service levels, and which of them was in force at a position of the log."""

from bisect import bisect_right
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

import msgspec

from services.incident.clocks.rules import Rules, rules_of
from shared.errors import Invalid
from shared.policy import PolicySet

POLICY = "sla"

Fetch = Callable[..., Awaitable[Sequence[Any]]]

_VERSIONS = """select position, event_id, state from events
    where originator_id = $1 and originator_version > $2 order by originator_version"""


class Book:
    """Version 1 is the built-in one; the others come from the policy's stream."""

    def __init__(self, stream: UUID) -> None:
        self.stream = stream
        self._positions: list[int] = []
        self._events: list[UUID] = [stream]
        self._rules = [rules_of(None, 1)]

    async def refresh(self, fetch: Fetch) -> None:
        """Take up the versions that were put in force since."""
        for position, event, state in await fetch(_VERSIONS, self.stream, len(self._positions)):
            if position > (self._positions[-1] if self._positions else 0):
                told = msgspec.json.decode(state, type=PolicySet)
                self._rules.append(rules_of(told.document, len(self._rules) + 1))
                self._positions.append(position)
                self._events.append(event)

    def at(self, position: int) -> Rules:
        """The rules in force at a position."""
        return self._rules[bisect_right(self._positions, position)]

    def version(self, number: int, place: str = "query:policy_version") -> Rules:
        """One version of them. Raises Invalid, which names the place it was asked at."""
        if not 1 <= number <= len(self._rules):
            newest = len(self._rules)
            raise Invalid((place, f"there are the versions 1 to {newest}"))
        return self._rules[number - 1]

    def event(self, number: int) -> UUID:
        """What put a version in force: its event; of the built-in one, the policy itself."""
        return self._events[number - 1]

    def version_of(self, event: UUID) -> Rules:
        """The version that this event put in force."""
        return self._rules[self._events.index(event)]
