"""What the service makes of other facts, of time, and of its own log."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from services.cli.rebuild import rebuilt_models
from services.problem.app import DEFINITION
from services.problem.facts import REVIEW_AGAIN, FixIneffective, RiskReviewDue, facts_stream, recur
from services.problem.policies import timers
from services.problem.problems import RISK_REVIEW
from shared.client import AsyncClient
from shared.clock import new_id
from shared.timers import Timers
from shared.work import Work
from tests.problem.conftest import NOON, Feed
from tests.support.service import RunningService


async def test_an_incident_that_waits_for_a_problem_is_linked_to_it(
    feed: Feed, manager: AsyncClient
) -> None:
    problem = (await manager.post("/v1/problems", json={"title": "Awaited"})).json()
    incident = feed.declared(service="awaiting")
    held = {"reason": "awaiting_problem", "problem": problem["id"]}
    await feed.hear(incident, feed.fact("incident.held", incident.subject, **held))
    linked = (await manager.get(f"/v1/problems/{problem['id']}")).json()
    timeline = (await manager.get(f"/v1/problems/{problem['id']}/timeline")).json()["items"]
    assert linked["incidents"] == [str(incident.subject)]
    assert timeline[-1]["actor"] == "system:problem-follows-incident"


async def test_waiting_for_a_cancelled_or_unknown_problem_links_nothing(
    feed: Feed, manager: AsyncClient
) -> None:
    problem = (await manager.post("/v1/problems", json={"title": "No more"})).json()
    await manager.post(f"/v1/problems/{problem['id']}/cancel", json={"reason": "A test"})
    incident = feed.declared(service="not-awaiting")
    await feed.hear(
        incident,
        feed.fact("incident.held", incident.subject, problem=problem["id"]),
        feed.fact("incident.held", incident.subject, problem=str(new_id())),
        feed.fact("incident.held", incident.subject, problem=None),
    )
    assert (await manager.get(f"/v1/problems/{problem['id']}")).json()["incidents"] == []


async def test_an_incident_is_remembered_as_it_was_last_told(
    feed: Feed, manager: AsyncClient
) -> None:
    incident = feed.declared(impact=3, urgency=3, category=None)
    subject = incident.subject
    await feed.hear(incident)
    await feed.hear(
        feed.fact("incident.prioritised", subject, impact=1, urgency=1, priority=1),
        feed.fact("incident.categorised", subject, service="search", category="index", item="i-1"),
        feed.fact("incident.resolved", subject, code="fixed"),
        feed.fact("incident.reopened", subject, by_reporter=False),
        feed.fact("incident.prioritised", new_id(), impact=1, urgency=1, priority=1),
    )
    problem = (await manager.post("/v1/problems", json={"incidents": [str(subject)]})).json()
    told = {name: problem[name] for name in ("service", "item", "category", "priority")}
    assert told == {"service": "search", "item": "i-1", "category": "index", "priority": 1}
    (copy,) = await feed.problems.incidents.all_of([subject])
    assert copy.status == "open"


async def test_there_is_one_priority_matrix_for_both_services(
    feed: Feed, manager: AsyncClient
) -> None:
    cells = {f"{i}{u}": i + u - 1 for i in range(1, 6) for u in range(1, 6)}
    five = feed.fact("policy.set", name="priority-matrix", document={"cells": cells})
    await feed.hear(five, feed.fact("policy.set", name="reopening", document={"window_days": 1}))
    body = {"title": "Of five levels", "impact": 5, "urgency": 5}
    problem = (await manager.post("/v1/problems", json=body)).json()
    assert (problem["priority"], problem["matrix_version"]) == (9, 2)


class AcceptedRisk:
    """A problem that is lived with, and what was said of it beside its own events."""

    def __init__(self, feed: Feed, manager: AsyncClient, view: dict[str, Any]) -> None:
        self.view, self.path = view, f"/v1/problems/{view['id']}"
        self.manager = manager
        self._problems = feed.problems
        self._streams = [UUID(view["id"]), facts_stream(UUID(view["id"]))]

    async def comes(self, timer: str) -> None:
        """The moment for which this timer was armed."""
        store = self._problems.store
        due = "update timers set due_at = now() where name = $1 and stream = any($2::uuid[])"
        await store.pool.execute(due, timer, self._streams)
        while await Timers(store, timers(self._problems)).ring():
            pass

    async def reminders(self) -> list[int | None]:
        """The number of each reminder; the first has none."""
        told = await self._problems.store.log.stream(self._streams[1])
        return [each.event.reminder for each in told if isinstance(each.event, RiskReviewDue)]

    async def armed(self) -> datetime | None:
        """When its review is due."""
        armed = "select due_at from timers where stream = $1 and name = $2"
        found: datetime | None = await self._problems.store.pool.fetchval(
            armed, self._streams[0], RISK_REVIEW
        )
        return found


@pytest.fixture
async def risk(feed: Feed, manager: AsyncClient) -> AcceptedRisk:
    problem = (await manager.post("/v1/problems", json={"title": "Risky", **_STATED})).json()
    path = f"/v1/problems/{problem['id']}"
    for command in ("assess", "confirm"):
        await manager.post(f"{path}/{command}", json={})
    said = {"reason": "Too dear", "approver": "chief", "review_date": "9998-01-01"}
    return AcceptedRisk(
        feed, manager, (await manager.post(f"{path}/accept-risk", json=said)).json()
    )


async def test_an_accepted_risk_is_recalled_on_its_review_date_beside_the_problem(
    risk: AcceptedRisk,
) -> None:
    due = await risk.armed()
    assert due is not None
    assert due.year >= 9997
    await risk.comes(RISK_REVIEW)
    assert await risk.reminders() == [None]
    told = (await risk.manager.get(f"{risk.path}/timeline")).json()["items"][-1]
    assert told["title"] == "The accepted risk is due for review since 9998-01-01"
    assert (await risk.manager.get(risk.path)).json()["version"] == risk.view["version"]


async def test_a_risk_that_nobody_looks_at_is_recalled_again(risk: AcceptedRisk) -> None:
    await risk.comes(RISK_REVIEW)
    await risk.comes(REVIEW_AGAIN)
    await risk.comes(REVIEW_AGAIN)
    assert await risk.reminders() == [None, 2, 3]


async def test_a_risk_that_is_analysed_anew_is_recalled_no_more(risk: AcceptedRisk) -> None:
    await risk.comes(RISK_REVIEW)
    await risk.manager.post(f"{risk.path}/reanalyse", json={"reason": "It is cheaper now"})
    await risk.comes(REVIEW_AGAIN)
    assert await risk.reminders() == [None]
    assert await risk.armed() is None


async def test_what_came_back_after_a_fix_is_shown_as_it_was_known(
    feed: Feed, manager: AsyncClient
) -> None:
    problem = (await manager.post("/v1/problems", json={"title": "Back again"})).json()
    id, incident, store = UUID(problem["id"]), new_id(), feed.problems.store
    found = FixIneffective(problem=id, incident=incident, number="INC-7", at=NOON, fixed_at=NOON)
    for _ in range(2):
        work = Work(store, "system:watch")
        await work.execute(feed.problems.facts, facts_stream(id), recur, found=found)
        if not work.is_empty:
            assert (await work.append()).outcome == "appended"
    path = f"/v1/problems/{id}"
    now = (await manager.get(path)).json()
    then = (await manager.get(path, params={"as_of": now["position"]})).json()
    told = (await manager.get(f"{path}/timeline")).json()["items"][-1]
    assert (now["recurrences"], then["recurrences"]) == ([str(incident)], [])
    assert told["title"] == "The fix did not help: INC-7 is of the same kind"


async def test_a_rebuild_finds_nothing_to_change(
    problem_service: RunningService, feed: Feed, manager: AsyncClient
) -> None:
    await feed.hear(*(feed.declared(service="rebuilt") for _ in range(3)))
    body = {"title": "Rebuilt", "description": "All of it", "tags": ["a"]}
    location = (await manager.post("/v1/problems", json=body)).headers["location"]
    for text in ("Restart", "Restart twice"):
        await manager.post(f"{location}/draft-workaround", json={"text": text})
    rebuilt = await rebuilt_models(DEFINITION, problem_service.settings, keep=False)
    assert rebuilt.rows > 0
    assert set(rebuilt.differences.values()) == {0}


_STATED = {"category": "database", "impact": 1, "urgency": 2, "owner": "paul"}
