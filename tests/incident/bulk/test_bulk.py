"""One command on many incidents: each in its own right, once, whatever happens in between."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from services.incident.rules import RULES
from shared.auth.roles import Role
from shared.client import AsyncClient
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import rows, started

Item = dict[str, Any]
BULK = "/v1/incidents/bulk"


@pytest.fixture(scope="module")
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("incident", databases) as service:
        yield service


@pytest.fixture(scope="module")
async def agent(service: RunningService) -> AsyncIterator[AsyncClient]:
    async with service.client(Role.RESPONDER, subject="ada") as agent:
        yield agent


async def declared(agent: AsyncClient, count: int, **more: Any) -> list[Item]:
    asked = [agent.post("/v1/incidents", json={"title": "Slow"} | more) for _ in range(count)]
    return [answer.json() for answer in await asyncio.gather(*asked)]


async def bulk(agent: AsyncClient, command: str, key: str = "", **more: Any) -> Any:
    headers = {"idempotency-key": key} if key else {}
    answer = await agent.post(BULK, json={"command": command} | more, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def events_of(agent: AsyncClient, incident: str) -> list[Item]:
    items: list[Item] = (await agent.get(f"/v1/incidents/{incident}/events")).json()["items"]
    return items


def ids(incidents: list[Item]) -> list[str]:
    return [incident["id"] for incident in incidents]


async def test_each_takes_the_command_as_it_would_alone(agent: AsyncClient) -> None:
    made = await declared(agent, 5)
    told = await bulk(agent, "assign", ids=ids(made), arguments={"group": "desk"})
    assert (told["done"], told["refused"], told["command"]) == (5, 0, "assign")
    for incident, item in zip(made, told["items"], strict=True):
        assert (item["id"], item["number"], item["status"]) == (
            incident["id"], incident["number"], 200,
        )  # fmt: skip
        assert item["version"] == 2
        read = (await agent.get(f"/v1/incidents/{item['id']}")).json()
        assert (read["group"], read["position"]) == ("desk", item["position"])
        last = (await events_of(agent, item["id"]))[-1]
        assert (last["actor"], last["correlation_id"]) == ("ada", told["id"])


async def test_a_refusal_of_one_harms_no_other(agent: AsyncClient) -> None:
    made = await declared(agent, 4)
    await agent.post(f"/v1/incidents/{made[1]['id']}/cancel", json={"reason": "A test"})
    references = [*ids(made), "INC-99999999", str(uuid4()), "nonsense"]
    resolution = {"code": "fixed", "summary": "Rolled back"}
    told = await bulk(agent, "resolve", ids=references, arguments=resolution)
    assert [item["status"] for item in told["items"]] == [200, 409, 200, 200, 404, 404, 404]
    refused = told["items"][1]
    alone = await agent.post(f"/v1/incidents/{made[1]['id']}/resolve", json=resolution)
    assert refused["problem"] == alone.json()
    assert refused["reference"] == made[1]["id"]
    assert (told["done"], told["refused"]) == (3, 4)


async def test_an_incident_named_twice_takes_it_once(agent: AsyncClient) -> None:
    [incident] = await declared(agent, 1)
    named = [incident["id"], incident["number"], incident["id"].upper(), incident["number"].lower()]
    told = await bulk(agent, "note", ids=named, arguments={"text": "Seen"})
    assert [item["version"] for item in told["items"]] == [2] * 4
    assert len(await events_of(agent, incident["id"])) == 2


async def test_repeated_with_its_key_it_is_done_once_and_answers_alike(agent: AsyncClient) -> None:
    made = await declared(agent, 3)
    key = str(uuid4())
    asked: dict[str, Any] = {"ids": ids(made), "arguments": {"text": "Seen"}}
    answers = await asyncio.gather(*(bulk(agent, "note", key, **asked) for _ in range(6)))
    assert all(answer == answers[0] for answer in answers)
    for incident in made:
        assert len(await events_of(agent, incident["id"])) == 2
    for other in ({"ids": ids(made[:2])}, {"arguments": {"text": "Other"}}):
        headers = {"idempotency-key": key}
        body = {"command": "note"} | asked | other
        answer = await agent.post(BULK, json=body, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/key-reused")


async def test_cut_off_halfway_it_is_taken_up_with_its_key(
    service: RunningService, agent: AsyncClient
) -> None:
    """However often it is cut off: in the end each incident has taken it exactly once."""
    made = await declared(agent, 40)
    chance, key = random.Random(2), str(uuid4())
    asked: dict[str, Any] = {"ids": ids(made), "arguments": {"text": "Seen"}}
    for _ in range(8):
        attempt = asyncio.ensure_future(bulk(agent, "note", key, **asked))
        await asyncio.sleep(chance.random() * 0.05)
        attempt.cancel()
        await asyncio.gather(attempt, return_exceptions=True)
    told = await bulk(agent, "note", key, **asked)
    assert told["done"] == 40
    counts = await rows(
        service.database,
        "select originator_version, correlation_id from events "
        "where originator_id = any($1::uuid[]) and topic = 'incident.noted'",
        ids(made),
    )
    assert [row["originator_version"] for row in counts] == [2] * 40
    assert {str(row["correlation_id"]) for row in counts} == {told["id"]}


async def test_what_a_filter_finds_takes_it_if_it_is_as_many_as_were_seen(
    agent: AsyncClient,
) -> None:
    service = f"service-{uuid4()}"
    made = await declared(agent, 6, service=service)
    filters = {"service": [service], "open": True}
    for expected, hint in ((5, "more than 5"), (7, "find 6"), (1, "more than 1")):
        body = {"command": "acknowledge", "filters": filters, "expected": expected}
        answer = await agent.post(BULK, json=body)
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/refused")
        assert hint in answer.json()["detail"]
    key = str(uuid4())
    arguments = {"code": "fixed", "summary": "So"}
    first = await bulk(agent, "resolve", key, filters=filters, expected=6, arguments=arguments)
    assert [item["number"] for item in first["items"]] == sorted(
        (incident["number"] for incident in made), key=lambda n: int(n[4:])
    )
    again = await bulk(agent, "resolve", key, filters=filters, expected=6, arguments=arguments)
    assert again == first  # though the filters find none of them by now


async def test_rights_are_those_of_each_incident(
    service: RunningService, agent: AsyncClient
) -> None:
    async with service.client(Role.REPORTER, subject="rita") as rita:
        [own] = await declared(rita, 1)
        [foreign] = await declared(agent, 1)
        both = [own["id"], foreign["id"]]
        told = await bulk(rita, "note", ids=both, arguments={"text": "Hello"})
        assert [item["status"] for item in told["items"]] == [200, 404]
        body = {"command": "assign", "ids": both, "arguments": {"group": "desk"}}
        answer = await rita.post(BULK, json=body)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")
    async with service.client(Role.AUDITOR) as auditor:
        assert (await auditor.post(BULK, json=body)).status_code == 403


async def test_what_is_restricted_is_not_found_by_others(
    service: RunningService, agent: AsyncClient
) -> None:
    async with service.client(Role.INCIDENT_MANAGER, subject="mia") as manager:
        shut, known = await declared(manager, 2, reporter={"id": "mia"})
        answer = await manager.post(
            f"/v1/incidents/{shut['id']}/restrict", json={"reason": "Security"}
        )
        assert answer.status_code == 200, answer.text
    unknown = await bulk(agent, "note", ids=[str(uuid4())], arguments={"text": "x"})
    both = [shut["id"], known["id"]]
    told = await bulk(agent, "note", ids=both, arguments={"text": "x"})
    assert [item["status"] for item in told["items"]] == [404, 200]
    assert told["items"][0]["problem"] == unknown["items"][0]["problem"]
    query = {"id": ",".join(both), "by": "status"}
    assert (await agent.get("/v1/incidents/facets", params=query)).json()["total"] == 1


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no command": ({"ids": ["INC-1"]}, "/command"),
    "an unknown command": ({"command": "explode", "ids": ["INC-1"]}, "/command"),
    "declare": ({"command": "declare", "ids": ["INC-1"]}, "/command"),
    "a command in a command": ({"command": "bulk", "ids": ["INC-1"]}, "/command"),
    "nobody": ({"command": "start"}, ""),
    "an empty list": ({"command": "start", "ids": []}, "/ids"),
    "too many": ({"command": "start", "ids": ["INC-1"] * 101}, "/ids"),
    "both ways": ({"command": "start", "ids": ["INC-1"], "filters": {}, "expected": 1}, ""),
    "a filter alone": ({"command": "start", "filters": {"open": True}}, ""),
    "no filter there is": (
        {"command": "start", "filters": {"colour": ["x"]}, "expected": 1}, "/filters/colour",
    ),
    "too many expected": ({"command": "start", "filters": {}, "expected": 101}, "/expected"),
    "an argument missing": ({"command": "note", "ids": ["INC-1"]}, "/arguments/text"),
    "an argument too many": (
        {"command": "note", "ids": ["INC-1"], "arguments": {"text": "x", "a": 1}}, "/arguments/a",
    ),
    "an argument where none is": (
        {"command": "start", "ids": ["INC-1"], "arguments": {"a": 1}}, "/arguments/a",
    ),
    "arguments by another name": (
        {"command": "note", "ids": ["INC-1"], "details": {"text": "x"}}, "/details",
    ),
    "a date that is none": (
        {"command": "mitigate", "ids": ["INC-1"], "arguments": {"action": "x", "at": "now"}},
        "/arguments/at",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
async def test_what_cannot_be_meant_is_refused_as_a_whole(agent: AsyncClient, case: str) -> None:
    body, pointer = REFUSED[case]
    answer = await agent.post(BULK, json=body)
    assert answer.status_code == 422, answer.text
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


async def test_a_version_is_of_one_incident(agent: AsyncClient) -> None:
    body = {"command": "start", "ids": ["INC-1"]}
    answer = await agent.post(BULK, json=body, headers={"if-match": '"1"'})
    assert answer.status_code == 422


async def test_every_command_of_one_incident_is_one_of_many(agent: AsyncClient) -> None:
    answer = await agent.post(BULK, json={"command": "x", "ids": ["INC-1"]})
    known = answer.json()["errors"][0]["detail"].rpartition("known are ")[2].split(", ")
    document = (await agent.get("/openapi.json")).json()
    alone = {name for name in RULES if f"/v1/incidents/{{id}}/{name}" in document["paths"]}
    assert set(known) == alone
    assert len(alone) > 10
