"""The loop with incidents in the problem service, told by its feed and over HTTP."""

import asyncio
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import pytest

from shared.client import AsyncClient
from shared.clock import new_id, now
from tests.problem.loop.conftest import TO_CLOSED, TO_FIX, LoopFeed, Manager
from tests.support.service import RunningService

PUBLISHED = ("draft-workaround", "publish-workaround")
HELPED = {"helped": True}


async def answers(service: RunningService, problem: str) -> list[dict[str, Any]]:
    async with service.client("auditor") as auditor:
        events = (await auditor.get(f"/v1/problems/{problem}/events")).json()["items"]
    return [e["data"] for e in events if e["type"] == "problem.incident_answered"]


@pytest.mark.parametrize(
    ("way", "status"),
    [
        ((*TO_FIX, "resolve"), "resolved"),
        (TO_CLOSED, "resolved"),
        (("assess", "confirm", "accept-risk"), "risk_accepted"),
        (("cancel",), "cancelled"),
    ],
)
async def test_who_waits_too_late_is_answered_by_what_the_log_says(
    problem_service: RunningService,
    told: LoopFeed,
    paul: Manager,
    way: tuple[str, ...],
    status: str,
) -> None:
    problem = await paul.walk(await paul.raised(), *way)
    late = told.happened(service=f"late-{status}")
    await told.hear(late, told.fact("incident.held", late.subject, problem=problem))
    (answer,) = await answers(problem_service, problem)
    assert (answer["incident"], answer["status"]) == (str(late.subject), status)


async def test_who_waits_for_a_duplicate_is_led_to_the_last_of_the_chain(
    problem_service: RunningService, told: LoopFeed, paul: Manager
) -> None:
    first, second, third = [await paul.raised() for _ in range(3)]
    await paul.post(f"/{first}/mark-duplicate", of=second)
    await paul.post(f"/{second}/mark-duplicate", of=third)
    late = told.happened(service="chain")
    await told.hear(late, told.fact("incident.held", late.subject, problem=first))
    (answer,) = await answers(problem_service, first)
    assert (answer["status"], answer["of"]) == ("duplicate", third)


async def test_who_waits_for_one_that_is_worked_on_is_only_linked(
    told: LoopFeed, paul: Manager
) -> None:
    problem = await paul.raised()
    waits = told.happened(service="waits")
    await told.hear(waits, told.fact("incident.held", waits.subject, problem=problem))
    shown = await paul.read(problem)
    assert shown["incidents"] == [str(waits.subject)]
    assert (await paul.titles(problem))[1:] == ["Incident linked"]


async def test_who_waits_again_after_a_merge_is_answered_as_who_waits_too_late(
    problem_service: RunningService, told: LoopFeed, paul: Manager
) -> None:
    for way, status in ((("cancel",), "cancelled"), ((), None)):
        incident = told.happened(service="merged")
        await told.hear(incident)
        problem = await paul.raised(incident.subject)
        await told.hear(told.fact("incident.merged", incident.subject))
        await paul.walk(problem, *way)
        alone = told.fact("incident.unmerged", incident.subject, status="on_hold", problem=problem)
        await told.hear(alone)
        found = [each["status"] for each in await answers(problem_service, problem)]
        assert found == [status] * len(way)


async def test_who_waits_again_for_what_it_was_unlinked_from_is_told_so(
    problem_service: RunningService, told: LoopFeed, paul: Manager
) -> None:
    incident = told.happened(service="unlinked")
    await told.hear(incident)
    problem = await paul.raised(incident.subject)
    await paul.post(f"/{problem}/unlink-incident", incident=str(incident.subject))
    alone = told.fact("incident.unmerged", incident.subject, status="on_hold", problem=problem)
    await told.hear(alone)
    (answer,) = await answers(problem_service, problem)
    assert answer["status"] == "unlinked"


