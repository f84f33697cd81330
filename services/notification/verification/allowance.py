"""How often a caller may have a code sent: it goes wherever they say, so they say it seldom."""

from datetime import datetime, timedelta

from shared.errors import TooMany
from shared.recent import Recent

MOST = 10
WITHIN = timedelta(minutes=10)
_CALLERS = 10_000


class Allowance:
    """Counted by each process for itself."""

    def __init__(self) -> None:
        self._taken: Recent[str, tuple[datetime, ...]] = Recent(_CALLERS)

    def take(self, caller: str, at: datetime) -> None:
        """One more, sent or not. Raises TooMany."""
        lately = tuple(each for each in self._taken.get(caller) or () if each > at - WITHIN)
        if len(lately) >= MOST:
            raise TooMany(f"you have asked for {MOST} codes within ten minutes; wait a while")
        self._taken[caller] = (*lately, at)
