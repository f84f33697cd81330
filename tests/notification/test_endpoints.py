"""Endpoints that do not answer: left alone but for probes, and nothing is lost by it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import pytest

from services.notification.endpoints import endpoint
from services.notification.endpoints.endpoint import FAILURES, Endpoint, endpoint_of
from services.notification.endpoints.events import EndpointEvent, ProbeFailed, Restored, ShutOff
from services.notification.events import Channel, Delivery
from services.notification.retries import NORMAL
from services.notification.rules import Status
from services.notification.state import Notification
from shared.clock import new_id
from shared.domain import changed
from tests.conftest import NewDatabase
from tests.notification.desk import DECLARED, Desk, open_desk
from tests.notification.given import Given
from tests.notification.given import given as given_of
from tests.notification.sinks import WebhookSink

AT = datetime(2026, 11, 22, 10, 4, tzinfo=UTC)
ID = UUID("0199aaaa-0000-7000-8000-000000000001")
DELIVERY = Delivery(
    cause=ID, fact="incident.declared", about=ID, contact=ID, person="ada", channel=Channel.WEBHOOK
)
shut_off = ShutOff(contact=ID, channel=Channel.WEBHOOK, at=AT, reason="answered 500", probe_in=30.0)
restored = Restored(at=AT, reason="it answers again")


def given(*events: EndpointEvent) -> Given:
    return given_of(Endpoint(), endpoint.evolve, *events)


def probed(seconds: float) -> ProbeFailed:
    return ProbeFailed(at=AT, reason="answered 500", probe_in=seconds)


def test_it_is_shut_off_once_and_restored_once() -> None:
    why = {"at": AT, "reason": "answered 500"}
    given().when(endpoint.shut_off, delivery=DELIVERY, **why).then(shut_off)
    given(shut_off).when(endpoint.shut_off, delivery=DELIVERY, **why).nothing()
    back = {"at": AT, "reason": "it answers again"}
    given(shut_off).when(endpoint.restore, **back).then(restored)
    given(shut_off, restored).when(endpoint.restore, **back).nothing()


def test_each_probe_comes_later_than_the_one_before_up_to_a_quarter_of_an_hour() -> None:
    failing = {"at": AT, "reason": "answered 500"}
    waits = [60.0, 120.0, 240.0, 480.0, 900.0, 900.0]
    for n, wait in enumerate(waits):
        given(shut_off, *map(probed, waits[:n])).when(endpoint.fail_probe, **failing).then(
            probed(wait)
        )
    given(shut_off, restored).when(endpoint.fail_probe, **failing).nothing()


def test_each_contact_has_its_own_and_all_mail_goes_to_one() -> None:
    other = changed(DELIVERY, contact=new_id())
    assert endpoint_of(DELIVERY) != endpoint_of(other)
    mails = [changed(each, channel=Channel.EMAIL) for each in (DELIVERY, other)]
    assert len(set(map(endpoint_of, mails))) == 1


@pytest.fixture
async def hook() -> AsyncIterator[WebhookSink]:
    async with WebhookSink().up() as sink:
        yield sink


@pytest.fixture
async def desk(database: NewDatabase) -> AsyncIterator[Desk]:
    async with open_desk((await database("notification")).app) as opened:
        yield opened


async def _subscribed(desk: Desk, hook: WebhookSink) -> None:
    await desk.subscribe(await desk.contact(webhook_url=hook.url), Channel.WEBHOOK)


async def _told(desk: Desk, times: int) -> None:
    for _ in range(times):
        await desk.hear(desk.fact("incident.declared", **DECLARED))
        desk.clock.move(seconds=1)


async def _states(desk: Desk) -> list[Notification]:
    return [each.state for each in await desk.planned()]


async def _shut_off(desk: Desk, hook: WebhookSink) -> None:
    hook.answers(500)
    await _subscribed(desk, hook)
    await _told(desk, FAILURES)
    await desk.ring()
    assert len(hook.calls) == FAILURES


async def test_after_failures_in_a_row_nothing_is_sent_but_its_schedule_goes_on(
    desk: Desk, hook: WebhookSink
) -> None:
    await _shut_off(desk, hook)
    await _told(desk, 3)
    await desk.ring()
    assert len(hook.calls) == FAILURES
    skipped = [each for each in await _states(desk) if not each.attempts]
    assert {each.held_because for each in skipped} == {"its endpoint does not answer"}
    assert len(skipped) == 3


async def test_a_probe_goes_alone_and_when_it_succeeds_all_follow(
    desk: Desk, hook: WebhookSink
) -> None:
    await _shut_off(desk, hook)
    await _told(desk, 3)
    await desk.ring()
    desk.clock.move(seconds=30)
    await desk.ring()
    assert len(hook.calls) == FAILURES + 1
    hook.answers(204)
    desk.clock.move(seconds=60)
    for _ in range(3):
        await desk.ring()
    assert {each.status for each in await _states(desk)} == {Status.DELIVERED}
    assert len(hook.calls) == FAILURES + 1 + FAILURES + 3


async def test_what_could_not_be_delivered_for_days_is_redriven_when_its_endpoint_is_back(
    desk: Desk, hook: WebhookSink
) -> None:
    hook.answers(503)
    await _subscribed(desk, hook)
    await _told(desk, 2)
    for wait in NORMAL:
        desk.clock.move(seconds=wait.total_seconds())
        await desk.ring()
        await desk.ring()
    assert {each.status for each in await _states(desk)} == {Status.EXHAUSTED}
    hook.answers(204)
    desk.clock.move(minutes=15)
    for _ in range(3):
        await desk.ring()
    assert {each.status for each in await _states(desk)} == {Status.DELIVERED}


async def test_one_that_is_gone_is_not_probed(desk: Desk, hook: WebhookSink) -> None:
    hook.answers(410)
    await _subscribed(desk, hook)
    await _told(desk, 1)
    await desk.ring()
    desk.clock.move(days=1)
    await desk.ring()
    assert len(hook.calls) == 1


async def test_another_process_hears_of_it(desk: Desk, hook: WebhookSink) -> None:
    await _shut_off(desk, hook)
    rows = partial(desk.store.pool.fetch, "select shut_off_at from endpoints")
    assert [row["shut_off_at"] is not None for row in await rows()] == [True]
