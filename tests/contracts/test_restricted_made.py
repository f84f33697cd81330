"""Who makes something that names a restricted incident learns nothing of it either."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.auth.roles import Role
from shared.client import Response
from shared.settings import Service as Name
from tests.contracts.secret import OTHERS, Secret, secret
from tests.contracts.walk import Call
from tests.support.postgres import Databases


@pytest.fixture(scope="module")
async def scene(databases: Databases) -> AsyncIterator[Secret]:
    async with secret(databases) as scene:
        yield scene


def made(scene: Secret) -> list[Call]:
    """What makes something, naming it wherever something may be named; not told of by its own."""
    names, alerts = scene.names, {n: v for n, v in scene.alerts.items() if n != "group"}
    alias = names["number"][4:]
    window = {"from": "2026-12-06T01:00:00Z", "until": "2026-12-06T03:00:00Z"}
    history = {
        "external_ref": names["number"],
        "title": "x",
        "steps": [{"at": "2026-01-01T00:00:00Z", "by": "x"}],
    }
    told: list[tuple[Name, str, dict[str, Any]]] = [
        ("incident", "/v1/incidents", {"title": "x", "external_ref": names["id"]}),
        ("incident", "/v1/incidents/backfill", {"system": "x", "incidents": [history]}),
        ("incident", "/v1/incident/clocks/rerun", {"policy_version": 1}),
        ("incident", "/v1/alerts/preview", {"format": "alertmanager", "payload": alerts}),
        ("incident", "/v1/alerts/alertmanager", alerts),
        *(
            ("incident", f"/v2/alerts/{name}/{command}", {"note": "x"})
            for name in (alias, names["id"], names["number"])
            for command in ("acknowledge", "notes", "close")
        ),
        ("incident", "/v1/incident/views", {"name": "x", "filters": {"id": [names["id"]]}}),
        ("incident", "/v1/incident/stream-tickets", {"subjects": [names["id"]]}),
        (
            "incident",
            "/v1/catalogue/maintenance-windows",
            {"reason": "x", "services": ["x"], **window},
        ),
        *(("problem", "/v1/problems", {"incidents": [names[n]]}) for n in ("id", "number")),
        ("problem", "/v1/problem/stream-tickets", {"subjects": [names["problem"]]}),
        ("notification", "/v1/notification/stream-tickets", {"subjects": [names["id"]]}),
    ]
    return [Call(service, "POST", path, path, body) for service, path, body in told]


async def asked(scene: Secret, call: Call, role: Role) -> Response:
    return await scene.other(call.service, role).post(call.path, json=call.body)


@pytest.mark.parametrize("role", OTHERS)
async def test_nothing_is_told_of_it_to_who_makes_something(scene: Secret, role: Role) -> None:
    answers = [(call, await asked(scene, call, role)) for call in made(scene)]
    given_away = {c.path: found for c, a in answers if (found := scene.told_by(a, c.said))}
    assert not given_away
    assert all(answer.status_code < 500 for _, answer in answers)
