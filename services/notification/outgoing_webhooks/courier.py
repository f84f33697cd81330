"""Tells other systems of events: in order for each subject, and for as long as it takes.

Each webhook has its own place in its source's log, so one that is down for days costs nothing and
misses nothing. Of a page, each subject's events go one after the other, subjects beside each
other. Where the receiver does not answer, the page is taken up again later where it stood; what it
refuses for good is on record, and is stepped over.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol
from uuid import UUID

import msgspec
import structlog

from services.notification import webhook as standard
from services.notification.endpoints import endpoint
from services.notification.endpoints.endpoint import endpoint_of_webhook
from services.notification.endpoints.endpoints import Decision, Endpoints
from services.notification.outcome import Lost, Reached, Unreached
from services.notification.outgoing_webhooks import webhook
from services.notification.outgoing_webhooks.filters import passes
from services.notification.outgoing_webhooks.webhook import Webhook
from services.notification.outgoing_webhooks.webhooks import Place, Started, Webhooks
from services.notification.retries import LONGEST_ASKED
from shared.aggregate import Folded
from shared.client import HTTPError
from shared.clock import new_id
from shared.errors import LogMismatch
from shared.follower import Fact
from shared.ledger import Order
from shared.outgoing import Outgoing

PAGE = 100
_ACTOR = "system:courier"
_SUBJECTS_AT_ONCE = 8
_SHUT_OFF_AFTER = 2
"""So many attempts in vain one after the other, and its endpoint is shown as shut off."""
_WAITS = (5.0, 30.0, 120.0, 300.0, 900.0)
"""Seconds before what did not get through is tried again; the last one for ever."""
_SOON = timedelta(seconds=5)
_encode = msgspec.json.Encoder(order="sorted").encode
_log = structlog.get_logger("tocsin.courier")


class Read(Protocol):
    """Reads a source's feed: its facts behind a position, and how far it was read."""

    async def __call__(self, source: str, after: int, limit: int) -> tuple[Sequence[Fact], int]: ...


class Message(msgspec.Struct, frozen=True):
    """The body: the same in every attempt."""

    type: str
    timestamp: datetime
    data: dict[str, object]


class _Stopped(Exception):
    """The receiver does not answer now, or not any more: nothing further is sent."""

    def __init__(self, reached: Unreached) -> None:
        super().__init__(reached.reason)
        self.reached = reached


