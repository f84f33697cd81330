"""A key decides before anything that a command names is looked up, or has become of it."""

from typing import Any
from uuid import uuid4

import pytest

from shared.client import AsyncClient, Response
from tests.problem.conftest import Feed

KNOWN = {"title": "VPN drops", "symptom": "The tunnel is cut", "workaround": "Dial again"}


async def post(client: AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def known_error(manager: AsyncClient, **said: Any) -> str:
    made = await post(manager, "/v1/known-errors", **(KNOWN | said))
    return f"/v1/known-errors/{made['id']}"


async def repeated(
    client: AsyncClient, path: str, body: dict[str, Any], **headers: str
) -> Response:
    return await client.post(path, json=body, headers={"idempotency-key": "once", **headers})


async def test_a_use_is_recorded_once_though_the_known_error_has_ended(
    manager: AsyncClient, feed: Feed
) -> None:
    fact = feed.declared()
    await feed.hear(fact)
    path = await known_error(manager)
    tag = (await manager.post(f"{path}/publish")).headers["etag"]
    body = {"incident": str(fact.subject), "helped": True}
    first = await repeated(manager, f"{path}/record-use", body, **{"if-match": tag})
    await post(manager, f"{path}/retire", reason="All have 7.3")
    again = await repeated(manager, f"{path}/record-use", body, **{"if-match": tag})
    assert (first.status_code, again.status_code) == (200, 200), again.text
    assert again.content == first.content
    anew = await manager.post(f"{path}/record-use", json=body)
    assert (anew.status_code, anew.json()["detail"]) == (409, "the known error is retired")


async def test_a_repeat_shows_the_known_errors_of_its_first_answer(manager: AsyncClient) -> None:
    problem = (await post(manager, "/v1/problems", title="VPN drops"))["id"]
    path = await known_error(manager, problem=problem)
    note = f"/v1/problems/{problem}/note"
    first = await repeated(manager, note, {"text": "Seen"})
    assert [each["status"] for each in first.json()["known_errors"]] == ["draft"]
    await post(manager, f"{path}/publish")
    assert (await repeated(manager, note, {"text": "Seen"})).content == first.content


@pytest.mark.parametrize("command", ["link-incident", "unlink-incident", "mark-duplicate"])
async def test_a_used_key_is_said_to_be_used_whatever_another_body_names(
    manager: AsyncClient, feed: Feed, command: str
) -> None:
    fact = feed.declared()
    await feed.hear(fact)
    field = "of" if command == "mark-duplicate" else "incident"
    other = (await post(manager, "/v1/problems", title="Another"))["id"]
    named = other if field == "of" else str(fact.subject)
    path = f"/v1/problems/{(await post(manager, '/v1/problems', title='Slow'))['id']}/{command}"
    assert (await repeated(manager, path, {field: named})).status_code == 200
    again = await repeated(manager, path, {field: str(uuid4())})
    assert (again.status_code, again.json()["type"]) == (422, "/problems/key-reused")


@pytest.mark.parametrize("names", ["incidents", "problem"])
async def test_so_it_is_with_what_is_made(manager: AsyncClient, feed: Feed, names: str) -> None:
    fact = feed.declared()
    await feed.hear(fact)
    problem = (await post(manager, "/v1/problems", title="Slow"))["id"]
    path, body = (
        ("/v1/problems", {"title": "Slow", "incidents": [str(fact.subject)]})
        if names == "incidents"
        else ("/v1/known-errors", KNOWN | {"problem": problem})
    )
    key = {"idempotency-key": str(uuid4())}
    first = await manager.post(path, json=body, headers=key)
    unknown = body | {names: [str(uuid4())] if names == "incidents" else str(uuid4())}
    other = await manager.post(path, json=unknown, headers=key)
    again = await manager.post(path, json=body, headers=key)
    assert (first.status_code, other.status_code, again.status_code) == (201, 422, 201)
    assert (again.content, again.headers["location"]) == (first.content, first.headers["location"])
