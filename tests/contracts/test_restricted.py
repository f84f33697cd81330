"""A restricted incident is found nowhere by anybody but those it is kept to.

Every operation of every document is walked as each other role, and what is answered is searched.
"""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest

from shared.auth.roles import Role
from shared.client import Response
from shared.settings import Service as Name
from tests.contracts.secret import OTHERS, WORD, Secret, secret
from tests.contracts.walk import UNKNOWN, Call, calls
from tests.support.postgres import Databases

ASKING = (Role.RESPONDER, Role.INCIDENT_MANAGER, Role.PROBLEM_MANAGER, Role.NOTIFICATION_ADMIN)
NARROWING = (Role.REPORTER, Role.RESPONDER)
"""Of whom lists are asked in every way; who reads all else is asked nothing else."""


@pytest.fixture(scope="module")
async def scene(databases: Databases) -> AsyncIterator[Secret]:
    async with secret(databases) as scene:
        yield scene


async def answer_to(scene: Secret, call: Call, role: Role, path: str = "") -> Response:
    client = scene.other(call.service, role)
    return await client.request(call.method, path or call.path, json=call.body)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("role", OTHERS)
async def test_no_operation_tells_another_role_of_it(scene: Secret, role: Role) -> None:
    given_away = []
    for call in calls(scene, narrowed=role in NARROWING):
        answer = await answer_to(scene, call, role)
        assert answer.status_code < 500, f"{call}: {answer.text}"
        if found := scene.told_by(answer, call.said):
            given_away.append(f"{call.operation} {call.path} {call.body}: {sorted(found)}")
    assert not given_away, "\n".join(given_away)


@pytest.mark.timeout(600)
async def test_to_ask_for_it_is_to_ask_for_what_does_not_exist(scene: Secret) -> None:
    different = []
    for call in calls(scene, narrowed=False):
        if call.twin is None:
            continue
        for role in ASKING:
            seen, unknown = await asyncio.gather(
                answer_to(scene, call, role), answer_to(scene, call, role, call.twin)
            )
            if _shape(seen) != _shape(unknown):
                different.append(f"{role} {call.method} {call.path}: {seen.text} {unknown.text}")
    assert not different, "\n".join(different)


def _shape(answer: Response) -> tuple[int, str]:
    return answer.status_code, re.sub(r'"requestId":"[^"]*"', "", answer.text)


async def test_the_walk_finds_what_it_is_after_where_it_may_be_seen(scene: Secret) -> None:
    """As an auditor: otherwise the walk would prove nothing."""
    told = set()
    for call in calls(scene):
        if call.method == "GET":
            client = scene.client(call.service, "ann", Role.AUDITOR)
            answer = await client.get(call.path)
            if {"word", "id"} & scene.told_by(answer):
                told.add(call.operation)
    assert told >= {
        "GET /v1/incidents",
        "GET /v1/incidents/facets",
        "GET /v1/incidents/{id}",
        "GET /v1/incidents/{id}/timeline",
        "GET /v1/incidents/{id}/events",
        "GET /v1/incidents/{id}/alerts",
        "GET /v1/alerts/groups/{id}",
        "GET /v1/incident/feed",
        "GET /v1/incident/access-log",
        "GET /v1/problems",
        "GET /v1/problems/{id}",
        "GET /v1/problems/{id}/timeline",
        "GET /v1/problem/feed",
        "GET /v1/problem/parked",
        "GET /v1/notifications",
        "GET /v1/notifications/{id}",
    }


async def test_counts_are_as_if_it_were_not_there(scene: Secret) -> None:
    lists: dict[Name, str] = {"incident": "/v1/incidents", "problem": "/v1/problems"}
    for service, path in lists.items():
        mine = (await scene.other(service, Role.RESPONDER).get(f"{path}?limit=1")).json()
        all_of_it = (await scene.admin(service).get(f"{path}?limit=1")).json()
        assert mine["total_estimate"] == all_of_it["total_estimate"] - 1
    mine = (await scene.other("incident", Role.RESPONDER).get("/v1/incidents/facets")).json()
    assert mine["total"] == 1


async def test_its_monitor_goes_on_without_learning_of_it(scene: Secret) -> None:
    body = {name: value for name, value in scene.alerts.items() if name != "group"}
    monitor = scene.client("incident", "its peer", Role.SERVICE)  # the other is its reporter
    again = await monitor.post("/v1/alerts/alertmanager", json=body)
    assert (again.status_code, again.json()["incident"], again.json()["number"]) == (
        200,
        None,
        None,
    )
    assert not scene.told_by(again, str(body))


async def test_those_it_is_kept_to_see_the_problem_and_their_messages(scene: Secret) -> None:
    ida = scene.client("problem", "ida", Role.INCIDENT_MANAGER)
    problem = await ida.get(f"/v1/problems/{scene.names['problem']}")
    assert WORD in problem.text
    general = (await ida.get(f"/v1/problems/{scene.general['id']}")).json()
    assert scene.names["id"] in general["incidents"]
    others = await scene.other("problem", Role.PROBLEM_MANAGER).get(
        f"/v1/problems/{scene.general['id']}"
    )
    assert others.json()["incidents"] == [scene.open["id"]]
    sam = scene.client("notification", "sam", Role.RESPONDER)
    assert len((await sam.get("/v1/notifications")).json()["items"]) >= 3


async def test_what_follows_is_told_only_to_who_may_know_and_in_few_words(scene: Secret) -> None:
    page = await scene.admin("notification").get("/v1/notifications?person=sam&limit=200")
    told = {each["fact"]: each["subject"] for each in page.json()["items"]}
    assert WORD in told["incident.assigned"]  # before it was restricted
    assert UNKNOWN not in page.text


async def test_many_at_once_are_no_way_to_it(scene: Secret) -> None:
    manager = scene.other("incident", Role.INCIDENT_MANAGER)
    names = [scene.names["id"], scene.names["number"], UNKNOWN, "INC-99999"]
    body = {"command": "note", "ids": names, "arguments": {"text": "x"}}
    answer = await manager.post("/v1/incidents/bulk", json=body)
    assert answer.status_code == 200, answer.text
    results = answer.json()["items"]
    assert len({str({**each, "reference": ""}) for each in results}) == 1
    assert results[0]["status"] == 404
