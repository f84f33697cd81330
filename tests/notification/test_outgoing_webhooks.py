"""Webhooks of other systems: everything, in order for each subject, however long they are down."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace
from standardwebhooks import Webhook as Verifying

from services.notification.endpoints.endpoint import endpoint_of_webhook
from services.notification.endpoints.endpoints import Endpoints
from services.notification.outgoing_webhooks import webhook
from services.notification.outgoing_webhooks.courier import Courier
from services.notification.outgoing_webhooks.events import Source, WebhookSet
from services.notification.outgoing_webhooks.webhooks import Webhooks
from shared.clock import new_id
from shared.follower import Fact
from shared.ledger import Order
from shared.outgoing import Outgoing
from tests.conftest import NewDatabase
from tests.notification.desk import DECLARED, LOOPBACK, Desk, open_desk
from tests.notification.sinks import SECRET, Call, WebhookSink
from tests.support.until import until

OTHER_SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="


class Log:
    """A source's feed, by hand."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.facts: list[Fact] = []

    def tell(self, name: str, subject: UUID, **more: Any) -> Fact:
        fact = self._desk.fact(name, subject, **DECLARED | more)
        self.facts.append(fact)
        return fact

    async def __call__(self, source: str, after: int, limit: int) -> tuple[Sequence[Fact], int]:
        behind = [fact for fact in self.facts if fact.position > after][:limit]
        return behind, behind[-1].position if behind else after


class Told:
    """A courier, its log and one receiver."""

    def __init__(self, desk: Desk, outgoing: Outgoing, sink: WebhookSink) -> None:
        self.desk = desk
        self.log = Log(desk)
        self.sink = sink
        self.webhooks = Webhooks(desk.store)
        self.courier = Courier(self.webhooks, outgoing, self.log, lambda: 1.0)

    async def add(self, key: str = "lake", **more: Any) -> UUID:
        said = WebhookSet(key=key, name=key, url=self.sink.url, source=Source.INCIDENT, **more)
        order = Order(stream=new_id(), actor="admin", creates=True)
        await self.webhooks.execute(order, webhook.add, said=said, secret=SECRET)
        return order.stream

    async def give(self, id: UUID, command: Any, **said: Any) -> None:
        await self.webhooks.execute(Order(stream=id, actor="admin"), command, **said)

    async def drain(self, id: UUID) -> None:
        while await self.courier.step(id):
            pass

    async def outcomes(self, id: UUID) -> list[str]:
        rows = await self.desk.store.pool.fetch(
            "select outcome from webhook_deliveries where webhook = $1 order by id", id
        )
        return [row["outcome"] for row in rows]


@pytest.fixture
async def told(database: NewDatabase) -> AsyncIterator[Told]:
    async with (
        WebhookSink().up() as sink,
        open_desk((await database("notification")).app) as desk,
        Outgoing(LOOPBACK, within=2.0) as outgoing,
    ):
        yield Told(desk, outgoing, sink)


async def _has_taken(sink: WebhookSink, calls: int) -> bool:
    return len(sink.calls) >= calls


