"""Every formula, of random histories, is what a plain recomputation of the exported events says."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from services.incident.events import IncidentEvent
from shared.client import AsyncClient
from shared.clock import new_id
from tests.incident.metrics.recomputed import PLAIN, exported, figures, incidents
from tests.incident.metrics.stories import histories, maybe, tell
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started

METRICS = "/v1/incident/metrics"
Period = tuple[datetime | None, datetime | None]


@pytest.fixture(scope="module")
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("incident", databases) as running:
        yield running


@pytest.fixture(scope="module")
async def client(service: RunningService) -> AsyncIterator[AsyncClient]:
    async with service.client("auditor") as client:
        yield client


def rows_of(found: dict[str, Any]) -> dict[str, Any]:
    return {
        name: found[name] for name in ("count", "mean", "median", "p90")
    } | {"reasons": found["excluded"]["reasons"]}  # fmt: skip


def assert_alike(found: dict[str, Any], expected: dict[str, Any]) -> None:
    for name in ("mean", "median", "p90"):
        value, wanted = found.pop(name), expected.pop(name)
        assert value == (wanted if wanted is None else pytest.approx(wanted, abs=1e-5)), name
    assert found == expected


periods = st.tuples(maybe, maybe).filter(lambda p: not (p[0] and p[1]) or p[0] < p[1])


@settings(
    max_examples=10,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    stories=st.lists(histories(), min_size=1, max_size=8),
    share=st.floats(0, 1),
    effective_at=maybe,
    period=periods,
    imported=st.booleans(),
)
async def test_each_formula_is_what_the_events_say(  # noqa: PLR0917
    service: RunningService,
    client: AsyncClient,
    stories: Sequence[Sequence[IncidentEvent]],
    share: float,
    effective_at: datetime | None,
    period: Period,
    imported: bool,
) -> None:
    category = str(new_id())
    before = (await service.service.store.log.head()).position
    streams = await tell(service, category, stories)
    head = await service.service.store.log.head()
    events = exported(await service.service.store.log.page(before))
    position = before + round(share * (head.position - before))
    known = incidents(events, position, effective_at)
    assert len(streams) == len(stories)
    asked: dict[str, Any] = {"category": category, "as_of": position, "imported": imported}
    asked |= {"from": period[0].isoformat()} if period[0] else {}
    asked |= {"until": period[1].isoformat()} if period[1] else {}
    asked |= {"effective_at": effective_at.isoformat()} if effective_at else {}
    now = effective_at or head.recorded_at
    for name in PLAIN:
        answer = await client.get(f"{METRICS}/{name}", params=asked | {"group_by": "priority"})
        assert answer.status_code == 200, answer.text
        found = answer.json()
        expected = figures(name, known, now, period=period, imported=imported)
        assert_alike(rows_of(found), expected)
        for group in found["groups"]:
            some = [i for i in known if i.priority == group["key"]]
            of_group = figures(name, some, now, period=period, imported=imported)
            assert_alike(rows_of(group), of_group)
