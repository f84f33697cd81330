"""Audiences over HTTP: who is in one, by which rule, and who cannot be told."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.client import AsyncClient
from tests.support.postgres import Databases
from tests.support.started import started

PATH = "/v1/audiences"


@pytest.fixture(scope="module")
async def admin(databases: Databases) -> AsyncIterator[AsyncClient]:
    async with started("notification", databases) as running:
        yield running.client("notification_admin")


async def _post(client: AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def _contact(admin: AsyncClient, person: str) -> str:
    body = {"name": person, "person": person, "email": f"{person}@example.com"}
    id: str = (await _post(admin, "/v1/contacts", body))["id"]
    return id


async def test_an_audience_is_who_is_named_and_whom_its_rules_find(admin: AsyncClient) -> None:
    ids = {name: await _contact(admin, name) for name in ("ada", "bob", "cleo", "dan", "eve")}
    await _post(admin, "/v1/teams", {"key": "duty", "name": "Duty", "members": ["bob", "ada"]})
    layer = {"people": ["cleo"], "starts_on": "2026-01-01"}
    await _post(admin, "/v1/schedules", {"key": "night", "name": "Night", "layers": [layer]})
    subscribed = {"contact": ids["dan"], "channel": "email", "facts": ["incident.resolved"]}
    await _post(admin, "/v1/subscriptions", subscribed)
    said = {
        "key": "management",
        "name": "Management",
        "people": ["ada", "nemo"],
        "contacts": [ids["eve"]],
        "teams": ["duty", "gone"],
        "schedules": ["night"],
        "subscribed_to": ["incident.resolved"],
    }
    await _post(admin, "/v1/teams", {"key": "gone", "name": "Gone"})
    await _post(admin, PATH, said)
    await admin.post("/v1/teams/gone/retire")
    told = (await admin.get(f"{PATH}/management/members")).json()
    assert [(m["person"], m["channel"], m["because"]) for m in told["items"]] == [
        ("eve", "email", "named"),
        ("dan", "email", "subscribes"),
        ("ada", "email", "ada"),
        ("bob", "email", "team duty"),
        ("cleo", "email", "on call by night"),
    ]
    assert told["missing"] == ["team gone: there is no such team", "nemo: has no contact"]


async def test_who_cannot_be_reached_by_its_channels_is_shown_so(admin: AsyncClient) -> None:
    await _contact(admin, "fay")
    said = {"key": "hooks", "name": "Hooks", "people": ["fay"], "channels": ["webhook"]}
    await _post(admin, PATH, said)
    (member,) = (await admin.get(f"{PATH}/hooks/members")).json()["items"]
    assert (member["person"], member["channel"]) == ("fay", None)


async def test_an_audience_keeps_its_past(admin: AsyncClient) -> None:
    first = await _post(admin, PATH, {"key": "tech", "name": "Tech", "people": ["ada"]})
    await admin.put(f"{PATH}/tech", json={"key": "tech", "name": "Tech", "people": ["bob"]})
    await admin.post(f"{PATH}/tech/retire")
    read = (await admin.get(f"{PATH}/tech", params={"as_of": first["position"]})).json()
    assert (read["people"], read["retired"]) == (["ada"], False)
    again = await admin.post(PATH, json={"key": "tech", "name": "Tech", "people": ["cleo"]})
    assert (again.status_code, again.json()["retired"]) == (201, False)
    versions = (await admin.get(f"{PATH}/tech/versions")).json()["items"]
    kinds = ["audience.set", "audience.set", "audience.retired", "audience.set"]
    assert [v["type"] for v in versions] == kinds