def _by_subject(calls: Sequence[Call]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for call in calls:
        data = json.loads(call.body)["data"]
        found[data["subject"]].append(data["position"])
    return found


async def test_an_event_is_told_as_it_stands_on_the_feed(told: Told) -> None:
    id = await told.add()
    fact = told.log.tell("incident.declared", new_id())
    await told.drain(id)
    (call,) = told.sink.calls
    message = call.verified()
    assert message["type"] == "incident.declared"
    assert message["data"]["data"]["title"] == DECLARED["title"]
    assert call.headers["webhook-id"] == str(fact.id)
    assert await told.outcomes(id) == ["delivered"]


async def test_one_that_is_down_for_three_days_gets_everything_in_order(told: Told) -> None:
    id, subjects = await told.add(), [new_id() for _ in range(7)]
    told.sink.answers(503)
    for hour in range(72):
        for subject in subjects:
            told.log.tell("incident.noted" if hour else "incident.declared", subject)
        await told.drain(id)
        told.desk.clock.move(hours=1)
    refused = len(told.sink.calls)
    assert 0 < refused < 72 * 10
    told.sink.calls.clear()
    told.sink.answers(204)
    await told.drain(id)
    expected: dict[str, list[int]] = defaultdict(list)
    for fact in told.log.facts:
        expected[str(fact.subject)].append(fact.position)
    assert _by_subject(told.sink.calls) == expected
    await told.drain(id)
    assert len(told.sink.calls) == 72 * 7


async def test_what_got_through_before_a_failure_is_not_told_again(told: Told) -> None:
    id, subject, other = await told.add(), new_id(), new_id()
    for each in (subject, other, subject):
        told.log.tell("incident.noted", each)
    taken = told.sink.answer

    async def fails_after_two() -> None:
        await until(partial(_has_taken, told.sink, 2))
        told.sink.answers(500)

    watching = asyncio.create_task(fails_after_two())
    await told.drain(id)
    await watching
    told.sink.answer = taken
    told.desk.clock.move(days=1)
    await told.drain(id)
    outcomes = await told.outcomes(id)
    assert outcomes.count("delivered") == 3
    assert len(told.sink.calls) == len(outcomes)


async def test_one_event_that_is_refused_holds_up_nobody(told: Told) -> None:
    id = await told.add()
    told.log.tell("incident.declared", new_id())
    told.sink.answers(400)
    await told.drain(id)
    told.sink.answers(204)
    told.log.tell("incident.declared", new_id())
    await told.drain(id)
    assert await told.outcomes(id) == ["refused", "delivered"]


async def test_one_that_is_gone_is_suspended_until_it_is_resumed(told: Told) -> None:
    id = await told.add()
    told.log.tell("incident.declared", new_id())
    told.sink.answers(410)
    await told.drain(id)
    state = (await told.webhooks.current(id)).state
    assert state.suspended_because == "answered 410: the endpoint is gone"
    told.sink.answers(204)
    told.desk.clock.move(days=1)
    await told.drain(id)
    assert len(told.sink.calls) == 1
    await told.give(id, webhook.resume, at=told.desk.clock())
    await told.drain(id)
    assert len(told.sink.calls) == 2


async def test_a_receiver_that_asks_to_be_left_alone_is(told: Told) -> None:
    id = await told.add()
    told.log.tell("incident.declared", new_id())
    told.sink.answers(429, "Retry-After: 600")
    await told.drain(id)
    told.sink.answers(204)
    for minutes, calls in ((9, 1), (1, 2)):
        told.desk.clock.move(minutes=minutes)
        await told.drain(id)
        assert len(told.sink.calls) == calls


async def test_it_can_be_told_again_from_any_position(told: Told) -> None:
    id = await told.add()
    facts = [told.log.tell("incident.noted", new_id()) for _ in range(5)]
    await told.drain(id)
    await told.give(id, webhook.rewind, position=facts[2].position, at=told.desk.clock())
    await told.drain(id)
    positions = [call.verified()["data"]["position"] for call in told.sink.calls[5:]]
    assert sorted(positions) == [facts[3].position, facts[4].position]


@pytest.mark.parametrize(
    ("filters", "told_of"),
    [
        ({}, 4),
        ({"types": ("incident.declared",)}, 2),
        ({"types": ("incident.*",)}, 4),
        ({"types": ("problem.*",)}, 0),
        ({"services": ("search",)}, 0),
        ({"services": ("checkout",), "priorities": (1, 2)}, 4),
        ({"priorities": (3,)}, 0),
    ],
)
async def test_filters_add_up_and_what_is_restricted_is_left_out(
    told: Told, filters: dict[str, Any], told_of: int
) -> None:
    id = await told.add(**filters)
    for _ in range(2):
        subject = new_id()
        facts = [told.log.tell(name, subject) for name in ("incident.declared", "incident.closed")]
        await told.desk.hear(*facts)
    kept = told.log.tell("incident.declared", new_id())
    told.log.facts[-1] = replace(kept, restricted=True)
    await told.drain(id)
    assert len(told.sink.calls) == told_of


async def test_two_secrets_are_valid_while_one_is_changed_for_the_other(told: Told) -> None:
    id = await told.add()
    tomorrow = told.desk.clock() + timedelta(hours=24)
    await told.give(id, webhook.rotate, secret=OTHER_SECRET, until=tomorrow)
    told.log.tell("incident.declared", new_id())
    await told.drain(id)
    told.desk.clock.move(hours=24)
    told.log.tell("incident.declared", new_id())
    await told.drain(id)
    both, new = told.sink.calls
    assert both.verified(SECRET) == both.verified(OTHER_SECRET)
    assert len(both.headers["webhook-signature"].split()) == 2
    assert len(new.headers["webhook-signature"].split()) == 1
    signed = Verifying(OTHER_SECRET).sign(
        new.headers["webhook-id"], told.desk.clock(), new.body.decode()
    )
    assert new.headers["webhook-signature"] == signed


async def test_an_attempt_whose_maker_was_killed_is_of_unknown_outcome(told: Told) -> None:
    id = await told.add()
    told.log.tell("incident.declared", new_id())
    told.sink.answer = b""
    killed = asyncio.create_task(told.drain(id))
    await told.sink.arrived.wait()
    killed.cancel()
    await asyncio.wait([killed])
    told.sink.answers(204)
    await told.drain(id)
    assert await told.outcomes(id) == ["unknown", "delivered"]
    first, second = told.sink.calls
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


async def test_one_beside_another_has_a_place_of_its_own(told: Told) -> None:
    first, second = await told.add(), await told.add("other")
    told.log.tell("incident.declared", new_id())
    await told.drain(first)
    assert len(told.sink.calls) == 1
    await told.drain(second)
    assert len(told.sink.calls) == 2


async def test_a_courier_tells_when_its_receiver_is_left_alone_and_when_it_is_back(
    told: Told,
) -> None:
    id = await told.add()
    ledger = Endpoints(told.desk.store)

    async def reasons() -> tuple[bool, str | None, int]:
        state = (await ledger.held(endpoint_of_webhook(id), fresh=True)).state
        return state.is_shut_off, state.reason, state.probes

    told.sink.answers(503)
    told.log.tell("incident.declared", new_id())
    for expected in ((False, None, 0), (True, "answered 503", 0), (True, "answered 503", 1)):
        await told.drain(id)
        assert await reasons() == expected
        told.desk.clock.move(hours=1)
    await told.webhooks.hurry(id)
    told.sink.answers(410)
    await told.drain(id)
    assert await reasons() == (False, None, 0), "it is suspended, which its webhook tells"


async def test_one_that_is_tried_by_hand_is_tried_at_once(told: Told) -> None:
    id = await told.add()
    told.sink.answers(503)
    told.log.tell("incident.declared", new_id())
    await told.drain(id)
    told.desk.clock.move(hours=1)
    await told.drain(id)
    ledger, stream = Endpoints(told.desk.store), endpoint_of_webhook(id)
    assert (await ledger.held(stream, fresh=True)).state.is_shut_off
    told.sink.answers(204)
    await told.drain(id)
    assert len(told.sink.calls) == 2, "it waits"
    await told.webhooks.hurry(id)
    await told.drain(id)
    assert len(told.sink.calls) == 3
    assert not (await ledger.held(stream, fresh=True)).state.is_shut_off
