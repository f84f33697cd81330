"""What good requests are answered with: tags, positions, keys that repeat, cursors that hold."""

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.auth.roles import Role
from shared.client import AsyncClient, Response
from tests.incident.table import COMMANDS, major_target, may, target
from tests.incident.test_conventions import SLOW, assert_problem
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import rows, started


@pytest.fixture(scope="module")
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("incident", databases) as service:
        yield service


@pytest.fixture(scope="module")
async def agent(service: RunningService) -> AsyncIterator[AsyncClient]:
    async with service.client(Role.RESPONDER) as agent:
        yield agent


@pytest.fixture
async def incident(agent: AsyncClient) -> str:
    """The address of a new one."""
    return (await agent.post("/v1/incidents", json=SLOW)).headers["location"]


async def head(service: RunningService) -> int:
    found = await rows(service.database, "select position from log")
    position: int = found[0]["position"]
    return position


async def note(agent: AsyncClient, incident: str, text: str = "Seen", **headers: str) -> Response:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return await agent.post(f"{incident}/note", json={"text": text}, headers=told)


async def test_a_declaration_names_its_address_version_and_position(
    service: RunningService, agent: AsyncClient
) -> None:
    answer = await agent.post("/v1/incidents", json=SLOW | {"impact": 1, "urgency": 2})
    view = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/incidents/{view['id']}"
    assert (answer.headers["etag"], view["version"]) == ('"1"', 1)
    assert answer.headers["tocsin-position"] == str(view["position"]) == str(await head(service))
    assert UUID(view["id"]).version == 7
    assert (view["status"], view["priority"], view["reporter"]["id"]) == (
        "new",
        2,
        "demo-responder",
    )
    assert view["created_at"] == view["updated_at"]
    assert view["created_at"].endswith("Z")
    assert "actions" not in view


async def test_each_command_answers_the_next_version_at_the_newest_position(
    service: RunningService, agent: AsyncClient, incident: str
) -> None:
    answer = await agent.get(incident)
    for version, command in enumerate(("acknowledge", "hold", "resume"), 2):
        body = {"reason": "awaiting_vendor"} if command == "hold" else {}
        answer = await agent.post(f"{incident}/{command}", json=body)
        assert answer.status_code == 200
        assert answer.headers["etag"] == f'"{version}"'
        assert answer.headers["tocsin-position"] == str(await head(service))
    read = await agent.get(incident)
    assert read.headers["etag"] == answer.headers["etag"]
    assert as_told(read) == as_told(answer)


def as_told(answer: Response) -> dict[str, Any]:
    """What a read and a command's answer have in common: no clock, and nothing of the reader's."""
    beside = ("actions", "references", "suggestions", "time_in_status")
    return {name: value for name, value in answer.json().items() if name not in beside}


async def test_an_incident_is_found_by_its_number_in_any_case(
    agent: AsyncClient, incident: str
) -> None:
    number = (await agent.get(incident)).json()["number"]
    for reference in (number, number.lower(), incident.rsplit("/", maxsplit=1)[-1].upper()):
        assert (await agent.get(f"/v1/incidents/{reference}")).json()["number"] == number


@pytest.mark.parametrize("steps", [[], ["start"], ["hold"], ["resolve"], ["resolve", "close"]])
async def test_the_actions_offered_are_those_that_are_taken(
    agent: AsyncClient, incident: str, steps: list[str]
) -> None:
    bodies: dict[str, Any] = {
        "hold": {"reason": "awaiting_vendor"},
        "resolve": {"code": "fixed", "summary": "Done"},
    }
    for step in steps:
        await agent.post(f"{incident}/{step}", json=bodies.get(step, {}))
    view = (await agent.get(incident)).json()
    offered = {action["name"]: action for action in view["actions"]}
    for command in COMMANDS:
        action = offered[command]
        leads = (target(command, view["status"]), major_target(command, "none"))
        is_theirs = may("responder", command, view["status"], own=False)
        assert action["allowed"] == (None not in leads and is_theirs)
        assert (action["reason"] is None) == action["allowed"]
        assert action["href"] == f"{incident}/{command}"


async def test_one_key_posted_fifty_times_at_once_is_one_event_and_one_answer(
    service: RunningService, agent: AsyncClient, incident: str
) -> None:
    before, key = await head(service), str(uuid4())
    answers = await asyncio.gather(*(note(agent, incident, idempotency_key=key) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.headers["etag"] for answer in answers}) == 1
    assert await head(service) == before + 1


async def test_a_repeated_key_answers_as_it_was_then_though_much_has_happened_since(
    agent: AsyncClient, incident: str
) -> None:
    first = await note(agent, incident, idempotency_key="once")
    await agent.post(f"{incident}/acknowledge")
    again = await note(agent, incident, idempotency_key='"once"', if_match='"1"')
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])


