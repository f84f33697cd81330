"""A restricted incident over HTTP: absent for all but those concerned, and every read on record."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from shared.auth.roles import Role
from shared.client import AsyncClient, Response
from tests.incident.test_conventions import assert_problem
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import rows, started

SECRET = {"title": "Payroll zanzibar", "reporter": {"id": "rita"}, "service": "payroll"}
LOG = "/v1/incident/access-log"


@pytest.fixture(scope="module")
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("incident", databases) as service:
        yield service


@pytest.fixture(scope="module")
async def manager(service: RunningService) -> AsyncIterator[AsyncClient]:
    async with service.client(Role.INCIDENT_MANAGER, subject="ida") as manager:
        yield manager


@pytest.fixture
async def other(service: RunningService) -> AsyncIterator[AsyncClient]:
    async with service.client(Role.RESPONDER, subject="otto") as other:
        yield other


@pytest.fixture
async def auditor(service: RunningService) -> AsyncIterator[AsyncClient]:
    async with service.client(Role.AUDITOR, subject="ann") as auditor:
        yield auditor


@pytest.fixture
async def incident(manager: AsyncClient) -> dict[str, Any]:
    """A new one, restricted by ida."""
    path = (await manager.post("/v1/incidents", json=SECRET)).headers["location"]
    return await restrict(manager, path)


async def restrict(manager: AsyncClient, path: str, **more: Any) -> dict[str, Any]:
    answer = await manager.post(f"{path}/restrict", json={"reason": "Secret"} | more)
    assert answer.status_code == 200, answer.text
    view: dict[str, Any] = answer.json()
    return view


async def log_of(auditor: AsyncClient, incident: dict[str, Any], **query: str) -> list[Any]:
    found = await auditor.get(LOG, params={"incident": incident["number"], **query})
    assert found.status_code == 200, found.text
    items: list[Any] = found.json()["items"]
    return items


async def test_the_representation_says_to_whom_it_is_kept(incident: dict[str, Any]) -> None:
    assert incident["restricted"] is True
    assert incident["restriction"] == {
        "people": ["ida"], "roles": [], "teams": [], "reason": "Secret",
    }  # fmt: skip


async def test_for_others_every_address_of_it_is_one_of_nothing(
    incident: dict[str, Any], other: AsyncClient
) -> None:
    nothing = str(uuid4())
    for name in (incident["id"], incident["number"], incident["id"].upper()):
        for end in ("", "/timeline", "/events", "/alerts"):
            for query in ("", "?as_of=1", "?effective_at=2020-01-01T00:00:00Z", "?as_of=999999"):
                takes = end != "/alerts" or "effective_at" not in query  # alerts are a list
                if takes and (end in ("", "/alerts") or not query):
                    seen = await other.get(f"/v1/incidents/{name}{end}{query}")
                    unknown = await other.get(f"/v1/incidents/{nothing}{end}{query}")
                    assert (seen.status_code, seen.content) == (404, unknown.content)


async def test_for_others_a_command_finds_nothing_whatever_its_state_and_tag(
    incident: dict[str, Any], other: AsyncClient
) -> None:
    path, headers = f"/v1/incidents/{incident['number']}", {"if-match": '"99"'}
    for command, body in {
        "note": {"text": "x"}, "close": {}, "start": {}, "resume": {},
        "prioritise": {"impact": 1, "urgency": 1},
        "resolve": {"code": "fixed", "summary": "x"},
    }.items():  # fmt: skip
        assert_problem(await other.post(f"{path}/{command}", json=body), 404, "not-found")
        answer = await other.post(f"{path}/{command}", json=body, headers=headers)
        assert_problem(answer, 404, "not-found")


async def test_lists_counts_and_search_are_as_if_it_were_not_there(
    manager: AsyncClient, other: AsyncClient
) -> None:
    queries = ("", "?q=zanzibar", "?service=payroll&limit=1", "?sort=number", "?reporter=rita")
    before = [(await other.get(f"/v1/incidents{q}")).json() for q in queries]
    path = (await manager.post("/v1/incidents", json=SECRET)).headers["location"]
    seen = (await other.get("/v1/incidents?limit=1")).json()
    await restrict(manager, path)
    after = [(await other.get(f"/v1/incidents{q}")).json() for q in queries]
    assert [_shown(page) for page in after] == [_shown(page) for page in before]
    then = (await other.get(f"/v1/incidents?as_of={seen['position']}")).json()
    assert path.rsplit("/", 1)[-1] not in str(then)
    mine = (await manager.get("/v1/incidents?q=zanzibar")).json()["items"]
    assert any(item["id"] in path and item["restricted"] for item in mine)


def _shown(page: dict[str, Any]) -> Any:
    return page["total_estimate"], [(i["id"], i["version"]) for i in page["items"]]


async def test_a_lifted_restriction_shows_it_to_all_again(
    manager: AsyncClient, other: AsyncClient, incident: dict[str, Any]
) -> None:
    path = f"/v1/incidents/{incident['id']}"
    lifted = await restrict(manager, path, restricted=False)
    assert (lifted["restricted"], lifted["restriction"]) == (False, None)
    assert (await other.get(path)).status_code == 200
    assert (await other.get(f"{path}?as_of={incident['position']}")).json()["restricted"] is True
    titles = [e["title"] for e in (await other.get(f"{path}/timeline")).json()["items"]]
    assert titles[-2:] == ["Restricted to its participants, ida", "Restriction lifted"]


async def test_lifting_a_restriction_names_nobody(
    manager: AsyncClient, incident: dict[str, Any]
) -> None:
    body = {"restricted": False, "people": ["otto"], "reason": "x"}
    answer = await manager.post(f"/v1/incidents/{incident['id']}/restrict", json=body)
    assert_problem(answer, 422, "invalid")


async def test_a_repeated_key_answers_nothing_to_who_may_no_longer_know(
    service: RunningService, manager: AsyncClient, other: AsyncClient
) -> None:
    path = (await manager.post("/v1/incidents", json=SECRET)).headers["location"]
    headers, note = {"idempotency-key": str(uuid4())}, {"text": "zanzibar"}
    assert (await other.post(f"{path}/note", json=note, headers=headers)).status_code == 200
    async with service.client(Role.REPORTER, subject="rita") as rita:
        await restrict(manager, path)
        again = await other.post(f"{path}/note", json=note, headers=headers)
        assert_problem(again, 404, "not-found")
        assert (await rita.get(path)).status_code == 200


async def test_what_another_process_restricted_is_hidden_at_once(
    databases: Databases, service: RunningService, manager: AsyncClient
) -> None:
    path = (await manager.post("/v1/incidents", json=SECRET)).headers["location"]
    headers, note = {"idempotency-key": str(uuid4())}, {"text": "zanzibar"}
    async with (
        started("incident", databases, beside=service) as beside,
        beside.client(Role.RESPONDER, subject="otto") as otto,
    ):
        assert (await otto.post(f"{path}/note", json=note, headers=headers)).status_code == 200
        await restrict(manager, path)  # which the other process has not heard of
        for told in (headers, {"if-match": '"1"'}, {}):
            answer = await otto.post(f"{path}/note", json=note, headers=told)
            assert_problem(answer, 404, "not-found")
        assert_problem(await otto.post(f"{path}/resume"), 404, "not-found")
        await restrict(manager, path, restricted=False)
        assert (await otto.post(f"{path}/note", json=note)).status_code == 200


async def test_every_read_is_on_record(
    manager: AsyncClient, auditor: AsyncClient, incident: dict[str, Any]
) -> None:
    path, trace = f"/v1/incidents/{incident['id']}", "0af7651916cd43dd8448eb211c80319c"
    await auditor.get(path, headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    for end in ("/timeline", "/events", "/alerts", "?as_of=" + str(incident["position"])):
        await auditor.get(path + end)
    await auditor.get("/v1/incidents?q=zanzibar")
    await auditor.get(f"/v1/incidents?as_of={incident['position'] - 1}")
    items = await log_of(auditor, incident, principal="ann")
    assert [item["route"] for item in reversed(items)] == [
        "GET /v1/incidents/{id}",
        "GET /v1/incidents/{id}/timeline",
        "GET /v1/incidents/{id}/events",
        "GET /v1/incidents/{id}/alerts",
        "GET /v1/incidents/{id}",
        "GET /v1/incidents",
        "GET /v1/incidents",
    ]
    first = items[-1]
    assert (first["principal"], first["roles"], first["subject"], first["trace_id"]) == (
        "ann", ["auditor"], incident["id"], trace,
    )  # fmt: skip
    assert len(await log_of(auditor, incident, principal="ann", after=first["at"])) == 6
    assert await log_of(auditor, incident, principal="ann", before=first["at"]) == []
    assert (await auditor.get(LOG, params={"incident": "INC-999999"})).json()["items"] == []


async def test_commands_are_on_record_once_and_the_refused_ones_too(
    manager: AsyncClient, auditor: AsyncClient, incident: dict[str, Any]
) -> None:
    path = f"/v1/incidents/{incident['id']}"
    before = len(await log_of(auditor, incident))  # the answer to the restriction itself
    await manager.post(f"{path}/note", json={"text": "x"})
    await manager.post(f"{path}/resume")
    items = await log_of(auditor, incident)
    assert [i["route"] for i in items[:-before]] == [
        "POST /v1/incidents/{id}/resume", "POST /v1/incidents/{id}/note",
    ]  # fmt: skip


async def test_what_is_open_leaves_no_record(
    service: RunningService, manager: AsyncClient, auditor: AsyncClient
) -> None:
    path = (await manager.post("/v1/incidents", json=SECRET)).headers["location"]
    before = await rows(service.database, "select count(*) from access_log")
    await auditor.get(path)
    await manager.post(f"{path}/note", json={"text": "x"})
    assert await rows(service.database, "select count(*) from access_log") == before


async def test_a_read_that_cannot_be_put_on_record_is_refused(
    service: RunningService, auditor: AsyncClient, incident: dict[str, Any]
) -> None:
    await rows(service.database, "alter table access_log rename to access_log_away")
    try:
        for end in (f"/{incident['id']}", f"/{incident['id']}/timeline", "?q=zanzibar"):
            answer = await auditor.get(f"/v1/incidents{end}")
            assert_problem(answer, 503, "unavailable")
            assert "zanzibar" not in answer.text
    finally:
        await rows(service.database, "alter table access_log_away rename to access_log")


@pytest.mark.parametrize("change", ["update access_log set principal = 'eve'",
                                    "delete from access_log", "truncate access_log"])  # fmt: skip
async def test_the_log_can_only_grow(
    service: RunningService, incident: dict[str, Any], change: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await rows(service.database, change)  # as the owner, whom only the triggers stop


async def test_only_auditors_read_the_log(service: RunningService, manager: AsyncClient) -> None:
    answer: Response = await manager.get(LOG)
    assert_problem(answer, 403, "forbidden")


async def test_what_has_to_do_with_it_names_it_to_nobody_else(
    manager: AsyncClient, other: AsyncClient
) -> None:
    secret, merged, child, parent = [
        (await manager.post("/v1/incidents", json={"title": "Slow"})).json() for _ in range(4)
    ]
    paths = {each["number"]: f"/v1/incidents/{each['id']}" for each in (merged, child, parent)}
    into = {"into": secret["number"], "reason": "The same"}
    for path, body in (
        (f"{paths[merged['number']]}/merge", into),
        (f"/v1/incidents/{secret['id']}/add-child", {"child": child["number"]}),
        (f"{paths[parent['number']]}/add-child", {"child": secret["number"]}),
    ):
        answer = await manager.post(path, json=body)
        assert answer.status_code in (200, 409), answer.text
    await restrict(manager, f"/v1/incidents/{secret['id']}")
    known = (secret["id"], f'{secret["number"]}"', f"{secret['number']} ")
    for path in paths.values():
        for end in ("", "/timeline", "/events"):
            answer = await other.get(path + end)
            assert answer.status_code == 200
            assert not [name for name in known if name in answer.text], f"{path}{end}"
    refused = await other.post(f"{paths[merged['number']]}/start")
    assert_problem(refused, 409, "refused")
    assert refused.json()["detail"] == "the incident is merged into another incident"
    review = await other.post(f"{refused.request.url.path.rsplit('/', 1)[0]}/review/open")
    assert review.json()["detail"].startswith("the incident is merged into another incident: its")
    listed = (await other.get("/v1/incidents?limit=200")).json()["items"]
    assert not [i for i in listed if secret["id"] in (i["parent"], i["merged_into"])]
    assert [i["child_count"] for i in listed if i["id"] == parent["id"]] == [0]
