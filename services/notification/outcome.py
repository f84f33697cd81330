"""What one call to a receiver came to; nothing in it may name a person or an address."""

from typing import NamedTuple


class Reached(NamedTuple):
    """The receiver has taken it."""

    answer: str


class Unreached(NamedTuple):
    """The receiver has not taken it: not now, or (permanent) not as long as nothing changes."""

    reason: str
    permanent: bool = False


Result = Reached | Unreached