class Courier:
    """Tells one webhook after the other what it has not been told yet."""

    def __init__(
        self, webhooks: Webhooks, outgoing: Outgoing, read: Read, jitter: Callable[[], float]
    ) -> None:
        self._webhooks = webhooks
        self._endpoints = Endpoints(webhooks.store)
        self._outgoing = outgoing
        self._read = read
        self._jitter = jitter
        self._clock = webhooks.store.clock

    async def step(self, id: UUID) -> bool:
        """Tell it a page; answers whether there may be more to tell at once."""
        held = await self._webhooks.current(id)
        place = await self._place(held)
        waits = place.next_at is not None and self._clock() < place.next_at
        if held.state.retired or held.state.suspended_at is not None or waits:
            return False
        try:
            facts, scanned = await self._read(held.state.source, place.position, PAGE)
        except (HTTPError, LogMismatch) as trouble:
            await self._wait_for_feed(id, place, trouble)
            return False
        if scanned == place.position:
            return False
        await self._webhooks.give_up(id, self._clock())
        return await self._tell(held, place, facts, scanned)

    async def _wait_for_feed(self, id: UUID, place: Place, trouble: Exception) -> None:
        why = str(trouble) if isinstance(trouble, LogMismatch) else type(trouble).__name__
        waits = {"reason": f"the feed cannot be read: {why}", "next_at": self._clock() + _SOON}
        await self._webhooks.keep(id, msgspec.structs.replace(place, **waits))

    async def _place(self, held: Folded[Webhook]) -> Place:
        """Where it stands; one that was rewound begins again behind that position."""
        place = await self._webhooks.place(held.stream)
        if place is not None and held.state.rewinds == place.rewinds:
            return place
        after = held.state.rewound_to
        if after is None:
            after = await self._webhooks.newest(held.state.source)
        place = Place(position=after, rewinds=held.state.rewinds)
        await self._webhooks.keep(held.stream, place)
        return place

    async def _tell(
        self, held: Folded[Webhook], place: Place, facts: Sequence[Fact], scanned: int
    ) -> bool:
        about = await self._webhooks.about([fact.subject for fact in facts])
        wanted = [f for f in facts if passes(held.state, f, about.get(f.subject))]
        left = [fact for fact in wanted if fact.position not in place.done]
        done = set(place.done)
        stopped = await self._subjects(held, left, done)
        if stopped is None:
            await self._answers(held.stream, "it answers again")
            await self._webhooks.keep(held.stream, Place(scanned, rewinds=place.rewinds))
            return True
        await self._stop(held, place, stopped, sorted(done))
        return False

    async def _subjects(
        self, held: Folded[Webhook], facts: Sequence[Fact], done: set[int]
    ) -> Unreached | None:
        """Each subject's facts in order; why it was stopped, if it was."""
        by_subject: dict[UUID, list[Fact]] = {}
        for fact in facts:
            by_subject.setdefault(fact.subject, []).append(fact)
        queues = iter(by_subject.values())
        stopped: list[Unreached] = []

        async def work() -> None:
            for queue in queues:
                for fact in queue:
                    if stopped:
                        return
                    try:
                        await self._attempt(held, fact)
                    except _Stopped as stop:
                        stopped.append(stop.reached)
                        return
                    done.add(fact.position)

        await asyncio.gather(*(work() for _ in range(_SUBJECTS_AT_ONCE)))
        return stopped[0] if stopped else None

    async def _attempt(self, held: Folded[Webhook], fact: Fact) -> None:
        """Raises _Stopped where others would fare no better."""
        at, id = self._clock(), new_id()
        await self._webhooks.start(
            Started(id, held.stream, fact.position, fact.id, fact.type, fact.subject, at)
        )
        secrets = await self._webhooks.secrets(held, at)
        content = message(fact)
        headers = standard.signed(fact.id, content, secrets, at)
        result = await standard.post(self._outgoing, held.state.url, content, headers)
        match result:
            case Reached(answer):
                await self._webhooks.end(id, self._clock(), "delivered", answer)
            case Lost(reason):
                await self._webhooks.end(id, self._clock(), "unknown", reason)
                raise _Stopped(Unreached(reason, down=True))
            case Unreached(reason):
                outcome = "refused" if _is_refused(result) else "failed"
                await self._webhooks.end(id, self._clock(), outcome, reason)
                if outcome == "failed" or result.permanent:
                    raise _Stopped(result)

    async def _stop(
        self, held: Folded[Webhook], place: Place, stopped: Unreached, done: Sequence[int]
    ) -> None:
        now = self._clock()
        if stopped.permanent:
            order = Order(stream=held.stream, actor=_ACTOR)
            command = webhook.suspend
            await self._webhooks.execute(order, command, at=now, reason=stopped.reason)
            await self._answers(held.stream, "it has been suspended")
        wait = _WAITS[min(place.tries, len(_WAITS) - 1)] * self._jitter()
        asked = min(stopped.retry_after, LONGEST_ASKED.total_seconds())
        kept = msgspec.structs.replace(
            place,
            done=tuple(done),
            tries=place.tries + 1,
            next_at=now + timedelta(seconds=max(wait, asked)),
            reason=stopped.reason,
        )
        await self._webhooks.keep(held.stream, kept)
        if kept.tries >= _SHUT_OFF_AFTER and not stopped.permanent:
            await self._leave_alone(held.stream, now, stopped.reason, max(wait, asked))

    async def _leave_alone(self, webhook: UUID, at: datetime, reason: str, pause: float) -> None:
        """It is on record that it does not answer, and when it is tried again."""
        told = partial(endpoint.leave_alone, webhook=webhook, at=at, reason=reason, pause=pause)
        await self._record(webhook, told)

    async def _answers(self, webhook: UUID, reason: str) -> None:
        """It is left alone no more."""
        held = await self._endpoints.held(endpoint_of_webhook(webhook), fresh=True)
        if held.state.is_shut_off:
            command = partial(endpoint.restore, at=self._clock(), reason=reason)
            await self._record(webhook, command)

    async def _record(self, webhook: UUID, command: Decision) -> None:
        await self._endpoints.record(endpoint_of_webhook(webhook), _ACTOR, command)


def message(fact: Fact) -> bytes:
    """What is posted: the event as it stands on the feed, in the form of Standard Webhooks."""
    about = {"id": fact.id, "subject": fact.subject, "position": fact.position, "actor": fact.actor}
    data = about | {"data": fact.data}
    return _encode(Message(type_of(fact), fact.time, dict(data)))


def type_of(fact: Fact) -> str:
    """What people call it, such as incident.declared."""
    return fact.type.removeprefix("tocsin.").removesuffix(".v1")


def _is_refused(result: Unreached) -> bool:
    """Whether it is this message that is not wanted: another one may be."""
    status = result.reason.removeprefix("answered ")
    if not status.isdigit():
        return result.permanent
    return 400 <= int(status) < 500 and int(status) not in (408, 425, 429)
