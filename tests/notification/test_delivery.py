"""From a fact to its receivers: by mail and by webhook, again and again until somebody has it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from services.notification import contact, notification
from services.notification.events import Channel, Template
from services.notification.retries import LEASE, NORMAL
from services.notification.rules import Status
from services.notification.state import Outcome
from shared.ledger import Order
from shared.outgoing import Outgoing
from tests.conftest import NewDatabase
from tests.notification.desk import DECLARED, LOOPBACK, Desk, open_desk, parts
from tests.notification.sinks import MailSink, WebhookSink
from tests.support.tls import secured


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


async def _told_by_webhook(desk: Desk, url: str) -> None:
    await desk.subscribe(await desk.contact(webhook_url=url), Channel.WEBHOOK)
    await desk.hear(desk.fact("incident.declared", **DECLARED))


async def _told_by_mail(desk: Desk) -> None:
    await desk.subscribe(await desk.contact(), Channel.EMAIL)
    await desk.hear(desk.fact("incident.declared", **DECLARED))


async def test_a_mail_says_what_happened(desk: Desk, mail: MailSink) -> None:
    await _told_by_mail(desk)
    await desk.ring()
    (received,) = mail.mails
    assert received["subject"] == "[INC-7] Checkout is slow: declared"
    assert received["to"] == "ada@example.com"
    assert received["from"] == "tocsin@example.com"
    assert received["auto-submitted"] == "auto-generated"
    assert "Priority: 1" in received.get_content()
    assert parsedate_to_datetime(received["date"]) == desk.clock().replace(microsecond=0)
    assert (await desk.only()).status is Status.DELIVERED


async def test_a_webhook_is_signed_by_the_standard_scheme(desk: Desk, hook: WebhookSink) -> None:
    await _told_by_webhook(desk, hook.url)
    await desk.ring()
    (call,) = hook.calls
    message = call.verified()
    assert message["type"] == "incident.declared"
    assert message["data"]["number"] == "INC-7"
    assert call.headers["webhook-id"] == str((await desk.planned())[0].stream)
    assert call.headers["host"] == f"127.0.0.1:{hook.port}"
    assert (await desk.attempts())[0].answer == "204"


async def test_nobody_is_told_of_anything_without_a_subscription(
    desk: Desk, mail: MailSink
) -> None:
    await desk.contact("demo-reporter")
    await desk.hear(desk.fact("incident.declared", **DECLARED, reporter="demo-reporter"))
    await desk.ring()
    assert await desk.planned() == []
    assert mail.mails == []


async def test_two_subscriptions_to_the_same_fact_tell_once_a_channel(
    desk: Desk, mail: MailSink, hook: WebhookSink
) -> None:
    one = await desk.contact(email="ada@example.com", webhook_url=hook.url)
    for channel in (Channel.EMAIL, Channel.EMAIL, Channel.WEBHOOK):
        await desk.subscribe(one, channel)
    fact = desk.fact("incident.declared", **DECLARED)
    await desk.hear(fact)
    await desk.hear(fact, desk.fact("incident.closed"))
    await desk.ring()
    assert (len(mail.mails), len(hook.calls)) == (1, 1)


async def test_a_receiver_that_was_down_gets_it_when_it_is_back(desk: Desk) -> None:
    sink = WebhookSink()
    await _told_by_webhook(desk, sink.url)
    await desk.ring()
    desk.clock.move(seconds=4)
    await desk.ring()
    assert [a.outcome for a in await desk.attempts()] == [Outcome.FAILED]
    desk.clock.move(seconds=1)
    async with sink.up():
        await desk.ring()
    assert [a.outcome for a in await desk.attempts()] == [Outcome.FAILED, Outcome.DELIVERED]
    assert len(sink.calls) == 1


async def test_after_the_whole_schedule_it_is_a_dead_letter_until_redriven(
    desk: Desk, hook: WebhookSink
) -> None:
    hook.answers(500)
    await _told_by_webhook(desk, hook.url)
    for wait in NORMAL:
        desk.clock.move(seconds=wait.total_seconds())
        await desk.ring()
        await desk.ring()
    assert (await desk.only()).status is Status.EXHAUSTED
    assert len({call.headers["webhook-id"] for call in hook.calls}) == 1
    made = len(hook.calls)
    desk.clock.move(days=3)
    await desk.ring()
    assert len(hook.calls) == made + 1  # a probe of its endpoint
    hook.answers(200)
    ((stream, *_),) = await desk.planned()
    order = Order(stream=stream, actor="admin")
    await desk.notifications.execute(order, notification.redrive, at=desk.clock())
    await desk.ring()
    assert (await desk.only()).status is Status.DELIVERED
    assert {call.body for call in hook.calls} == {hook.calls[0].body}


async def test_a_crash_in_a_call_leaves_its_outcome_unknown_and_repeats_it_with_the_same_id(
    desk: Desk, hook: WebhookSink
) -> None:
    hook.answer = b""
    await _told_by_webhook(desk, hook.url)
    await desk.timers.ring()
    await hook.arrived.wait()
    await desk.sender.idle(within=0)  # what an end of the process does to a call
    assert (await desk.only()).status is Status.SENDING
    hook.answers(204)
    async with Outgoing(LOOPBACK) as outgoing:
        after = parts(desk.store, desk.clock, outgoing)
        await after.ring()
        assert len(hook.calls) == 1
        desk.clock.move(seconds=LEASE.total_seconds())
        await after.ring()
        outcomes = [a.outcome for a in await after.attempts()]
    assert outcomes == [Outcome.UNKNOWN, Outcome.DELIVERED]
    first, second = hook.calls
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


async def test_an_attempt_is_on_record_before_the_call(desk: Desk, hook: WebhookSink) -> None:
    hook.answer = b""
    await _told_by_webhook(desk, hook.url)
    await desk.timers.ring()
    await hook.arrived.wait()
    topics = [e.topic for e in await desk.store.log.page(0) if "notification" in e.topic]
    assert topics == ["notification.planned", "notification.attempt_started"]
    await desk.sender.idle(within=0)


async def test_a_receiver_that_never_answers_fails_in_time(database: NewDatabase) -> None:
    async with (
        WebhookSink(answer=b"").up() as hook,
        open_desk((await database("notification")).app, patience=0.2) as desk,
    ):
        await _told_by_webhook(desk, hook.url)
        await desk.ring()
        (attempt,) = await desk.attempts()
    assert attempt.outcome is Outcome.FAILED
    assert attempt.answer == "no answer within 0.2 seconds"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n", Outcome.FAILED),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", Outcome.FAILED),
        (b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", Outcome.REFUSED),
        (b"HTTP/1.1 429 Slow down\r\nContent-Length: 0\r\n\r\n", Outcome.FAILED),
        (b"nonsense\r\n\r\n", Outcome.FAILED),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n", Outcome.FAILED),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\nbits", Outcome.DELIVERED),
    ],
)
async def test_only_a_2xx_counts(
    desk: Desk, hook: WebhookSink, answer: bytes, outcome: Outcome
) -> None:
    hook.answer = answer
    await _told_by_webhook(desk, hook.url)
    await desk.ring()
    assert [a.outcome for a in await desk.attempts()] == [outcome]


@pytest.mark.parametrize(
    ("status", "headers", "said"),
    [
        (302, ["Location: http://127.0.0.1:1/"], "answered 302: redirects are not followed"),
        (410, [], "answered 410: the endpoint is gone"),
        (500, ["Retry-After: 600"], "answered 500"),
    ],
)
async def test_an_attempt_says_what_came_of_it(
    desk: Desk, hook: WebhookSink, status: int, headers: list[str], said: str
) -> None:
    hook.answers(status, *headers)
    await _told_by_webhook(desk, hook.url)
    await desk.ring()
    assert [a.answer for a in await desk.attempts()] == [said]


@pytest.mark.parametrize(
    ("status", "asks", "seconds"),
    [
        (429, "600", 600),
        (503, "600", 600),
        (429, "1", 5),
        (429, "99999999999999", 86_400),
        (429, "soon", 5),
        (500, "600", 5),
    ],
)
async def test_a_receiver_that_asks_to_be_left_alone_is_within_bounds(
    desk: Desk, hook: WebhookSink, status: int, asks: str, seconds: float
) -> None:
    hook.answers(status, f"Retry-After: {asks}")
    await _told_by_webhook(desk, hook.url)
    await desk.ring()
    assert (await desk.only()).next_at == desk.clock() + timedelta(seconds=seconds)


async def test_a_receiver_whose_certificate_does_not_hold_is_told(
    desk: Desk, hook: WebhookSink, tmp_path: Path
) -> None:
    async with secured(tmp_path, hook.port) as there:
        await _told_by_webhook(desk, f"{there.base}/hook")
        await desk.ring()
    (attempt,) = await desk.attempts()
    assert attempt.outcome is Outcome.FAILED
    assert attempt.answer == "its TLS certificate is refused: it is signed by itself"
    assert hook.calls == []


async def test_a_connection_is_kept_for_the_next_call(desk: Desk, hook: WebhookSink) -> None:
    hook.keeps_open = True
    one = await desk.contact(webhook_url=hook.url)
    await desk.subscribe(one, Channel.WEBHOOK)
    for _ in range(3):
        await desk.hear(desk.fact("incident.declared", **DECLARED))
        await desk.ring()
    assert (len(hook.calls), hook.connections) == (3, 1)


async def test_a_mail_lost_after_it_was_handed_over_may_have_arrived(
    desk: Desk, mail: MailSink
) -> None:
    mail.hangs_up_after_data = True
    await _told_by_mail(desk)
    await desk.ring()
    mail.hangs_up_after_data = False
    desk.clock.move(seconds=5)
    await desk.ring()
    lost, again = await desk.attempts()
    assert (lost.outcome, again.outcome) == (Outcome.UNKNOWN, Outcome.DELIVERED)
    assert lost.answer == "the mail server was lost after the mail was sent: SMTPServerDisconnected"
    assert len({received["message-id"] for received in mail.mails}) == 1


async def test_a_server_that_delays_strangers_is_tried_again(desk: Desk, mail: MailSink) -> None:
    mail.answer = "451 4.7.1 greylisted, come back later"
    await _told_by_mail(desk)
    await desk.ring()
    mail.answer = "250 2.0.0 taken"
    desk.clock.move(seconds=5)
    await desk.ring()
    delayed, taken = await desk.attempts()
    assert delayed.answer == "the mail server refused it: 451 4.7.1"
    assert (delayed.outcome, taken.outcome) == (Outcome.FAILED, Outcome.DELIVERED)


@pytest.mark.parametrize(
    ("answer", "outcome", "kept"),
    [
        ("550 5.1.1 <ada@example.com> is unknown", Outcome.REFUSED, "550 5.1.1"),
        ("452 4.2.2 ada@example.com is full", Outcome.FAILED, "452 4.2.2"),
        ("554 no thanks, ada@example.com", Outcome.REFUSED, "554"),
    ],
)
async def test_a_mail_server_refuses_for_good_or_for_now_and_no_address_is_kept(
    desk: Desk, mail: MailSink, answer: str, outcome: Outcome, kept: str
) -> None:
    mail.answer = answer
    await _told_by_mail(desk)
    await desk.ring()
    (attempt,) = await desk.attempts()
    assert attempt.outcome is outcome
    assert attempt.answer == f"the mail server refused it: {kept}"


async def test_a_mail_server_with_a_password(database: NewDatabase) -> None:
    async with (
        MailSink(password="open sesame").up() as mail,
        open_desk((await database("notification")).app, mail=mail) as desk,
    ):
        mail.password = "changed"
        await _told_by_mail(desk)
        await desk.ring()
        (attempt,) = await desk.attempts()
        assert attempt.answer == "the mail server answered 535 5.7.8"
        mail.password = "open sesame"
        desk.clock.move(seconds=5)
        await desk.ring()
        assert (await desk.only()).status is Status.DELIVERED


async def test_without_a_mail_server_mail_waits_for_one(database: NewDatabase) -> None:
    async with open_desk((await database("notification")).app) as desk:
        await _told_by_mail(desk)
        await desk.ring()
        waiting = await desk.only()
    assert waiting.status is Status.WAITING
    assert waiting.attempts[0].answer == "no mail server is configured: set TOCSIN_SMTP_URL"
    assert waiting.next_at == desk.clock() + timedelta(seconds=5)


async def test_a_contact_without_the_address_any_more_is_a_dead_letter(desk: Desk) -> None:
    one = await desk.contact()
    await desk.subscribe(one, Channel.EMAIL)
    await desk.hear(desk.fact("incident.declared", **DECLARED))
    await desk.contacts.execute(Order(stream=one, actor="admin"), contact.retire)
    await desk.ring()
    assert (await desk.only()).status is Status.EXHAUSTED


async def test_an_address_of_this_machine_is_refused_unless_allowed(
    desk: Desk, hook: WebhookSink
) -> None:
    async with Outgoing() as strict:
        guarded = parts(desk.store, desk.clock, strict)
        await _told_by_webhook(guarded, hook.url)
        await guarded.ring()
    assert hook.calls == []
    assert (await desk.attempts())[0].outcome is Outcome.REFUSED


async def test_acknowledging_ends_the_attempts(desk: Desk, hook: WebhookSink) -> None:
    hook.answers(503)
    await _told_by_webhook(desk, hook.url)
    await desk.ring()
    ((stream, *_),) = await desk.planned()
    order = Order(stream=stream, actor="ada")
    await desk.notifications.execute(order, notification.acknowledge, by="ada", at=desk.clock())
    desk.clock.move(days=2)
    await desk.ring()
    assert len(hook.calls) == 1
    assert (await desk.only()).status is Status.CANCELLED


async def test_a_slow_receiver_holds_up_nobody(
    desk: Desk, hook: WebhookSink, mail: MailSink
) -> None:
    hook.answer = b""
    one = await desk.contact(email="ada@example.com", webhook_url=hook.url)
    await desk.subscribe(one, Channel.WEBHOOK)
    await desk.subscribe(one, Channel.EMAIL)
    await desk.hear(desk.fact("incident.declared", **DECLARED))
    await desk.timers.ring()
    await asyncio.gather(mail.arrived.wait(), hook.arrived.wait())
    await desk.sender.idle(within=0)
    assert len(mail.mails) == 1


async def test_a_title_cannot_bring_headers_of_its_own(desk: Desk, mail: MailSink) -> None:
    words = Template(subject="{{title}}", text="{{title}}\n{{number}}")
    await desk.subscribe(await desk.contact(), Channel.EMAIL, template=words)
    title = "Hi\r\nBcc: everybody@example.com\r\n\r\nBuy {{number}} \u202egnp.exe"
    await desk.hear(desk.fact("incident.declared", **(DECLARED | {"title": title})))
    await desk.ring()
    (received,) = mail.mails
    assert received["bcc"] is None
    assert received["subject"] == "Hi Bcc: everybody@example.com Buy {{number}} gnp.exe"
    assert received.get_content().splitlines()[-1] == "INC-7"


async def test_an_address_that_reads_as_another_is_never_written(desk: Desk) -> None:
    ada = await desk.contact(email="=?utf-8?q?eve=40example.org?=@example.com")
    await desk.subscribe(ada, Channel.EMAIL)
    await desk.hear(desk.fact("incident.declared", **DECLARED))
    await desk.ring()
    (attempt,) = await desk.attempts()
    assert attempt.outcome is Outcome.REFUSED
