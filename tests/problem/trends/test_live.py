"""Repetition among incidents becomes a candidate, once, and people decide what it is."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from shared.client import AsyncClient
from shared.clock import new_id
from shared.follower import Fact
from shared.work import Work
from tests.problem.conftest import NOON, Feed
from tests.support.service import RunningService


def alike(feed: Feed, service: str, count: int = 3, **data: Any) -> list[Fact]:
    """Incidents of a service, one an hour."""
    hours = (NOON + timedelta(hours=n) for n in range(count))
    return [feed.declared(service=service, started_at=at, **data) for at in hours]


@pytest.fixture
def service() -> str:
    return f"service-{new_id()}"


async def found(client: AsyncClient, service: str) -> list[dict[str, Any]]:
    answer = await client.get("/v1/candidates", params={"service": service, "sort": "created_at"})
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_three_alike_in_a_week_are_a_candidate_with_its_evidence(
    feed: Feed, manager: AsyncClient, service: str
) -> None:
    facts = alike(feed, service)
    for fact in facts[:2]:
        await feed.hear(fact)
    assert await found(manager, service) == []
    await feed.hear(facts[2])
    (candidate,) = await found(manager, service)
    rules = (await manager.get("/v1/problem/policies/trend-rules")).json()
    assert (candidate["status"], candidate["rule"], candidate["rule_version"]) == (
        "open", "service-and-category", rules["version"],
    )  # fmt: skip
    assert candidate["alike"] == {"service": service, "category": "database"}
    assert candidate["window"] == {
        "start": "2026-11-22T12:00:00Z", "end": "2026-11-22T14:00:00Z",
    }  # fmt: skip
    assert [(m["incident"], m["event"]) for m in candidate["matches"]] == [
        (str(fact.subject), str(fact.id)) for fact in facts
    ]


async def test_further_incidents_join_the_open_candidate_in_a_batch_or_one_by_one(
    feed: Feed, manager: AsyncClient, service: str
) -> None:
    facts = alike(feed, service, 7)
    await feed.hear(*facts[:5])
    (raised,) = await found(manager, service)
    await feed.hear(facts[5])
    await feed.hear(facts[6])
    (joined,) = await found(manager, service)
    told = [str(fact.subject) for fact in facts]
    assert [m["incident"] for m in raised["matches"]] == told[:5]
    assert [m["incident"] for m in joined["matches"]] == told
    assert joined["window"]["end"] == "2026-11-22T18:00:00Z"
    past = await manager.get("/v1/candidates", params={"as_of": raised["position"]})
    (then,) = [each for each in past.json()["items"] if each["id"] == raised["id"]]
    assert then == raised


async def test_what_was_dismissed_is_not_raised_again_for_the_same_evidence(
    feed: Feed, manager: AsyncClient, service: str
) -> None:
    facts = alike(feed, service, 4)
    await feed.hear(*facts)
    (first,) = await found(manager, service)
    path = f"/v1/candidates/{first['id']}"
    assert (await manager.post(f"{path}/dismiss", json={"reason": "A drill"})).status_code == 200
    again = feed.fact("incident.categorised", facts[0].subject, service=service, category="x")
    back = feed.fact("incident.categorised", facts[0].subject, service=service, category="database")
    later = alike(feed, service, 3)
    await feed.hear(again, back, *later[:2])
    assert len(await found(manager, service)) == 1
    await feed.hear(later[2])
    _, second = await found(manager, service)
    assert {m["incident"] for m in first["matches"]}.isdisjoint(
        m["incident"] for m in second["matches"]
    )


async def test_a_page_that_comes_too_late_for_a_decision_is_taken_again(
    feed: Feed, problem_service: RunningService, manager: AsyncClient, service: str
) -> None:
    facts = alike(feed, service, 7)
    await feed.hear(*facts[:3])
    (first,) = await found(manager, service)

    async def dismiss() -> None:
        path = f"/v1/candidates/{first['id']}/dismiss"
        assert (await manager.post(path, json={"reason": "A drill"})).status_code == 200

    work = Work(problem_service.service.store, "system:problem-follows-incident")
    await feed.react(facts[3], work)
    work.finally_do(dismiss)  # while the page is being decided
    assert (await work.append()).outcome == "conflict"
    await feed.hear(facts[3])
    (dismissed,) = await found(manager, service)
    assert (dismissed["status"], len(dismissed["matches"])) == ("dismissed", 3)
    await feed.hear(*facts[4:])
    _, second = await found(manager, service)
    assert [m["event"] for m in second["matches"]] == [str(fact.id) for fact in facts[3:]]


async def test_incidents_far_apart_in_the_world_are_no_trend(
    feed: Feed, manager: AsyncClient, service: str
) -> None:
    for day in (0, 5, 10, 15):
        at = NOON - timedelta(days=day)
        await feed.hear(feed.declared(service=service, started_at=at))
    assert await found(manager, service) == []


async def test_a_category_given_in_triage_counts(
    feed: Feed, manager: AsyncClient, service: str
) -> None:
    titles = iter(("Red", "Green", "Blue"))
    facts = [feed.declared(service=service, category=None, title=next(titles)) for _ in range(3)]
    await feed.hear(*facts)
    assert await found(manager, service) == []
    for fact in facts:
        await feed.hear(
            feed.fact("incident.categorised", fact.subject, service=service, category="network")
        )
    (candidate,) = await found(manager, service)
    assert candidate["alike"]["category"] == "network"


async def test_cancelled_incidents_are_no_evidence(
    feed: Feed, manager: AsyncClient, service: str
) -> None:
    first, second, third = alike(feed, service)
    await feed.hear(first, feed.fact("incident.cancelled", first.subject), second, third)
    assert await found(manager, service) == []


async def test_the_same_symptom_counts_where_nobody_categorised(
    feed: Feed, manager: AsyncClient, service: str
) -> None:
    facts = [
        feed.declared(service=service, category=None, title=f"Disk {n}: 9{n} % FULL")
        for n in range(3)
    ]
    await feed.hear(*facts)
    (candidate,) = await found(manager, service)
    assert candidate["alike"] == {"service": service, "symptom": "disk full"}


async def test_a_candidate_is_accepted_as_a_problem_once(
    feed: Feed, manager: AsyncClient, service: str
) -> None:
    facts = alike(feed, service, impact=2, urgency=1)
    await feed.hear(*facts)
    (candidate,) = await found(manager, service)
    path = f"/v1/candidates/{candidate['id']}"
    accepted = await manager.post(f"{path}/accept", json={"owner": "paul"})
    assert (accepted.status_code, accepted.json()["status"]) == (200, "accepted")
    problem = (await manager.get(f"/v1/problems/{accepted.json()['problem_number']}")).json()
    assert problem["id"] == accepted.json()["problem"]
    assert (problem["candidate"], problem["service"], problem["priority"], problem["owner"]) == (
        candidate["id"], service, 2, "paul",
    )  # fmt: skip
    assert set(problem["incidents"]) == {str(fact.subject) for fact in facts}
    again = await manager.post(f"{path}/accept", json={})
    assert (again.status_code, again.json()["detail"]) == (409, "the candidate is accepted")


async def test_a_candidate_is_merged_into_a_known_problem(
    feed: Feed, manager: AsyncClient, service: str
) -> None:
    await feed.hear(*alike(feed, service))
    (candidate,) = await found(manager, service)
    known = (await manager.post("/v1/problems", json={"title": "Known"})).json()
    merged = await manager.post(
        f"/v1/candidates/{candidate['id']}/merge", json={"into": known["number"]}
    )
    problem = (await manager.get(f"/v1/problems/{known['id']}")).json()
    assert (merged.json()["status"], merged.json()["problem"]) == ("merged", known["id"])
    assert problem["incidents"] == [match["incident"] for match in candidate["matches"]]


async def test_a_candidate_is_read_with_its_reason_and_actions(
    feed: Feed, manager: AsyncClient, responder: AsyncClient, service: str
) -> None:
    await feed.hear(*alike(feed, service))
    (candidate,) = await found(manager, service)
    path = f"/v1/candidates/{candidate['id']}"
    open_one = (await manager.get(path)).json()
    assert [(a["name"], a["allowed"]) for a in open_one["actions"]] == [
        ("accept", True), ("dismiss", True), ("merge", True),
    ]  # fmt: skip
    refused = await responder.post(f"{path}/dismiss", json={"reason": "Mine"})
    dismissed = await manager.post(f"{path}/dismiss", json={"reason": "A drill"})
    then = await manager.get(f"{path}?as_of={candidate['position']}")
    assert refused.status_code == 403
    assert (dismissed.json()["status"], dismissed.json()["reason"]) == ("dismissed", "A drill")
    assert then.json()["status"] == "open"
    unknown = await manager.post(f"/v1/candidates/{new_id()}/accept", json={})
    assert unknown.status_code == 404


async def test_rules_are_versioned_data(
    feed: Feed, manager: AsyncClient, responder: AsyncClient, service: str
) -> None:
    path = "/v1/problem/policies/trend-rules"
    before = (await manager.get(path)).json()
    rule = {"name": "any-two", "same": ["service"], "at_least": 2, "within_hours": 1}
    assert (await responder.put(path, json={"rules": [rule]})).status_code == 403
    set_now = (await manager.put(path, json={"rules": [rule]})).json()
    await feed.hear(*alike(feed, service, 2))
    (candidate,) = await found(manager, service)
    assert set_now["version"] == before["version"] + 1
    assert (candidate["rule"], candidate["rule_version"]) == ("any-two", set_now["version"])
    then = (await manager.get(f"{path}?as_of={set_now['position'] - 1}")).json()
    assert then["document"] == before["document"]
    twice = await manager.put(path, json={"rules": [rule, rule]})
    assert twice.status_code == 422
    await manager.put(path, json=before["document"])


async def test_imported_history_makes_no_candidate_and_is_no_evidence_of_one(
    feed: Feed, manager: AsyncClient, service: str
) -> None:
    past = [replace(fact, imported=True, happened_at=NOON) for fact in alike(feed, service, 4)]
    await feed.hear(*past)
    await feed.hear(*alike(feed, service, 2))
    assert await found(manager, service) == []
    live = [replace(fact, imported=True, live=True) for fact in alike(feed, service, 1)]
    await feed.hear(*live)
    (candidate,) = await found(manager, service)
    assert str(past[0].subject) not in [m["incident"] for m in candidate["matches"]]