async def test_a_declaration_with_a_repeated_key_is_the_same_incident(agent: AsyncClient) -> None:
    key = {"idempotency-key": str(uuid4())}
    first, again = [await agent.post("/v1/incidents", json=SLOW, headers=key) for _ in range(2)]
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["location"] == first.headers["location"]


async def test_a_key_with_another_body_is_refused_and_nothing_happens(
    service: RunningService, agent: AsyncClient, incident: str
) -> None:
    await note(agent, incident, "This", idempotency_key="reused")
    before = await head(service)
    answer = await note(agent, incident, "That", idempotency_key="reused")
    assert_problem(answer, 422, "key-reused")
    assert await head(service) == before


async def test_a_key_belongs_to_its_principal_and_its_address(
    service: RunningService, agent: AsyncClient, incident: str
) -> None:
    other = (await agent.post("/v1/incidents", json=SLOW)).headers["location"]
    before = await head(service)
    async with service.client(Role.RESPONDER, subject="ada") as ada:
        for caller, address in ((agent, incident), (agent, other), (ada, incident)):
            answer = await note(caller, address, idempotency_key="shared")
            assert answer.status_code == 200
    assert await head(service) == before + 3


async def test_a_refusal_is_not_kept_with_its_key(agent: AsyncClient, incident: str) -> None:
    key = {"idempotency-key": "patient"}
    refused = await agent.post(f"{incident}/resume", headers=key)
    assert_problem(refused, 409, "refused")
    await agent.post(f"{incident}/hold", json={"reason": "awaiting_vendor"})
    assert (await agent.post(f"{incident}/resume", headers=key)).status_code == 200


async def test_a_command_that_changes_nothing_leaves_no_event_even_with_a_key(
    service: RunningService, agent: AsyncClient, incident: str
) -> None:
    await agent.post(f"{incident}/acknowledge")
    before = await head(service)
    for key in ({}, {"idempotency-key": "again"}, {"idempotency-key": "again"}):
        answer = await agent.post(f"{incident}/acknowledge", headers=key)
        assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    assert await head(service) == before


async def test_a_key_outlives_the_process(databases: Databases) -> None:
    key = {"idempotency-key": "before the restart"}
    async with started("incident", databases) as first:
        answers = [await first.client(Role.RESPONDER).post("/v1/incidents", json=SLOW, headers=key)]
        async with started("incident", databases, beside=first) as second:
            door = second.client(Role.RESPONDER)
            answers.append(await door.post("/v1/incidents", json=SLOW, headers=key))
    assert answers[0].content == answers[1].content


async def test_tags_guard_a_command_and_a_star_accepts_any(
    agent: AsyncClient, incident: str
) -> None:
    assert (await note(agent, incident, if_match='"1"')).headers["etag"] == '"2"'
    assert_problem(await note(agent, incident, if_match='"1"'), 412, "stale")
    assert (await note(agent, incident, if_match="*")).headers["etag"] == '"3"'


async def test_the_request_ties_its_events_to_others(
    service: RunningService, agent: AsyncClient, incident: str
) -> None:
    correlation, trace = str(uuid4()), f"00-{'a' * 32}-{'b' * 16}-01"
    await note(agent, incident, x_correlation_id=correlation, traceparent=trace)
    event = (await agent.get(f"{incident}/events")).json()["items"][-1]
    assert (event["correlation_id"], event["traceparent"]) == (correlation, trace)
    assert (event["actor"], event["data"]["text"]) == ("demo-responder", "Seen")


async def test_a_reader_waits_for_what_it_has_just_written(
    service: RunningService, agent: AsyncClient, incident: str
) -> None:
    written = int((await note(agent, incident)).headers["tocsin-position"])
    for address in (incident, "/v1/incidents", f"{incident}/timeline"):
        seen = await agent.get(address, params={"wait_for": f"incident:{written}"})
        assert seen.json()["position"] >= written
    late = await agent.get(incident, params={"wait_for": f"incident:{await head(service) + 1}"})
    assert_problem(late, 409, "not-caught-up")
    assert late.headers["retry-after"] == "1"


async def test_a_reader_that_waits_is_answered_as_soon_as_it_is_written(
    service: RunningService, agent: AsyncClient, incident: str
) -> None:
    coming = {"wait_for": f"incident:{await head(service) + 1}"}
    waiting = asyncio.create_task(agent.get(incident, params=coming))
    written = await note(agent, incident)
    assert (await waiting).json()["version"] == written.json()["version"]


@pytest.fixture
async def cursor(agent: AsyncClient) -> str:
    """Of a list of two on two pages."""
    for _ in range(2):
        await agent.post("/v1/incidents", json=SLOW | {"service": "walked"})
    page = await agent.get("/v1/incidents", params={"service": "walked", "limit": 1})
    cursor: str = page.json()["next_cursor"]
    return cursor


async def test_a_cursor_goes_on_with_its_own_list(agent: AsyncClient, cursor: str) -> None:
    query = {"service": "walked", "limit": "1", "cursor": cursor}
    assert len((await agent.get("/v1/incidents", params=query)).json()["items"]) == 1


