"""When a delivery is tried again: by Standard Webhooks' schedule, or by that for what is urgent."""

from datetime import timedelta
from secrets import SystemRandom

NORMAL = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""The wait before each attempt."""

_AT_FIRST = (
    timedelta(0),
    timedelta(seconds=2),
    timedelta(seconds=10),
    timedelta(seconds=30),
    timedelta(minutes=1),
    timedelta(minutes=2),
    timedelta(minutes=5),
    timedelta(minutes=10),
    timedelta(minutes=15),
)
URGENT = (*_AT_FIRST, *(wait for wait in NORMAL if wait > _AT_FIRST[-1]))
"""The wait before each attempt of what is urgent: then the normal schedule goes on."""

FALLBACK = timedelta(seconds=60)
"""What is urgent and has not reached by then goes by another channel as well."""

JITTER = (0.8, 1.2)
"""Between which a wait is stretched, so that receivers are not met by all at once."""

LEASE = timedelta(minutes=1)
"""An attempt that has told no outcome by then never will: whoever made it is gone."""

LONGEST_ASKED = timedelta(hours=24)
"""A receiver may ask to be left alone for so long; not for longer."""


def chance() -> float:
    """How much the next wait is stretched."""
    return SystemRandom().uniform(*JITTER)


def wait_after(
    tries: int, jitter: float, *, urgent: bool = False, asked: float = 0.0
) -> float | None:
    """Seconds until the next attempt, after so many; None where there is none.

    `asked`: the seconds that the receiver wants to be left alone for.
    """
    schedule = URGENT if urgent else NORMAL
    if tries >= len(schedule):
        return None
    wait = schedule[tries].total_seconds() * jitter
    return max(wait, min(asked, LONGEST_ASKED.total_seconds()))
