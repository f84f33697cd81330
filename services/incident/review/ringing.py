"""The review's timers: it is opened with the resolution, and owners of action items are reminded.

Both only hurry: whoever reads or writes a review finds it as if they had rung.
"""

from uuid import UUID

from services.incident.facts import FACTS, Fact, Facts, facts_stream, pass_once
from services.incident.review.desk import ReviewDesk
from services.incident.review.reminders import due_by, next_ring
from services.incident.review.review import REMINDER
from shared.errors import Unavailable
from shared.ledger import Ledger
from shared.timers import Handler
from shared.work import Work

_ACTOR = "system:reviews"
_TRIES = 8
_ARM = """insert into timers (stream, name, due_at) values ($1, $2, $3)
    on conflict (stream, name) do update set due_at = excluded.due_at, tries = 0"""


def opening(desk: ReviewDesk) -> Handler:
    """The handler of the timer that an incident's resolution and reopening arm."""

    async def ring(incident: UUID) -> None:
        for _ in range(_TRIES):
            work = Work(desk.store, _ACTOR)
            await desk.catch_up(work, incident, desk.store.clock())
            if work.is_empty or (await work.append()).outcome in ("appended", "already"):
                return
        raise Unavailable("the incident keeps changing at this moment")

    return ring


def reminding(desk: ReviewDesk) -> Handler:
    """The handler of the timer that each change of an action item arms."""
    facts: Ledger[Facts, Fact] = Ledger(desk.store, FACTS)

    async def ring(stream: UUID) -> None:
        for _ in range(_TRIES):
            work, now = Work(desk.store, _ACTOR), desk.store.clock()
            review = (await work.rest_on(desk.reviews, stream)).state
            if review.incident is None:
                return
            told = list(due_by(review, review.incident, now))
            await work.execute(facts, facts_stream(review.incident), pass_once, passed=told)
            if work.is_empty:
                if (later := next_ring(review, now)) is not None:
                    await desk.store.pool.execute(_ARM, stream, REMINDER, later)
                return
            await work.append()  # and look again: it may have moved
        raise Unavailable("the review keeps changing at this moment")

    return ring
