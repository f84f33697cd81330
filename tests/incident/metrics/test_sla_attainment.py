"""Service levels attained: clocks met of clocks completed, by target and priority."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest

from services.incident.metrics import kept
from shared.client import AsyncClient
from shared.clock import now
from shared.effective import Instant
from shared.errors import NotCaughtUp
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started
from tests.support.until import until

SLA = "/v1/incident/metrics/sla_attainment"
URGENT = {"title": "Down", "service": "checkout", "impact": 1, "urgency": 1}


@pytest.fixture
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("incident", databases) as running:
        yield running


@pytest.fixture
def client(service: RunningService) -> AsyncClient:
    return service.client()


async def attained(client: AsyncClient, **params: Any) -> dict[str, Any]:
    answer = await client.get(SLA, params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def told(client: AsyncClient, where: str, command: str, **body: Any) -> int:
    answer = await client.post(f"{where}/{command}", json=body)
    assert answer.is_success, answer.text
    position: int = answer.json()["position"]
    return position


class Told(NamedTuple):
    """Positions: before the late resolution, and of it."""

    before: int
    last: int


@pytest.fixture
async def story(
    service: RunningService, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> Told:
    """One keeps both promises, one is resolved too late, one is open: it is breached soon after."""
    swift, late, _ = [
        (await client.post("/v1/incidents", json=URGENT)).headers["location"] for _ in range(3)
    ]
    for where in (swift, late):
        await told(client, where, "acknowledge")
    before = await told(client, swift, "resolve", code="fixed", summary="Done")
    store = service.service.store
    monkeypatch.setattr(store, "clock", tomorrow)
    monkeypatch.setattr(store.writer, "_clock", tomorrow)
    last = await told(client, late, "resolve", code="fixed", summary="Done")

    async def is_kept() -> bool:
        return (await kept.kept_by(store, Instant(last, now()), exactly=False)).position == last

    await until(is_kept)
    return Told(before, last)


def tomorrow() -> datetime:
    return now() + timedelta(days=1)


async def test_clocks_met_of_clocks_completed(client: AsyncClient, story: Told) -> None:
    found = await attained(client, as_of=story.last)
    assert (found["numerator"], found["denominator"], found["mean"]) == (3, 4, 0.75)
    assert found["excluded"]["reasons"] == {"missing_verdict": 2}
    groups = [(g["key"], g["priority"], g["numerator"], g["count"]) for g in found["groups"]]
    assert groups == [("resolution-p1", 1, 1, 2), ("response-p1", 1, 2, 2)]
    then = await attained(client, as_of=story.before)
    assert (then["numerator"], then["denominator"]) == (3, 3)
    assert (await attained(client, service="else"))["denominator"] == 0
    by_service = await attained(client, group_by="service", as_of=story.last)
    assert [(g["key"], g["count"]) for g in by_service["groups"]] == [("checkout", 4)]


async def test_every_clock_is_listed_once(client: AsyncClient, story: Told) -> None:
    seen: list[tuple[Any, ...]] = []
    cursor: dict[str, Any] = {}
    while cursor.get("cursor") is not None or not seen:
        page = (
            await client.get(f"{SLA}/inputs", params={"limit": 1, "as_of": story.last} | cursor)
        ).json()
        seen += [(i["number"], i["clock"], i["target"], i["value"]) for i in page["items"]]
        cursor = {"cursor": page["next_cursor"]}
    assert len(seen) == len(set(seen)) == 6
    assert [value for *_, value in seen] == [1, 1, 1, 0, None, None]


async def test_where_clocks_are_kept_late_they_are_told_as_of_where_they_stand(
    service: RunningService, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "_PATIENCE", 0.0)
    here = (await attained(client))["position"]
    beyond, store = Instant(here + 1_000, now()), service.service.store
    assert here <= (await kept.kept_by(store, beyond, exactly=False)).position < beyond.position
    with pytest.raises(NotCaughtUp):
        await kept.kept_by(store, beyond, exactly=True)


async def test_what_it_cannot_be_asked(client: AsyncClient) -> None:
    effective = await client.get(SLA, params={"effective_at": "2026-06-01T00:00:00Z"})
    elsewhere = await client.get("/v1/incident/metrics/mtbf?group_by=target")
    assert (effective.status_code, elsewhere.status_code) == (422, 422)


async def test_a_line_of_a_target_names_its_priority(client: AsyncClient, story: Told) -> None:
    lines = (await client.get(f"{SLA}?format=csv&as_of={story.last}")).text.splitlines()
    assert [line.split(",")[5] for line in lines[2:]] == ["resolution-p1 / 1", "response-p1 / 1"]
