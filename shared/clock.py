"""The one place where time and fresh ids enter; everything else is handed them."""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

Clock = Callable[[], datetime]


def now() -> datetime:
    """The present moment, UTC, with microseconds."""
    return datetime.now(UTC)


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then 74 random bits."""
    moment = time.time_ns() // 1_000_000 << 80
    chance = int.from_bytes(os.urandom(10), "big") & 0x0FFF_3FFFFFFFFFFFFFFF
    return UUID(int=moment | 0x7000_8000_0000_0000_0000 | chance)
