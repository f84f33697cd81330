"""A status update reaches each audience in words that fit; who is missed is told."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.notification.decisions.decision import Decisions, decision_stream
from services.notification.escalation.events import NobodyToTell
from services.notification.escalation.view import escalation_view
from services.notification.events import Channel
from shared.clock import new_id
from shared.follower import Fact
from tests.conftest import NewDatabase
from tests.notification.escalation.duty_desk import DutyDesk, open_duty_desk
from tests.notification.sinks import MailSink

UPDATE: dict[str, Any] = {
    "status": "The database is being restarted",
    "impact": "One order in ten fails",
    "action": None,
    "workaround": None,
    "next_update_at": "2026-11-22T10:34:00Z",
    "final": False,
}


@pytest.fixture
async def mail() -> AsyncIterator[MailSink]:
    async with MailSink().up() as sink:
        yield sink


@pytest.fixture
async def desk(database: NewDatabase, mail: MailSink) -> AsyncIterator[DutyDesk]:
    async with open_duty_desk((await database("notification")).app, mail) as opened:
        await opened.declared()
        yield opened


def _posted(desk: DutyDesk, *audiences: str, ways: tuple[dict[str, Any], ...] = ()) -> Fact:
    said = UPDATE | {"update": new_id(), "audiences": audiences, "ways": ways}
    return desk.desk.fact("incident.update_posted", **said)


async def _planned(desk: DutyDesk) -> dict[str, tuple[str, str | None]]:
    """The subject for each person, and whose words it has."""
    found = [(each.state, await desk.desk.words(each)) for each in await desk.desk.planned()]
    return {s.delivery.person: (words.subject, s.wording) for s, words in found if s.delivery}


async def test_everybody_in_each_audience_is_told_once(desk: DutyDesk, mail: MailSink) -> None:
    for name in ("ada", "bob", "cleo"):
        await desk.person(name)
    await desk.team("bosses", "ada", "bob")
    await desk.audience("management", teams=("bosses",))
    await desk.audience("technical-teams", people=("bob", "cleo"))
    posted = _posted(desk, "management", "technical-teams")
    await desk.hear(posted)
    await desk.later()
    assert sorted(str(m["to"]).partition("@")[0] for m in mail.mails) == ["ada", "bob", "cleo"]
    assert {str(m["subject"]) for m in mail.mails} == {
        "[INC-7] Checkout is slow: The database is being restarted"
    }
    assert "Next update: 2026-11-22 10:34:00 UTC" in mail.mails[0].get_content()
    assert "Workaround: not stated" in mail.mails[0].get_content()
    taken = await Decisions(desk.desk.store).current(decision_stream(posted.id))
    (left,) = taken.state.left
    assert (left.person, left.audience, left.reason) == ("bob", "technical-teams", "duplicate")


async def test_the_words_are_the_audiences_own_or_the_plans(desk: DutyDesk) -> None:
    await desk.person("ada")
    await desk.person("bob")
    await desk.template("short", "{{number}} for {{audience}}: {{update}}")
    await desk.template("plan", "{{impact}}")
    await desk.audience("management", people=("ada",), template="short")
    await desk.audience("technical-teams", people=("bob",), template="short")
    way = {"audience": "technical-teams", "template": "plan", "first_minutes": 15}
    await desk.hear(_posted(desk, "management", "technical-teams", ways=(way,)))
    told = await _planned(desk)
    subject = "INC-7 for management: The database is being restarted"
    assert told["ada"] == (subject, "template short, version 1")
    assert told["bob"][0] == "One order in ten fails"


async def test_words_that_cannot_be_said_give_way_to_the_usual_ones_and_that_is_stated(
    desk: DutyDesk,
) -> None:
    await desk.person("ada")
    await desk.template("page", "{{message}}")
    await desk.audience("management", people=("ada",), template="page")
    await desk.hear(_posted(desk, "management"))
    subject, wording = (await _planned(desk))["ada"]
    assert subject == "[INC-7] Checkout is slow: The database is being restarted"
    assert wording is not None
    assert wording.startswith("the usual words: of template page, message is not known here")
    await desk.audience("others", people=("ada",), template="gone")
    await desk.hear(_posted(desk, "others"))
    wordings = [each.state.wording for each in await desk.desk.planned()]
    assert "the usual words: there is no template gone" in wordings


async def test_who_of_an_audience_cannot_be_told_is_told(desk: DutyDesk) -> None:
    await desk.person("ada")
    await desk.audience("management", people=("ada", "nemo"))
    await desk.audience("empty")
    await desk.hear(_posted(desk, "management", "empty", "unheard-of"))
    recorded = await desk.desk.store.log.page(0)
    missed = [e.event for e in recorded if isinstance(e.event, NobodyToTell)]
    assert [(m.target, m.reason) for each in missed for m in each.missed] == [
        ("audience management, nemo", "has no contact"),
        ("audience empty", "nobody is in it"),
        ("audience unheard-of", "there is none"),
    ]
    assert list(await _planned(desk)) == ["ada"]
    shown = [escalation_view(each) for each in await desk.escalations()]
    assert [(each.status, each.number) for each in shown] == [("untold", "INC-7")] * 3
    assert await desk.desk.timers.ring() == 1, "a mail; nothing goes on about those"


async def test_an_update_does_not_change_what_is_known_of_the_incident(desk: DutyDesk) -> None:
    await desk.hear(_posted(desk, "nobody"))
    copy = await desk.desk.store.pool.fetchrow("select status from subject_copies")
    assert copy["status"] == "new"


async def test_a_closing_notice_reaches_the_audience(desk: DutyDesk, mail: MailSink) -> None:
    await desk.person("ada")
    await desk.audience("management", people=("ada",), channels=(Channel.EMAIL,))
    await desk.hear(desk.desk.fact("incident.closing_notice", audiences=["management"]))
    await desk.later()
    (told,) = mail.mails
    assert told["subject"] == "[INC-7] Closed: Checkout is slow"
