"""Ways to reach a contact are verified before need: a code goes out, and is told."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.notification import contact
from services.notification.contact import Contact
from services.notification.contact_events import (
    CodeRefused,
    CodeSent,
    ContactSet,
    MethodVerified,
    SecretSet,
)
from services.notification.events import Channel
from services.notification.verification import verifying
from services.notification.verification.allowance import MOST, WITHIN, Allowance
from shared.client import AsyncClient
from shared.errors import TooMany
from tests.notification.sinks import SECRET, MailSink, WebhookSink
from tests.support.postgres import Databases
from tests.support.scenario import Scenario
from tests.support.service import RunningService
from tests.support.started import started

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
MAIL = Channel.EMAIL
ADA = ContactSet(person="ada", name="Ada", email="ada@example.com")


def _sent(at: datetime = NOW, digest: str = "x") -> CodeSent:
    return CodeSent(channel=MAIL, digest=digest, at=at, expires_at=at + timedelta(minutes=30))


def _ada(*events: Any) -> Scenario[Contact]:
    return Scenario(contact.evolve, Contact()).given(ADA, *events)


def test_the_code_that_went_out_verifies_and_another_is_counted() -> None:
    sent = _ada().when(verifying.send, channel=MAIL, digest="x", at=NOW).then(_sent())
    told: dict[str, Any] = {"channel": MAIL, "at": NOW}
    wrong = sent.when(verifying.confirm, digest="y", **told)
    assert not wrong.follows().relies_on(MAIL)
    right = sent.when(verifying.confirm, digest="x", **told).then(MethodVerified(**told))
    assert right.state.relies_on(MAIL)
    right.when(verifying.confirm, digest="x", **told).nothing_new()
    five = sent.given(*[CodeRefused(**told)] * 5)
    five.when(verifying.confirm, digest="x", **told).refused("counts no more")


def test_a_code_counts_for_half_an_hour_and_is_not_sent_without_pause() -> None:
    late = NOW + timedelta(minutes=30)
    sent = _ada(_sent())
    sent.when(verifying.confirm, channel=MAIL, digest="x", at=late).refused("counts no more")
    soon = NOW + timedelta(seconds=29)
    sent.when(verifying.send, channel=MAIL, digest="z", at=soon).refused("a moment ago")
    again = sent.when(verifying.send, channel=MAIL, digest="z", at=late).then(_sent(late, "z"))
    again.when(verifying.confirm, channel=MAIL, digest="z", at=late).follows()
    hook = Channel.WEBHOOK
    sent.when(verifying.send, channel=hook, digest="z", at=late).refused("has no address")
    _ada().when(verifying.confirm, channel=MAIL, digest="x", at=NOW).refused("no code has gone")


def test_another_address_has_to_be_verified_anew_and_the_same_has_not() -> None:
    verified = MethodVerified(channel=MAIL, at=NOW)
    known = _ada(_sent(), verified)
    said: dict[str, Any] = {"person": "ada", "name": "Ada", "email": "new@example.com"}
    assert not known.when(contact.put, **said).follows().relies_on(MAIL)
    same = known.when(contact.put, **said, same={MAIL, Channel.WEBHOOK})
    assert same.follows().verified == {"email": NOW}
    assert not _ada(SecretSet(person="ada", secret="s")).state.relies_on(MAIL)


@pytest.fixture(scope="module")
async def mail() -> AsyncIterator[MailSink]:
    async with MailSink().up() as sink:
        yield sink


@pytest.fixture(scope="module")
async def service(databases: Databases, mail: MailSink) -> AsyncIterator[RunningService]:
    told: dict[str, Any] = {"smtp_url": mail.url, "outbound_allow": "127.0.0.0/8"}
    async with started("notification", databases, **told) as running:
        yield running


async def _contact(client: AsyncClient, **ways: Any) -> str:
    added = await client.post("/v1/contacts", json={"name": "Ada"} | ways)
    assert added.status_code == 201, added.text
    return f"/v1/contacts/{added.json()['id']}"


async def test_a_mail_address_is_verified_over_http(
    service: RunningService, mail: MailSink
) -> None:
    mail.mails.clear()
    client = service.client("responder", subject="ada")
    path = await _contact(client, email="ada@example.com")
    assert (await client.get(path)).json()["verified"] == []
    sent = await client.post(f"{path}/send-code", json={"channel": "email"})
    assert sent.status_code == 200, sent.text
    found = re.search(r"[A-Z2-9]{4}-[A-Z2-9]{4}", mail.mails[0].get_content())
    assert found is not None
    code = found[0]
    log = [e async for e in _log(service)]
    assert code not in str(log)
    assert code.replace("-", "") not in str(log)
    wrong = await client.post(f"{path}/verify", json={"channel": "email", "code": "AAAA-AAAA"})
    assert (wrong.status_code, wrong.json()["detail"]) == (
        409,
        "that is not the code that went out",
    )
    told = {"channel": "email", "code": code.lower().replace("-", " ")}
    right = await client.post(f"{path}/verify", json=told)
    assert right.json()["verified"] == ["email"]
    (item,) = (await client.get("/v1/contacts", params={"person": "ada"})).json()["items"]
    assert item["verified"] == ["email"]
    body = {"name": "Ada L.", "email": "ada@example.com"}
    assert (await client.put(path, json=body)).json()["verified"] == ["email"]
    body = {"name": "Ada L.", "email": "other@example.com"}
    assert (await client.put(path, json=body)).json()["verified"] == []


async def _log(service: RunningService) -> AsyncIterator[Any]:
    for event in await service.service.store.log.page(0):
        yield event.event


async def test_a_webhook_is_verified_by_the_code_it_was_sent_signed(
    service: RunningService,
) -> None:
    client = service.client("responder", subject="bob")
    async with WebhookSink().up() as hook:
        path = await _contact(client, webhook={"url": hook.url, "secret": SECRET})
        await client.post(f"{path}/send-code", json={"channel": "webhook"})
        message = hook.calls[0].verified()
    assert message["type"] == "contact.verification"
    told = {"channel": "webhook", "code": message["data"]["code"]}
    assert (await client.post(f"{path}/verify", json=told)).json()["verified"] == ["webhook"]


async def test_a_code_that_cannot_be_sent_is_a_stated_refusal(
    service: RunningService, mail: MailSink
) -> None:
    client = service.client("responder", subject="cleo")
    path = await _contact(client, email="cleo@example.com")
    mail.answer = "550 5.1.1 unknown"
    answer = await client.post(f"{path}/send-code", json={"channel": "email"})
    mail.answer = "250 2.0.0 taken"
    assert answer.status_code == 409
    assert "the code could not be sent: the mail server refused it: 550" in answer.json()["detail"]
    other = service.client("responder", subject="dan")
    assert (await other.post(f"{path}/send-code", json={"channel": "email"})).status_code == 403


async def test_a_repeated_request_sends_no_other_code(
    service: RunningService, mail: MailSink
) -> None:
    client = service.client("responder", subject="emil")
    path, key = await _contact(client, email="emil@example.com"), {"idempotency-key": "once"}
    before = len(mail.mails)
    first = await client.post(f"{path}/send-code", json={"channel": "email"}, headers=key)
    again = await client.post(f"{path}/send-code", json={"channel": "email"}, headers=key)
    assert (first.status_code, again.status_code) == (200, 200), again.text
    assert (again.content, len(mail.mails)) == (first.content, before + 1)


async def test_codes_are_no_way_to_flood_a_mailbox(service: RunningService, mail: MailSink) -> None:
    client = service.client("responder", subject="mallory")
    path = await _contact(client, email="victim@example.com")
    answers, before = [], len(mail.mails)
    for n in range(MOST + 1):
        body = {"name": "M", "email": f"victim{n}@example.com"}  # another address, another code
        assert (await client.put(path, json=body)).status_code == 200
        answers.append(await client.post(f"{path}/send-code", json={"channel": "email"}))
    assert [each.status_code for each in answers] == [200] * MOST + [429]
    assert (len(mail.mails) - before, "retry-after" in answers[-1].headers) == (MOST, True)
    other = service.client("responder", subject="frida")
    path = await _contact(other, email="frida@example.com")
    assert (await other.post(f"{path}/send-code", json={"channel": "email"})).status_code == 200


def test_an_allowance_comes_back_with_time() -> None:
    allowance = Allowance()
    for _ in range(MOST):
        allowance.take("ada", NOW)
    allowance.take("bob", NOW)
    with pytest.raises(TooMany):
        allowance.take("ada", NOW + WITHIN - timedelta(seconds=1))
    allowance.take("ada", NOW + WITHIN)