@pytest.mark.parametrize("place", [0, 7, 21, 40])
async def test_a_tampered_cursor_is_refused(agent: AsyncClient, cursor: str, place: int) -> None:
    other = "A" if cursor[place] != "A" else "B"
    for text in (
        cursor[:place] + other + cursor[place + 1 :],
        cursor[: place + 1],
        cursor[:place] + "!" + cursor[place:],
        cursor[:place] + "!!!!" + cursor[place:],
        base64.urlsafe_b64encode(b'[1,"2026",""]').decode(),
        "é",
    ):
        query = {"service": "walked", "cursor": text}
        assert_problem(await agent.get("/v1/incidents", params=query), 422, "invalid")


async def test_a_cursor_belongs_to_its_filter_its_sort_its_list_and_its_caller(
    service: RunningService, agent: AsyncClient, incident: str, cursor: str
) -> None:
    query = {"service": "walked", "cursor": cursor}
    async with service.client(Role.RESPONDER, subject="ada") as ada:
        answers = [
            await agent.get("/v1/incidents", params=query | {"service": "other"}),
            await agent.get("/v1/incidents", params=query | {"sort": "number"}),
            await agent.get("/v1/incidents", params=query | {"as_of": "1"}),
            await agent.get(f"{incident}/timeline", params={"cursor": cursor}),
            await ada.get("/v1/incidents", params=query),
        ]
    for answer in answers:
        assert_problem(answer, 422, "invalid")


async def test_a_reporter_knows_only_of_their_own(service: RunningService) -> None:
    async with (
        service.client(Role.REPORTER, subject="rita") as rita,
        service.client(Role.REPORTER, subject="rob") as rob,
    ):
        told = SLOW | {"reporter": {"id": "somebody else"}}
        own = (await rita.post("/v1/incidents", json=told)).headers["location"]
        assert (await rita.get(own)).json()["reporter"]["id"] == "rita"
        items = (await rita.get("/v1/incidents")).json()["items"]
        assert {item["reporter"]["id"] for item in items} == {"rita"}
        assert (await rob.get("/v1/incidents")).json()["items"] == []
        for answer in (
            await rob.get(own),
            await rob.get(f"{own}/timeline"),
            await rob.get(f"{own}/events"),
            await note(rob, own),
            await rob.post(f"{own}/reopen", json={"reason": "x"}),
        ):
            assert_problem(answer, 404, "not-found")
        assert (await note(rita, own)).status_code == 200


async def test_a_reporter_reopens_what_was_resolved_but_not_what_is_closed(
    service: RunningService, agent: AsyncClient
) -> None:
    async with service.client(Role.REPORTER, subject="rita") as rita:
        own = (await rita.post("/v1/incidents", json=SLOW)).headers["location"]
        await agent.post(f"{own}/resolve", json={"code": "fixed", "summary": "Done"})
        reopened = await rita.post(f"{own}/reopen", json={"reason": "No"})
        assert (reopened.status_code, reopened.json()["reopen_count"]) == (200, 1)
        await agent.post(f"{own}/resolve", json={"code": "fixed", "summary": "Done"})
        await agent.post(f"{own}/close")
        refused = await rita.post(f"{own}/reopen", json={"reason": "No"})
        assert_problem(refused, 403, "forbidden")


async def test_what_was_mitigated_before_it_was_declared_is_whole_at_any_moment(
    agent: AsyncClient,
) -> None:
    told = SLOW | {"started_at": "2026-01-01T09:58:00Z"}
    incident = (await agent.post("/v1/incidents", json=told)).headers["location"]
    mitigated = {"action": "Failed over", "at": "2026-01-01T10:04:00Z"}
    (await agent.post(f"{incident}/mitigate", json=mitigated)).raise_for_status()
    moments = {
        "2026-01-01T09:57:00Z": 404,
        "2026-01-01T10:00:00Z": 200,
        "2026-01-01T10:05:00Z": 200,
    }
    for moment, status in moments.items():
        answer = await agent.get(incident, params={"effective_at": moment})
        assert answer.status_code == status
        if status == 200:
            assert answer.json()["title"] == SLOW["title"]
            assert answer.json()["status"] == "new"
    now = (await agent.get(incident)).json()
    assert now["milestones"]["mitigated"] == "2026-01-01T10:04:00Z"


async def test_a_time_a_year_ahead_is_a_slip(agent: AsyncClient) -> None:
    for field in ("started_at", "detected_at"):
        answer = await agent.post("/v1/incidents", json=SLOW | {field: "2199-01-01T00:00:00Z"})
        assert_problem(answer, 422, "invalid")
        assert answer.json()["errors"][0]["pointer"] == f"/{field}"


async def test_a_parameter_that_means_nothing_here_is_refused(
    agent: AsyncClient, incident: str
) -> None:
    for address in (f"{incident}?asof=1", "/v1/incident/feed?lastEventID=7"):
        assert_problem(await agent.get(address), 422, "invalid")
