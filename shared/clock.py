"""The one place where time, fresh ids and chance enter; everything else is handed them."""

import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from asyncpg.pgproto import pgproto

Clock = Callable[[], datetime]

_POOLED = 8192
_BEHIND_UTC = timedelta(hours=12)  # where a day ends last


class _Pool(threading.local):
    """A thread's random bytes, fetched from the system in bulk; each is handed out once."""

    def __init__(self) -> None:
        self.bytes = b""
        self.used = 0

    def take(self, count: int) -> bytes:
        end = self.used + count
        if end > len(self.bytes):
            self.bytes, self.used, end = os.urandom(_POOLED), 0, count
        taken = self.bytes[self.used : end]
        self.used = end
        return taken

    def forget(self) -> None:
        self.bytes = b""


_pool = _Pool()
os.register_at_fork(after_in_child=_pool.forget)  # else both processes would hand out the same


def now() -> datetime:
    """The present moment, UTC, with microseconds."""
    return datetime.now(UTC)


def is_over(day: date, moment: datetime) -> bool:
    """Whether a day has ended by then everywhere on earth."""
    return day < (moment - _BEHIND_UTC).date()


def chance(count: int) -> bytes:
    """So many (at most 4,096) random bytes, fit for keys and nonces."""
    return _pool.take(count)


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then 74 random bits."""
    moment = time.time_ns() // 1_000_000 << 80
    random = int.from_bytes(_pool.take(10), "big") & 0x0FFF_3FFFFFFFFFFFFFFF
    # The driver's own class: a uuid.UUID made in C, hashed and written ten times as fast.
    number = moment | 0x7000_8000_0000_0000_0000 | random
    return pgproto.UUID(number.to_bytes(16, "big"))
