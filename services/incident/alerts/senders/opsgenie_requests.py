"""Ids of requests that say by themselves what became of them, so that nothing is kept for them.

An id is a UUID (version 8) of the log's position, the action, its outcome and chance.
"""

import secrets
from enum import IntEnum
from typing import NamedTuple
from uuid import UUID

_CHANCE = 64
_MOST = 2**50


class Action(IntEnum):
    CREATE = 0
    ACKNOWLEDGE = 1
    CLOSE = 2
    ADD_NOTE = 3

    @property
    def title(self) -> str:
        """As Opsgenie names it."""
        return {0: "Create", 1: "Acknowledge", 2: "Close", 3: "AddNote"}[self]


class Outcome(IntEnum):
    DONE = 0
    UNKNOWN = 1
    REFUSED = 2


class Request(NamedTuple):
    """What a request's id tells; position 0 where there was nothing to write."""

    position: int
    action: Action
    outcome: Outcome

    def id(self, chance: int | None = None) -> UUID:
        """An id for it; `chance` where the same request must have the same one again."""
        lowest = secrets.randbits(_CHANCE) if chance is None else chance % 2**_CHANCE
        told = self.position % _MOST << 8 | self.action << 4 | self.outcome
        bits = told << _CHANCE | lowest
        high, middle, low = bits >> 74, bits >> 62 & 0xFFF, bits & (2**62 - 1)
        return UUID(int=high << 80 | 8 << 76 | middle << 64 | 2 << 62 | low)


def read(request_id: str) -> Request | None:
    """What an id tells; None where it is none of ours."""
    try:
        number = UUID(request_id)
    except ValueError:
        return None
    bits = number.int >> 80 << 74 | (number.int >> 64 & 0xFFF) << 62 | number.int & (2**62 - 1)
    told = bits >> _CHANCE
    action, outcome = told >> 4 & 0xF, told & 0xF
    if number.version != 8 or action > max(Action) or outcome > max(Outcome):
        return None
    return Request(told >> 8, Action(action), Outcome(outcome))
