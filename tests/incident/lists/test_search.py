"""Full text over HTTP: what is found, in which order, and where it was hit."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.auth.roles import Role
from shared.client import AsyncClient
from tests.support.postgres import Databases
from tests.support.started import started

TEXTS = [
    ("Checkout latency above its objective", "p99 above 2 s in region north"),
    ("Search is down", "checkout works, db-7.prod.example.com does not; see https://run.book/17"),
    ("決済障害が発生", "東京リージョン"),
    ("Оплата не работает", "Ошибка 500 в регионе север"),
    ("Café menu missing", "the naïve cache; <b>bold</b> & 'quoted' \\ back"),
    ("हिन्दी में समस्या", None),
    ("결제가 안 됩니다", None),
    ("Release 1.2.3 rolled back", "as INC-1 was"),
    ("İstanbul straße \uff26\uff35\uff2c\uff2c", "no_underscore 100% *stars*"),
]


@pytest.fixture(scope="module")
async def agent(databases: Databases) -> AsyncIterator[AsyncClient]:
    async with started("incident", databases) as service, service.client(Role.RESPONDER) as agent:
        for title, description in TEXTS:
            told = {"title": title, "description": description}
            assert (await agent.post("/v1/incidents", json=told)).status_code == 201
        yield agent


async def found(agent: AsyncClient, q: str, **more: str) -> list[dict[str, Any]]:
    answer = await agent.get("/v1/incidents", params={"q": q} | more)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


FOUND = {
    "latency": [1],
    "LATENCY": [1],
    "lat": [1],
    "lat ": [],
    "lat* objective": [1],
    "checkout": [1, 2],
    "checkout -search": [1],
    "latency or down": [1, 2],
    "latency OR down": [1, 2],
    '"above its"': [1],
    '"its above"': [],
    '"above its': [1],
    '-"above its" checkout': [2],
    "db-7": [2],
    "prod": [2],
    "db-7.prod.example.com": [2],
    "example.com": [2],
    "run.book": [2],
    "障害": [3],
    "発生": [3],
    "害障": [],
    "東京": [3],
    "оплат": [4],
    "ОПЛАТА": [4],
    "café": [5],
    "cafe": [],
    "bold": [5],
    "quoted back": [5],
    "हिन्दी": [6],
    "결제": [7],
    "됩니다": [7],
    "1.2.3": [8],
    "full": [9],
    "underscore": [9],
    "100%": [9],
    "INC-1": [1, 8],
    "inc-3": [3],
    "INC-0": [],
    "2": [1, 2, 8],
    "x' & 'y": [],
    "\\": None,
    "!!! ((( &&& ||| <->": None,
    "😀": None,
    "😀 latency": [1],
    ") | ( latency": [1],
    "latency:*": [1],
    "it's": [],
}


@pytest.mark.parametrize("q", FOUND)
async def test_a_query_finds(agent: AsyncClient, q: str) -> None:
    expected = FOUND[q]
    if expected is None:
        answer = await agent.get("/v1/incidents", params={"q": q})
        assert answer.status_code == 422
        assert "word" in answer.json()["errors"][0]["detail"]
        return
    items = await found(agent, q, sort="number")
    assert [int(item["number"][4:]) for item in items] == expected


async def test_the_number_comes_first_then_the_title_then_the_description(
    agent: AsyncClient,
) -> None:
    first, *_ = await found(agent, "INC-1", sort="relevance")
    assert first["number"] == "INC-1"
    by_relevance = await found(agent, "checkout", sort="relevance")
    assert [i["number"] for i in by_relevance] == ["INC-1", "INC-2"]


async def test_relevance_is_paged_like_any_order(agent: AsyncClient) -> None:
    q = "checkout or down or back or region or release"
    whole = await found(agent, q, sort="relevance")
    paged: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        query = {"q": q, "sort": "relevance", "limit": "1"} | cursor
        page = (await agent.get("/v1/incidents", params=query)).json()
        paged += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert len(whole) >= 4
    assert paged == whole


async def test_a_hit_is_told_in_pieces_of_plain_text(agent: AsyncClient) -> None:
    [item] = await found(agent, "bol")
    told = item["highlights"]
    assert told["title"] is None
    assert "".join(p["text"] for p in told["description"]) == TEXTS[4][1]
    assert [p["text"] for p in told["description"] if p["hit"]] == ["bold"]
    [item] = await found(agent, "checkout -search")
    assert item["highlights"]["title"] == [
        {"text": "Checkout", "hit": True},
        {"text": " latency above its objective", "hit": False},
    ]
    assert item["highlights"]["description"] is None
    [item] = await found(agent, "障害")
    assert [p["text"] for p in item["highlights"]["title"] if p["hit"]] == ["障害"]


async def test_without_a_query_nothing_is_highlighted(agent: AsyncClient) -> None:
    items = (await agent.get("/v1/incidents")).json()["items"]
    assert all("highlights" not in item for item in items)
