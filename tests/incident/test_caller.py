"""Whom the service takes a caller for; and the pages that need no token."""

from collections.abc import AsyncIterator

import pytest

from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started


@pytest.fixture
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("incident", databases) as running:
        yield running


async def test_a_caller_sees_how_events_will_name_them(service: RunningService) -> None:
    told = await service.client("responder").get("/v1/me")
    assert told.json() == {
        "id": "demo-responder",
        "name": "demo-responder",
        "kind": "person",
        "roles": ["responder"],
        "teams": [],
    }
    assert (await service.client(None).get("/v1/me")).status_code == 401


async def test_problems_and_documentation_are_open_and_need_no_other_host(
    service: RunningService,
) -> None:
    nobody = service.client(None)
    refused = await nobody.get("/v1/me")
    page = await nobody.get(refused.json()["type"])
    assert page.status_code == 200
    docs = await nobody.get("/docs")
    assert docs.status_code == 200
    assert "https://" not in docs.text
    assert (await nobody.get("/docs/swagger-ui.css")).status_code == 200


async def test_a_parameter_that_is_none_here_is_refused(service: RunningService) -> None:
    answer = await service.client("responder").get("/v1/me?colour=red")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "query:colour"
