"""Changes that pipelines tell of in PagerDuty's form: kept, and found by who looks for a cause."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.client import AsyncClient
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started

PATH = "/v2/change/enqueue"


@pytest.fixture(scope="module")
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("incident", databases) as running:
        yield running


@pytest.fixture
def people(service: RunningService) -> AsyncClient:
    return service.client("responder")


async def new_key(service: RunningService, name: str = "Pipeline") -> str:
    told = {"name": name, "roles": ["service"], "short": True}
    made = await service.client("admin").post("/v1/api-keys", json=told)
    return str(made.json()["key"])


def change(key: str, summary: str, **payload: Any) -> dict[str, Any]:
    told = {"summary": summary, "timestamp": "2026-07-17T08:42:58.315+0000", "source": "ci"}
    links = [{"href": "https://ci.example/7", "text": "Build 7"}]
    return {"routing_key": key, "payload": told | payload, "links": links}


async def send(service: RunningService, body: Any, path: str = PATH, **headers: str) -> Any:
    answer = await service.client(None).post(path, json=body, headers=headers)
    assert answer.status_code == 202, answer.text
    return answer.json()


async def changes(people: AsyncClient, **params: Any) -> list[dict[str, Any]]:
    answer = await people.get("/v1/changes", params=params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def summaries(people: AsyncClient, **params: Any) -> list[str]:
    return [found["summary"] for found in await changes(people, **params)]


async def test_a_change_is_kept_as_it_was_sent(
    service: RunningService, people: AsyncClient
) -> None:
    more = {"service": "pay, roll", "by": {"n": 1}}
    body = change(await new_key(service), "Deploy 6", custom_details=more)
    answer = await send(service, body | {"new_field": "theirs"})
    assert answer == {"status": "success", "message": "Change event processed"}
    (found,) = await changes(people, service='"pay, roll"')
    assert (found["summary"], found["source"]) == ("Deploy 6", "ci")
    assert (found["sender"], found["integration"]) == ("pagerduty", "Pipeline")
    assert found["at"] == "2026-07-17T08:42:58.315000Z"
    assert found["links"] == body["links"]
    assert found["more"]["custom_details"] == more
    assert found["more"]["new_field"] == "theirs"


async def test_changes_are_found_by_service_time_and_moment(
    service: RunningService, people: AsyncClient
) -> None:
    key, of = await new_key(service), {"custom_details": {"service": "found"}}
    await send(service, change(key, "Deploy 7", timestamp="2026-07-17T08:40:00Z", **of))
    (first,) = await changes(people, service="found")
    await send(service, change(key, "Deploy 8", timestamp="2026-07-17T09:00:00Z", **of))
    around = {"at_after": "2026-07-17T08:50:00Z", "at_before": "2026-07-17T09:10:00Z"}
    assert await summaries(people, service="found") == ["Deploy 8", "Deploy 7"]
    assert await summaries(people, service="found", **around) == ["Deploy 8"]
    assert await summaries(people, service="found", as_of=first["position"]) == ["Deploy 7"]
    assert await summaries(people, service="nothing") == []


async def test_a_change_declares_nothing(service: RunningService, people: AsyncClient) -> None:
    await send(service, change(await new_key(service), "Deploy 9"))
    assert (await people.get("/v1/incidents")).json()["items"] == []


async def test_a_repeated_request_is_one_change(
    service: RunningService, people: AsyncClient
) -> None:
    body = change(await new_key(service, "Repeating"), "Deploy 10")
    for _ in range(2):
        await send(service, body, **{"idempotency-key": "deploy-10"})
    found = [c for c in await changes(people) if c["integration"] == "Repeating"]
    assert len(found) == 1


async def test_the_key_in_the_address_and_a_far_future(
    service: RunningService, people: AsyncClient
) -> None:
    key = await new_key(service, "By address")
    body = change("", "Deploy 11", timestamp="2999-01-01T00:00:00Z")
    await send(service, body, f"/v1/alerts/by-key/{key}{PATH}")
    (found,) = [c for c in await changes(people) if c["integration"] == "By address"]
    assert found["at"] <= found["recorded_at"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "payload"),
        ({"payload": {}}, "'payload.summary' is missing"),
        ({"payload": {"summary": ""}}, "payload.summary"),
        ({"payload": {"summary": "x", "timestamp": "soon"}}, "payload.timestamp"),
        ({"payload": {"summary": "x"}, "routing_key": "0" * 32}, "Invalid routing key"),
    ],
)
async def test_what_is_wrong_is_told_as_pagerduty_tells_it(
    service: RunningService, body: dict[str, Any], error: str
) -> None:
    told = {"routing_key": await new_key(service)} | body
    answer = await service.client(None).post(PATH, json=told)
    assert (answer.status_code, answer.json()["status"]) == (400, "invalid event")
    assert error in answer.json()["errors"][0]


async def test_reporters_do_not_see_changes(service: RunningService) -> None:
    assert (await service.client("reporter").get("/v1/changes")).status_code == 403
