"""When a delivery is tried again: the Standard Webhooks schedule."""

from datetime import timedelta

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

JITTER = (0.8, 1.2)
"""Between which a wait is stretched, so that receivers are not met by all at once."""

LEASE = timedelta(minutes=1)
"""An attempt that has told no outcome by then never will: whoever made it is gone."""


def wait_after(tries: int, jitter: float) -> float | None:
    """Seconds until the next attempt, after so many; None where there is none."""
    return NORMAL[tries].total_seconds() * jitter if tries < len(NORMAL) else None
