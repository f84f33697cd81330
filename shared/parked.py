"""Facts that were set aside: which, why, and trying them again in their order."""

import hashlib
from datetime import datetime

import msgspec

from shared.errors import NotFound, Refused, Unavailable
from shared.follower import Fact, Follower
from shared.store.append import IdempotencyKey
from shared.store.database import CONNECTION_LOST
from shared.store.store import Store
from shared.work import Work

_LIST = """select follower, position, subject, reason, parked_at from parked
    order by follower, position limit 200"""
_OF_SUBJECT = """select position, fact from parked where follower = $1 and subject = $2
    order by position"""
_DONE = "delete from parked where follower = $1 and position = $2"


class ParkedFact(msgspec.Struct):
    """A fact that failed again and again, or came after one of the same subject that did."""

    follower: str
    position: int
    subject: str
    reason: str
    parked_at: datetime


async def parked(store: Store) -> list[ParkedFact]:
    """What is set aside at the moment, at most 200."""
    return [ParkedFact(*row) for row in await store.pool.fetch(_LIST)]


async def redrive(store: Store, follower: Follower, subject: str) -> int:
    """Take a subject's parked facts again, oldest first; answers how many.

    Raises NotFound where none is parked, and Refused with the reason where one fails again.
    """
    rows = await store.pool.fetch(_OF_SUBJECT, follower.name, subject)
    if not rows:
        raise NotFound(f"{follower.name} has parked nothing of {subject}")
    for row in rows:
        fact = msgspec.json.decode(row["fact"], type=Fact)
        await _retake(store, follower, fact)
        await store.pool.execute(_DONE, follower.name, row["position"])
    return len(rows)


async def _retake(store: Store, follower: Follower, fact: Fact) -> None:
    try:
        await _take(store, follower, fact)
    except (*CONNECTION_LOST, Unavailable):
        raise
    except Exception as failure:
        raise Refused(f"position {fact.position} fails again: {failure!r}") from failure


async def _take(store: Store, follower: Follower, fact: Fact) -> None:
    work = Work(store, actor=f"system:{follower.name}")
    work.caused_by(fact.id, fact.correlation_id)
    await follower.react(fact, work)
    scope, value = f"redrive {follower.name}", str(fact.position)
    once = IdempotencyKey(scope, value, hashlib.sha256(fact.id.bytes).digest(), fact.subject, 0)
    answer = await work.append(key=once)
    if answer.outcome not in ("appended", "already", "key_taken"):
        raise Unavailable(f"position {fact.position} met a change: {answer.outcome}; try again")