async def test_its_end_names_every_incident_that_it_concerns(told: LoopFeed, paul: Manager) -> None:
    for way in (("cancel",), ("assess", "confirm")):
        incident = told.happened(service="ends", category=None)
        await told.hear(incident)
        problem = await paul.walk(await paul.raised(incident.subject), *way)
        if way != ("cancel",):
            await paul.post(f"/{problem}/mark-duplicate", of=await paul.raised())
        events = (await paul.client.get(f"/v1/problems/{problem}/events")).json()["items"]
        assert events[-1]["data"]["incidents"] == [str(incident.subject)]


async def test_a_fix_that_did_not_help_is_told_once_for_each_incident(
    told: LoopFeed, paul: Manager
) -> None:
    before = told.happened(service="watched", category="database")
    await told.hear(before)
    problem = await paul.walk(await paul.raised(before.subject), *TO_CLOSED)
    again = told.happened(service="watched", category="database")
    other = told.happened(service="watched", category="network", title="Something else")
    early = told.happened(now() - timedelta(days=1), service="watched", category="database")
    retold = told.fact(
        "incident.categorised", again.subject, service="watched", category="database"
    )
    await told.hear(again, other, early)
    await told.hear(retold)
    shown = await paul.read(problem)
    assert shown["recurrences"] == [str(again.subject)]
    number = again.read(dict[str, Any])["number"]
    told_of = [title for title in await paul.titles(problem) if number in title]
    assert len(told_of) == 1
    reanalysed = await paul.walk(problem, "reanalyse")
    assert (await paul.read(reanalysed))["reanalysis_count"] == 1


async def test_closed_and_told_in_one_breath_nothing_is_missed(
    told: LoopFeed, paul: Manager
) -> None:
    for n in range(3):
        look = {"service": f"breath-{n}", "category": "database"}
        before = told.happened(**look)
        await told.hear(before)
        problem = await paul.walk(await paul.raised(before.subject), *TO_CLOSED)
        again = told.happened(**look)
        await told.hear(again)
        assert (await paul.read(problem))["recurrences"] == [str(again.subject)]


async def test_whoever_links_it_to_a_fixed_problem_says_so_too(
    told: LoopFeed, paul: Manager
) -> None:
    problem = await paul.walk(await paul.raised(service="by-word"), *TO_CLOSED)
    alike = told.happened(service="quite-another", category=None)
    before = told.happened(now() - timedelta(days=9), service="old", category=None)
    for each in (alike, before):
        linked = told.fact("incident.linked", each.subject, kind="problem", id=problem)
        await told.hear(each, linked)
    assert (await paul.read(problem))["recurrences"] == [str(alike.subject)]


async def test_what_is_restricted_is_no_sign(told: LoopFeed, paul: Manager) -> None:
    look = {"service": "secret", "category": "database"}
    before = told.happened(**look)
    await told.hear(before)
    problem = await paul.walk(await paul.raised(before.subject), *TO_CLOSED)
    kept = msgspec.structs.replace(told.happened(**look), restricted=True)
    await told.hear(kept)
    assert (await paul.read(problem))["recurrences"] == []


class Tried(NamedTuple):
    """A problem with two incidents, and who tells on which its workaround was tried."""

    problem: str
    incidents: list[UUID]
    responder: AsyncClient

    async def use(self, incident: UUID, **said: Any) -> Any:
        body = {"incident": str(incident)} | said
        path = f"/v1/problems/{self.problem}/record-workaround-use"
        return await self.responder.post(path, json=body)


@pytest.fixture
async def tried(told: LoopFeed, paul: Manager, responder: AsyncClient) -> Tried:
    incidents = [told.happened(service="uses") for _ in range(2)]
    await told.hear(*incidents)
    subjects = [each.subject for each in incidents]
    return Tried(await paul.raised(*subjects), subjects, responder)


