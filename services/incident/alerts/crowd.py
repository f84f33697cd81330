"""How many requests of one caller may wait at once: a flood is told to come back later."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from shared.errors import TooMany

MOST_AT_ONCE = 500


class Crowd:
    """Counts, in one process, who waits."""

    def __init__(self, most: int = MOST_AT_ONCE) -> None:
        self._most = most
        self._waiting: Counter[str] = Counter()

    @contextmanager
    def admitted(self, caller: str) -> Iterator[None]:
        """Raises TooMany where so many of this caller's requests are under way already."""
        if self._waiting[caller] >= self._most:
            raise TooMany(f"{self._most} of your requests are under way; send the rest later")
        self._waiting[caller] += 1
        try:
            yield
        finally:
            self._waiting[caller] -= 1
            if not self._waiting[caller]:
                del self._waiting[caller]
