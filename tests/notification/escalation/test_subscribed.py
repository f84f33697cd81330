"""Subscriptions that name a policy page by it, once for an incident, until somebody has it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.notification.escalation.escalation import Status
from services.notification.escalation.events import Target
from tests.conftest import NewDatabase
from tests.notification.desk import DECLARED
from tests.notification.escalation.duty_desk import DutyDesk, open_duty_desk
from tests.notification.sinks import MailSink


@pytest.fixture
async def mail() -> AsyncIterator[MailSink]:
    async with MailSink().up() as sink:
        yield sink


@pytest.fixture
async def desk(database: NewDatabase, mail: MailSink) -> AsyncIterator[DutyDesk]:
    async with open_duty_desk((await database("notification")).app, mail) as opened:
        await opened.person("ada")
        await opened.policy("payments", (Target(person="ada"),))
        yield opened


async def test_what_passes_its_filters_pages_once_until_it_is_acknowledged(
    desk: DutyDesk, mail: MailSink
) -> None:
    facts = ("incident.declared", "incident.prioritised")
    await desk.subscribe("payments", *facts, priorities=[1], services=["checkout"])
    changed: dict[str, Any] = {"impact": 1, "urgency": 1, "priority": 1}
    await desk.hear(
        desk.desk.fact("incident.declared", **DECLARED, reporter="rita"),
        desk.desk.fact("incident.prioritised", **changed),
    )
    await desk.later()
    assert [str(m["subject"]) for m in mail.mails] == ["[INC-7] Checkout is slow: declared"]
    await desk.hear(desk.desk.fact("incident.prioritised", **changed))
    await desk.hear(desk.desk.fact("incident.acknowledged", at=desk.desk.clock()))
    await desk.later(hours=1)
    ended = await desk.only()
    assert (ended.status, ended.policy) == (Status.STOPPED, "payments")
    assert ended.stopped_because == "ada acknowledged the incident"
    assert len(mail.mails) == 1


@pytest.mark.parametrize("filters", [{"priorities": [2]}, {"services": ["search"]}])
async def test_what_does_not_pass_pages_nobody(desk: DutyDesk, filters: dict[str, Any]) -> None:
    await desk.subscribe("payments", "incident.declared", **filters)
    await desk.declared()
    assert await desk.escalations() == []


async def test_a_policy_that_is_gone_is_told_of(desk: DutyDesk) -> None:
    await desk.subscribe("gone", "incident.declared")
    await desk.declared()
    ended = await desk.only()
    assert ended.status is Status.UNTOLD
    assert await desk.topics("notification.nobody_to_tell") == ["notification.nobody_to_tell"]


async def test_a_process_that_ends_between_steps_loses_none(
    desk: DutyDesk, mail: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The append of a step fails, as where the process is killed before it: the timer finds it."""
    await desk.person("bob")
    await desk.policy("two", (Target(person="ada"),), (Target(person="bob"),))
    await desk.subscribe("two", "incident.declared")
    await desk.declared()
    await desk.later()
    with monkeypatch.context() as broken:
        broken.setattr("shared.work.Work.append", _killed)
        desk.desk.clock.move(minutes=5)
        await desk.desk.timers.ring()
    assert (await desk.only()).taken == 1
    await desk.later(seconds=31)  # the timer's lease
    assert (await desk.only()).taken == 2
    assert [str(m["to"]) for m in mail.mails] == ["ada@example.com", "bob@example.com"]


async def _killed(*_: Any, **__: Any) -> None:
    raise ConnectionError("killed")