async def test_what_was_never_published_was_not_tried(tried: Tried, paul: Manager) -> None:
    await paul.walk(tried.problem, "draft-workaround")
    answer = await tried.use(tried.incidents[0])
    assert answer.status_code == 409
    assert "never published a workaround" in answer.json()["detail"]


async def test_nothing_is_tried_on_an_incident_that_nobody_knows(
    tried: Tried, paul: Manager
) -> None:
    await paul.walk(tried.problem, *PUBLISHED)
    answer = await tried.use(new_id())
    assert "no incident" in answer.json()["detail"]


async def test_uses_of_a_workaround_are_counted_by_their_last_word(
    tried: Tried, paul: Manager
) -> None:
    await paul.walk(tried.problem, *PUBLISHED)
    one, other = tried.incidents
    said = [(one, {}), (one, HELPED), (one, {}), (other, HELPED), (other, {"helped": False})]
    answers = [await tried.use(incident, **words) for incident, words in said]
    assert [answer.json()["helped"] for answer in answers] == [None, True, True, True, False]
    uses = await tried.responder.get(f"/v1/problems/{tried.problem}/workaround-uses")
    assert {name: uses.json()[name] for name in ("used", "helped", "not_helped")} == {
        "used": 2, "helped": 1, "not_helped": 1,
    }  # fmt: skip


async def test_a_use_is_told_in_the_timeline_and_leaves_the_problem_at_its_version(
    tried: Tried, paul: Manager
) -> None:
    version = (await paul.read(await paul.walk(tried.problem, *PUBLISHED)))["version"]
    one, other = tried.incidents
    for incident, words in ((one, {}), (one, HELPED), (other, {"helped": False}), (one, HELPED)):
        await tried.use(incident, **words)
    assert (await paul.read(tried.problem))["version"] == version
    assert [title for title in await paul.titles(tried.problem) if "used" in title] == [
        "Workaround used, revision 1",
        "Workaround used, revision 1: it helped",
        "Workaround used, revision 1: it did not help",
    ]


async def test_published_twice_at_once_it_is_one_revision(paul: Manager) -> None:
    for _ in range(5):
        problem = await paul.walk(await paul.raised(), "draft-workaround")
        path = f"/v1/problems/{problem}/publish-workaround"
        answers = await asyncio.gather(*(paul.client.post(path) for _ in range(4)))
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
        assert (await paul.read(problem))["workaround_texts"]["revision"] == 1


async def test_raised_with_a_hold_it_says_so_to_its_incidents(
    told: LoopFeed, paul: Manager
) -> None:
    incident = told.happened(service="holds")
    await told.hear(incident)
    problem = await paul.raised(incident.subject, hold=True)
    feed = await paul.client.get("/v1/problem/feed", params={"limit": 1000})
    (logged,) = [e for e in feed.json() if e["subject"] == problem]
    assert (logged["data"]["hold"], logged["data"]["incidents"]) == (True, [str(incident.subject)])


async def test_how_long_a_fix_is_watched_is_data(
    problem_service: RunningService, told: LoopFeed, paul: Manager
) -> None:
    path = "/v1/problem/policies/recurrence"
    shown = (await paul.client.get(path)).json()
    assert shown["document"]["watch_days"] == 30
    twice = await paul.client.put(path, json={"watch_days": 7, "same": [["service", "service"]]})
    assert (twice.status_code, twice.json()["errors"][0]["pointer"]) == (422, "/same")
    problem = await paul.walk(await paul.raised(service="data", category="c"), *TO_CLOSED)
    alike = {"service": "data", "category": "database"}
    try:
        narrower = {"watch_days": 7, "same": [["service", "category", "subcategory"]]}
        assert (await paul.client.put(path, json=narrower)).status_code == 200
        await told.hear(told.happened(**alike))
        assert (await paul.read(problem))["recurrences"] == []
    finally:
        await paul.client.put(path, json={})
    again = told.happened(**alike)
    await told.hear(again)
    assert (await paul.read(problem))["recurrences"] == [str(again.subject)]
