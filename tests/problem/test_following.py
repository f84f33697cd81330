"""From incidents that repeat to the problem on their timelines, through both real services."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.incident.app import create_app as create_incident
from services.problem.app import create_app as create_problem
from shared.auth.roles import Role
from shared.client import AsyncClient, new_client
from shared.process import free_port
from shared.settings import Settings
from tests.conftest import NewDatabase
from tests.support.server import running
from tests.support.service import prepare_home

ROLES = (Role.INCIDENT_MANAGER, Role.RESPONDER, Role.PROBLEM_MANAGER)


@pytest.fixture
async def services(
    database: NewDatabase, tmp_path: Path
) -> AsyncIterator[tuple[AsyncClient, AsyncClient]]:
    """Clients of the incident service and of the problem service, which follow each other."""
    issuer, ports = prepare_home(tmp_path), [free_port() for _ in range(2)]
    told: dict[str, Any] = {
        "home": tmp_path,
        "local": True,
        "log_level": "error",
        "incident_port": ports[0],
        "problem_port": ports[1],
        "notification_port": free_port(),
        "incident_database_url": (await database("incident")).app,
        "problem_database_url": (await database("problem")).app,
    }
    settings = Settings(**told)
    headers = {"authorization": f"Bearer {issuer.token('ada', ROLES)}"}
    async with (
        running(create_incident(settings), ports[0]) as incident_url,
        running(create_problem(settings), ports[1]) as problem_url,
        new_client(base_url=incident_url) as incidents,
        new_client(base_url=problem_url) as problems,
    ):
        incidents.headers.update(headers)
        problems.headers.update(headers)
        yield incidents, problems


async def _post(client: AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def _read(client: AsyncClient, path: str, **query: Any) -> dict[str, Any]:
    answer = await client.get(path, params=query)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def _declared(incidents: AsyncClient) -> dict[str, Any]:
    body = {"title": "Checkout is slow", "service": "checkout", "impact": 2, "urgency": 1}
    declared = await _post(incidents, "/v1/incidents", **body)
    path = f"/v1/incidents/{declared['number']}/categorise"
    return await _post(incidents, path, category="database")


async def test_repetition_becomes_a_problem_that_the_incidents_know_of(
    services: tuple[AsyncClient, AsyncClient],
) -> None:
    incidents, problems = services
    declared = [await _declared(incidents) for _ in range(3)]
    seen = f"incident:{declared[-1]['position']}"
    (candidate,) = (await _read(problems, "/v1/candidates", wait_for=seen))["items"]
    assert [each["number"] for each in candidate["matches"]] == ["INC-1", "INC-2", "INC-3"]
    accepted = await _post(problems, f"/v1/candidates/{candidate['id']}/accept", owner="paul")
    told = f"problem:{accepted['position']}"
    timeline = await _read(incidents, "/v1/incidents/INC-2/timeline", wait_for=told)
    assert timeline["items"][-1]["title"] == f"Problem {accepted['problem_number']} raised"


async def test_a_problem_is_raised_from_an_incident_which_waits_for_it(
    services: tuple[AsyncClient, AsyncClient],
) -> None:
    incidents, problems = services
    incident = await _declared(incidents)
    seen = f"incident:{incident['position']}"
    await _read(problems, "/v1/problems", wait_for=seen)
    problem = await _post(problems, "/v1/problems", incidents=[incident["number"]])
    assert (problem["title"], problem["service"], problem["category"], problem["priority"]) == (
        incident["title"], "checkout", "database", incident["priority"],
    )  # fmt: skip
    other = await _declared(incidents)
    await _read(incidents, "/v1/incidents", wait_for=f"problem:{problem['position']}")
    hold = {"reason": "awaiting_problem", "problem": problem["number"]}
    held = await _post(incidents, f"/v1/incidents/{other['number']}/hold", **hold)
    linked = await _read(
        problems, f"/v1/problems/{problem['number']}", wait_for=f"incident:{held['position']}"
    )
    assert linked["incidents"] == [incident["id"], other["id"]]


async def test_a_priority_matrix_set_there_decides_here(
    services: tuple[AsyncClient, AsyncClient],
) -> None:
    incidents, problems = services
    cells = {f"{i}{u}": min(i, u) for i in range(1, 4) for u in range(1, 4)}
    path = "/v1/incident/policies/priority-matrix"
    put = await incidents.put(path, json={"cells": cells})
    assert put.is_success, put.text
    await _read(problems, "/v1/problems", wait_for=f"incident:{put.json()['position']}")
    problem = await _post(problems, "/v1/problems", title="Slow", impact=1, urgency=3)
    assert (problem["priority"], problem["matrix_version"]) == (1, put.json()["version"])
