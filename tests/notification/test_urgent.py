"""What is urgent: tried again within seconds, and by another channel after a minute."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from services.notification import notification
from services.notification.events import Channel, Delivery
from services.notification.notification import notification_stream
from services.notification.retries import FALLBACK
from services.notification.rules import Status
from services.notification.said import Words
from services.notification.state import Notification
from shared.clock import new_id
from shared.ledger import Order
from tests.conftest import NewDatabase
from tests.notification.desk import INCIDENT, Desk, open_desk
from tests.notification.sinks import MailSink, WebhookSink


@pytest.fixture
async def mail() -> AsyncIterator[MailSink]:
    async with MailSink().up() as sink:
        yield sink


@pytest.fixture
async def hook() -> AsyncIterator[WebhookSink]:
    async with WebhookSink().up() as sink:
        yield sink


@pytest.fixture
async def desk(database: NewDatabase, mail: MailSink) -> AsyncIterator[Desk]:
    async with open_desk((await database("notification")).app, mail=mail) as opened:
        yield opened


async def _page(desk: Desk, contact: UUID, channel: Channel = Channel.WEBHOOK) -> UUID:
    fact = "incident.responder_requested"
    delivery = Delivery(
        cause=new_id(), fact=fact, about=INCIDENT, contact=contact, person="ada", channel=channel
    )
    stream = notification_stream(delivery)
    await desk.notifications.execute(
        Order(stream=stream, actor="system:pager", creates=True),
        notification.plan,
        delivery=delivery,
        happened_at=desk.clock(),
        words=Words("You are asked to join", "INC-7", {"number": "INC-7", "fact": fact}),
        urgent=True,
    )
    return stream


async def _state(desk: Desk, stream: UUID) -> Notification:
    return (await desk.notifications.current(stream)).state


async def _after(desk: Desk, seconds: float) -> None:
    desk.clock.move(seconds=seconds)
    await desk.ring()
    await desk.ring()


async def test_it_is_tried_four_times_within_a_minute(desk: Desk, hook: WebhookSink) -> None:
    hook.answers(500)
    stream = await _page(desk, await desk.contact(webhook_url=hook.url))
    for seconds in (0, 2, 10, 30):
        await _after(desk, seconds)
    assert len((await _state(desk, stream)).attempts) == 4


async def test_after_a_minute_it_goes_by_another_channel_and_the_first_goes_on(
    desk: Desk, hook: WebhookSink, mail: MailSink
) -> None:
    hook.answers(500)
    one = await desk.contact(webhook_url=hook.url, email="ada@example.com")
    stream = await _page(desk, one)
    await _after(desk, FALLBACK.total_seconds() - 1)
    assert mail.mails == []
    await _after(desk, 1)
    first = await _state(desk, stream)
    assert first.fallback is not None
    other = await _state(desk, first.fallback)
    assert (first.status, first.fallback_channel) == (Status.WAITING, Channel.EMAIL)
    assert (other.status, other.instead_of) == (Status.DELIVERED, stream)
    assert [received["subject"] for received in mail.mails] == ["You are asked to join"]


async def test_a_channel_that_is_gone_is_replaced_at_once(
    desk: Desk, hook: WebhookSink, mail: MailSink
) -> None:
    hook.answers(410)
    one = await desk.contact(webhook_url=hook.url, email="ada@example.com")
    await _page(desk, one)
    await desk.ring()
    await _after(desk, 0)
    assert len(mail.mails) == 1


async def test_that_there_is_no_other_channel_is_stated(desk: Desk, hook: WebhookSink) -> None:
    hook.answers(500)
    stream = await _page(desk, await desk.contact(webhook_url=hook.url))
    await _after(desk, FALLBACK.total_seconds())
    state = await _state(desk, stream)
    assert (state.fell_back_at, state.fallback) == (desk.clock(), None)


async def test_what_has_reached_in_time_goes_by_no_other_channel(
    desk: Desk, hook: WebhookSink, mail: MailSink
) -> None:
    one = await desk.contact(webhook_url=hook.url, email="ada@example.com")
    await _page(desk, one)
    await _after(desk, 0)
    await _after(desk, FALLBACK.total_seconds())
    assert (len(hook.calls), mail.mails) == (1, [])


async def test_one_that_is_called_off_goes_by_no_other_channel(
    desk: Desk, hook: WebhookSink, mail: MailSink
) -> None:
    hook.answers(500)
    one = await desk.contact(webhook_url=hook.url, email="ada@example.com")
    stream = await _page(desk, one)
    await _after(desk, 0)
    order = Order(stream=stream, actor="system:pager")
    command = notification.cancel
    await desk.notifications.execute(order, command, at=desk.clock(), reason="bob has it")
    await _after(desk, FALLBACK.total_seconds())
    assert (len(hook.calls), mail.mails) == (1, [])
    assert (await _state(desk, stream)).cancelled_because == "bob has it"
