"""What one call to a receiver came to; nothing in it may name a person or an address."""

from typing import NamedTuple


class Reached(NamedTuple):
    """The receiver has taken it."""

    answer: str


class Unreached(NamedTuple):
    """The receiver has not taken it: not now, or (permanent) not as long as nothing changes.

    retry_after: the seconds that it asked to be left alone for
    down: whether nobody could be there at all, so that others would fare no better
    """

    reason: str
    permanent: bool = False
    retry_after: float = 0.0
    down: bool = False


class Lost(NamedTuple):
    """The receiver had everything and was lost before it said whether it has taken it."""

    reason: str


Result = Reached | Unreached | Lost
