"""A known error reaches the next incident by itself, is used, and is gone once it has ended."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple

import pytest

from shared.auth.roles import Role
from shared.client import AsyncClient, new_client
from shared.process import free_port
from shared.settings import Service as Name
from shared.settings import Settings
from tests.support.postgres import Databases, new_home, remove_home
from tests.support.server import running
from tests.support.service import prepare_home
from tests.support.started import NOBODY, create_app_of
from tests.support.until import until

pytestmark = pytest.mark.timeout(300)  # two services and their followers start first

VPN = {
    "title": "VPN drops every hour",
    "symptom": "The tunnel is cut after an hour",
    "workaround": "Dial again",
    "services": ["remote-access"],
}
PAIR: tuple[Name, ...] = ("incident", "problem")


class Both(NamedTuple):
    """Clients of the two services, which follow one another."""

    incidents: AsyncClient
    problems: AsyncClient
    rita: AsyncClient  # a reporter, at the incident service


@asynccontextmanager
async def both(databases: Databases) -> AsyncIterator[Both]:
    home, made = new_home(), {name: await databases.create(name) for name in PAIR}
    ports = {name: free_port() for name in PAIR}
    told: dict[str, Any] = {f"{name}_database_url": made[name].app for name in PAIR}
    told |= {f"{name}_port": ports[name] for name in PAIR} | {"notification_url": NOBODY}
    issuer = prepare_home(home)
    callers = {"root": Role.ADMIN, "rita": Role.REPORTER}
    tokens = {who: issuer.token(who, [role]) for who, role in callers.items()}
    settings = Settings(home=home, local=True, log_level="error", **told)
    async with AsyncExitStack() as stack:
        bases = {
            name: await stack.enter_async_context(
                running(create_app_of(name)(settings), ports[name])
            )
            for name in PAIR
        }
        clients = []
        who_where: list[tuple[Name, str]]
        who_where = [("incident", "root"), ("problem", "root"), ("incident", "rita")]
        for name, who in who_where:
            client = await stack.enter_async_context(new_client(base_url=bases[name], timeout=30))
            client.headers["authorization"] = f"Bearer {tokens[who]}"
            clients.append(client)
        yield Both(*clients)
    for database in made.values():
        await databases.drop(database)
    remove_home(home)


@pytest.fixture(scope="module")
async def pair(databases: Databases) -> AsyncIterator[Both]:
    async with both(databases) as found:
        yield found


async def post(client: AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.is_success, f"{path}: {answer.text}"
    shown: dict[str, Any] = answer.json()
    return shown


async def published(pair: Both, **said: Any) -> dict[str, Any]:
    made = await post(pair.problems, "/v1/known-errors", **(VPN | said))
    return await post(pair.problems, f"/v1/known-errors/{made['id']}/publish")


async def suggested(pair: Both, incident: str, *numbers: str, **query: Any) -> list[dict[str, Any]]:
    """Once exactly these are suggested there."""
    found: list[dict[str, Any]] = []

    async def are_these() -> bool:
        answer = await pair.incidents.get(f"/v1/incidents/{incident}", params=query)
        found[:] = answer.json()["suggestions"]
        return [each["number"] for each in found] == list(numbers)

    await until(are_these)
    return found


async def test_from_the_declaration_to_its_help(pair: Both) -> None:
    known = await published(pair)
    title = "Tunnel is cut, vpn drops again"
    incident = await post(pair.incidents, "/v1/incidents", title=title, service="remote-access")
    assert "suggestions" not in incident
    (hit,) = await suggested(pair, incident["id"], known["number"])
    assert (hit["title"], hit["known_error"]) == (known["title"], known["id"])
    assert {"words", "service"} <= {each["kind"] for each in hit["reasons"]}

    async def nothing_is_left_to_do() -> bool:
        lists = await pair.problems.get("/v1/problem/work-lists")
        return bool(lists.json()["items"] == [])

    await until(nothing_is_left_to_do)
    read = (await pair.incidents.get(f"/v1/incidents/{incident['id']}")).json()
    assert read["version"] == incident["version"]
    timeline = (await pair.incidents.get(f"/v1/incidents/{incident['id']}/timeline")).json()
    assert "A likely known error" in [each["title"] for each in timeline["items"]]
    resolution = {"code": "known_error", "summary": "Dialled", "known_error": known["number"]}
    resolved = await post(pair.incidents, f"/v1/incidents/{incident['id']}/resolve", **resolution)
    told = {"wait_for": f"incident:{resolved['position']}"}
    shown = await pair.problems.get(f"/v1/known-errors/{known['id']}", params=told)
    assert shown.json()["uses"] == {"offered": 1, "used": 1, "helped": 1}


async def test_what_has_ended_is_no_suggestion_but_was_one(pair: Both) -> None:
    known = await published(pair, title="Scanner blinks red", symptom="The scanner blinks")
    incident = await post(pair.incidents, "/v1/incidents", title="scanner blinks red")
    await suggested(pair, incident["id"], known["number"])
    then = (await pair.incidents.get("/v1/incidents?limit=1")).json()["position"]
    await post(pair.problems, f"/v1/known-errors/{known['id']}/revise", title="Scanner blinks")
    ended = await post(
        pair.problems, f"/v1/known-errors/{known['id']}/retire", reason="New scanners"
    )
    told = f"problem:{ended['position']}"
    assert await suggested(pair, incident["id"], wait_for=told) == []
    (was,) = await suggested(pair, incident["id"], known["number"], as_of=then)
    assert was["title"] == "Scanner blinks"
    other = await post(pair.incidents, "/v1/incidents", title="scanner blinks red once more")
    told = f"incident:{other['position']}"
    await pair.problems.get("/v1/problems", params={"wait_for": told})
    assert await suggested(pair, other["id"]) == []
    named = {"code": "known_error", "summary": "x", "known_error": known["number"]}
    refused = await pair.incidents.post(f"/v1/incidents/{other['id']}/resolve", json=named)
    assert (refused.status_code, "is retired" in refused.json()["detail"]) == (409, True)


async def test_more_that_is_known_of_it_changes_the_list(pair: Both) -> None:
    first = await published(pair, title="Lamp flickers", symptom="It flickers", services=[])
    second = await published(
        pair, title="Hall is dark", symptom="No light", services=[], items=["fuse-9"]
    )
    incident = await post(pair.incidents, "/v1/incidents", title="lamp flickers in the dark")
    await suggested(pair, incident["id"], first["number"])
    await post(pair.incidents, f"/v1/incidents/{incident['id']}/categorise", item="fuse-9")
    await suggested(pair, incident["id"], first["number"], second["number"])


async def test_a_reporter_sees_none(pair: Both) -> None:
    known = await published(pair, title="Kiosk beeps", symptom="It beeps")
    incident = await post(
        pair.incidents, "/v1/incidents", title="kiosk beeps", reporter={"id": "rita"}
    )
    await suggested(pair, incident["id"], known["number"])
    read = await pair.rita.get(f"/v1/incidents/{incident['id']}")
    assert (read.status_code, read.json()["suggestions"]) == (200, [])
