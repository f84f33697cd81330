"""From a fact of the incident service to somebody who answers, or to the word that nobody does."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from services.notification.escalation.escalation import Status
from services.notification.escalation.events import Target
from services.notification.escalation.paging import Requested
from services.notification.events import Acknowledged
from services.notification.rules import Status as Delivery
from shared.clock import new_id
from tests.conftest import NewDatabase
from tests.notification.escalation.duty_desk import DutyDesk, open_duty_desk
from tests.notification.sinks import MailSink

ENDS = ("notification.nobody_answered", "notification.nobody_to_tell")


@pytest.fixture
async def mail() -> AsyncIterator[MailSink]:
    async with MailSink().up() as sink:
        yield sink


@pytest.fixture
async def desk(database: NewDatabase, mail: MailSink) -> AsyncIterator[DutyDesk]:
    async with open_duty_desk((await database("notification")).app, mail) as opened:
        await opened.declared()
        yield opened


def _received(mail: MailSink) -> list[str]:
    return [str(m["to"]).partition("@")[0] for m in mail.mails]


async def test_who_is_asked_is_paged_and_an_answer_ends_it(desk: DutyDesk, mail: MailSink) -> None:
    await desk.person("ada")
    requested = desk.requested(person="ada")
    await desk.hear(requested)
    await desk.later()
    (received,) = mail.mails
    assert received["subject"] == "[INC-7] You are needed: Checkout is slow"
    assert "Come quickly" in received.get_content()
    (page,) = (await desk.only()).pages
    await desk.acknowledge(page, "ada")
    await desk.later(minutes=30)
    assert (await desk.only()).status is Status.ACKNOWLEDGED
    recorded = await desk.desk.store.log.page(0)
    (seen,) = (e.event for e in recorded if isinstance(e.event, Acknowledged))
    assert seen.matter == requested.read(Requested).request, "told to those who asked for it"
    assert len(mail.mails) == 1
    assert await desk.topics(*ENDS) == []


async def test_the_second_is_paged_when_the_first_does_not_answer(
    desk: DutyDesk, mail: MailSink
) -> None:
    for name in ("ada", "bob", "cleo"):
        await desk.person(name)
    await desk.on_call("payments", "ada")
    await desk.team("payments", "bob", "cleo")
    first, second = (Target(schedule="payments"),), (Target(team="payments"),)
    await desk.policy("payments", first, second)
    await desk.hear(desk.requested(escalation_policy="payments"))
    await desk.later()
    assert _received(mail) == ["ada"]
    await desk.later(minutes=4, seconds=59)
    assert _received(mail) == ["ada"]
    await desk.later(seconds=1)
    assert sorted(_received(mail)) == ["ada", "bob", "cleo"]
    await desk.later(minutes=5)
    assert (await desk.only()).status is Status.UNANSWERED
    assert await desk.topics(*ENDS) == ["notification.nobody_answered"]
    assert len(mail.mails) == 3


async def test_an_acknowledgement_cancels_what_others_have_not_received_yet(
    desk: DutyDesk, mail: MailSink
) -> None:
    mail.answer = "451 4.3.0 not now"
    await desk.team("payments", "ada", "bob")
    for name in ("ada", "bob"):
        await desk.person(name)
    await desk.hear(desk.requested(group="payments"))
    await desk.later()
    ada, bob = (await desk.only()).pages
    await desk.acknowledge(ada, "ada")
    mail.answer = "250 taken"
    count = len(mail.mails)
    await desk.later(hours=30)
    assert len(mail.mails) == count
    states = [(await desk.desk.notifications.current(page)).state for page in (ada, bob)]
    assert [state.status for state in states] == [Delivery.CANCELLED, Delivery.CANCELLED]
    assert states[1].cancelled_because == "acknowledged by ada"


async def test_a_page_never_goes_by_a_way_that_nobody_has_verified(
    desk: DutyDesk, mail: MailSink
) -> None:
    mail.answer = "451 4.3.0 not now"
    hook = {"webhook_url": "http://127.0.0.1:9/hook", "secret": "whsec_x"}
    ada = await desk.person("ada", also=hook)
    await desk.person("bob", verified=False)
    await desk.team("payments", "ada", "bob")
    await desk.hear(desk.requested(group="payments"))
    for _ in range(3):
        await desk.later(seconds=61)
    planned = [each.state.delivery for each in await desk.desk.planned()]
    assert [(d.contact, d.channel) for d in planned if d] == [(ada, "email")]
    (missed,) = (await desk.only()).missed
    assert (missed.target, missed.reason) == ("bob", "no verified way to reach this person")


async def test_nobody_to_tell_is_told_with_the_reasons(desk: DutyDesk) -> None:
    await desk.on_call("night")
    await desk.team("empty")
    targets = (
        Target(schedule="night"),
        Target(team="empty"),
        Target(person="nemo"),
        Target(team="gone"),
    )
    await desk.policy("hopeless", targets, repeat=3)
    await desk.hear(desk.requested(escalation_policy="hopeless"))
    ended = await desk.only()
    assert ended.status is Status.UNTOLD
    assert {(m.target, m.reason) for m in ended.missed} == {
        ("on call by night", "the schedule has no rotation"),
        ("team empty", "nobody is in the team"),
        ("team gone", "there is no such team"),
        ("nemo", "no verified way to reach this person"),
    }
    assert await desk.topics(*ENDS) == ["notification.nobody_to_tell"]


async def test_who_cannot_be_reached_is_passed_over_at_once(desk: DutyDesk, mail: MailSink) -> None:
    await desk.person("bob")
    await desk.policy("next", (Target(person="nemo"),), (Target(person="bob"),))
    await desk.hear(desk.requested(escalation_policy="next"))
    await desk.later()
    assert _received(mail) == ["bob"]


async def test_a_round_is_repeated_and_pages_again(desk: DutyDesk, mail: MailSink) -> None:
    await desk.person("ada")
    await desk.policy("twice", (Target(person="ada"),), repeat=1)
    await desk.hear(desk.requested(escalation_policy="twice"))
    await desk.later()
    await desk.later(minutes=5)
    assert _received(mail) == ["ada", "ada"]
    assert len(set((await desk.only()).pages)) == 2


async def test_a_request_that_is_answered_pages_nobody_any_more(
    desk: DutyDesk, mail: MailSink
) -> None:
    await desk.person("ada")
    asked = desk.requested(person="ada")
    request = asked.read(dict)["request"]
    answered = desk.desk.fact(
        "incident.request_answered", request=request, accepted=True, person="ada"
    )
    await desk.hear(asked, answered)  # both heard at once, after a pause
    await desk.later(hours=1)
    assert mail.mails == []
    stopped = await desk.only()
    assert (stopped.status, stopped.stopped_because) == (Status.STOPPED, "the request was answered")


async def test_a_request_nobody_answers_in_time_goes_to_the_next(
    desk: DutyDesk, mail: MailSink
) -> None:
    for name in ("ada", "bob"):
        await desk.person(name)
    asked = desk.requested(person="ada")
    request = asked.read(dict)["request"]
    await desk.hear(asked)
    await desk.later(minutes=5)
    late: dict[str, Any] = {
        "incident": asked.subject,
        "request": request,
        "next": {"person": "bob"},
    }
    await desk.hear(desk.desk.fact("incident.request_timed_out", new_id(), **late))
    await desk.later()
    assert _received(mail) == ["ada", "bob"]
    assert "Come quickly" in mail.mails[1].get_content()


@pytest.mark.parametrize("ends", ["request_answered", "request_timed_out"])
async def test_where_nobody_is_left_to_ask_who_asked_is_told_and_then_the_group(
    desk: DutyDesk, mail: MailSink, ends: str
) -> None:
    for name in ("ada", "bob", "cem"):
        await desk.person(name)
    await desk.team("payments", "cem")
    asked = desk.requested(person="ada")
    await desk.hear(asked)
    await desk.later(minutes=5)
    said: dict[str, Any] = {"request": asked.read(dict)["request"], "incident": asked.subject}
    said["tell"] = [{"person": "bob"}, {"group": "payments"}]
    subject = asked.subject if ends == "request_answered" else new_id()
    await desk.hear(desk.desk.fact(f"incident.{ends}", subject, accepted=False, **said))
    await desk.later()
    assert _received(mail) == ["ada", "bob"]
    assert "Nobody comes" in str(mail.mails[1]["subject"])
    assert "Come quickly" in mail.mails[1].get_content()
    await desk.later(minutes=10)
    assert _received(mail) == ["ada", "bob", "cem"]
    comes: dict[str, Any] = {"request": said["request"], "accepted": True, "person": "ada"}
    await desk.hear(desk.desk.fact("incident.request_answered", **comes))
    ended = [each.state for each in await desk.escalations()]
    assert Status.RUNNING not in {each.status for each in ended}
    assert "the request was answered" in {each.stopped_because for each in ended}


async def test_a_role_is_told_until_it_is_accepted(desk: DutyDesk, mail: MailSink) -> None:
    await desk.person("bob")
    given: dict[str, Any] = {"role": "incident_commander", "person": "bob"}
    await desk.hear(desk.desk.fact("incident.role_assigned", **given))
    await desk.later()
    assert mail.mails[0]["subject"] == "[INC-7] You are incident commander: Checkout is slow"
    await desk.hear(desk.desk.fact("incident.role_accepted", **given))
    await desk.later(hours=1)
    assert (await desk.only()).status is Status.STOPPED


async def test_who_takes_a_role_is_not_told_so(desk: DutyDesk) -> None:
    await desk.person("ada")
    taken: dict[str, Any] = {"role": "scribe", "person": "ada"}
    await desk.hear(desk.desk.fact("incident.role_assigned", **taken))
    assert await desk.escalations() == []


async def test_nobody_is_paged_for_what_was_overdue_and_is_over(desk: DutyDesk) -> None:
    await desk.person("bob")
    now = desk.desk.clock()
    told: dict[str, Any] = {"audience": "management", "due_at": now, "until": now}
    incident = desk.desk.fact("x").subject
    fact = desk.desk.fact("incident.update_overdue", new_id(), incident=incident, **told)
    await desk.hear(fact)
    assert await desk.escalations() == []


async def test_an_overdue_update_pages_the_commander_until_it_is_posted(
    desk: DutyDesk, mail: MailSink
) -> None:
    await desk.person("bob")
    incident = desk.desk.fact("x").subject
    due: dict[str, Any] = {
        "incident": incident,
        "audience": "management",
        "due_at": desk.desk.clock(),
    }
    overdue = desk.desk.fact("incident.update_overdue", new_id(), person="bob", **due)
    await desk.hear(overdue)
    await desk.later()
    assert "The update to management is overdue" in str(mail.mails[0]["subject"])
    posted: dict[str, Any] = {
        "update": new_id(),
        "audiences": ["management"],
        "status": "Restarting",
    }
    await desk.hear(desk.desk.fact("incident.update_posted", **posted))
    await desk.later(hours=1)
    paged = [e.state for e in await desk.escalations() if e.state.people]
    assert [each.status for each in paged] == [Status.STOPPED]
    assert await desk.topics("notification.nobody_answered") == []


async def test_the_end_of_the_incident_ends_all_of_it(desk: DutyDesk, mail: MailSink) -> None:
    mail.answer = "451 4.3.0 not now"
    for name in ("ada", "bob"):
        await desk.person(name)
        await desk.hear(desk.requested(person=name))
    await desk.hear(desk.desk.fact("incident.resolved", code="fixed"))
    count = len(mail.mails)
    await desk.later(hours=30)
    assert len(mail.mails) == count
    assert {e.state.status for e in await desk.escalations()} == {Status.STOPPED}


async def test_of_a_restricted_incident_only_those_are_paged_who_may_know(
    desk: DutyDesk, mail: MailSink
) -> None:
    for name in ("ada", "bob"):
        await desk.person(name)
    await desk.hear(desk.desk.fact("incident.restricted", people=["ada"], roles=[], teams=[]))
    await desk.team("both", "ada", "bob")
    await desk.hear(replace(desk.requested(group="both"), restricted=True))
    await desk.later()
    assert _received(mail) == ["ada"]
    assert "Checkout" not in str(mail.mails[0]["subject"])
    (missed,) = (await desk.only()).missed
    assert (missed.target, missed.reason) == ("bob", "may not know of what is restricted")
