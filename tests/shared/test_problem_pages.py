"""Every type of problem has a page that says what to do."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from shared.client import ASGITransport, AsyncClient, new_client
from shared.http.problem_pages import ADVICE, router
from shared.http.problems import explain_failures, types


@pytest.fixture
async def client() -> AsyncIterator[AsyncClient]:
    app = FastAPI()
    app.include_router(router)
    explain_failures(app)
    async with new_client(base_url="http://service", transport=ASGITransport(app)) as client:
        yield client


def test_each_type_has_its_advice() -> None:
    assert set(ADVICE) == set(types())


async def test_people_get_a_page(client: AsyncClient) -> None:
    page = await client.get("/problems/stale", headers={"accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert "<h1>It has changed since you read it</h1>" in page.text
    assert "If-Match" in page.text


async def test_programs_get_json(client: AsyncClient) -> None:
    told = await client.get("/problems/refused", headers={"accept": "application/json"})
    assert told.json()["type"] == "/problems/refused"
    assert told.json()["status"] == 409


async def test_what_is_no_type_is_not_found(client: AsyncClient) -> None:
    answer = await client.get("/problems/bad-luck")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
