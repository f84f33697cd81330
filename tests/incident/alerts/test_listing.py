"""The alerts of an incident as people see them: each once, with its latest state, page by page."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.cli.rebuild import rebuilt_models
from services.incident.app import DEFINITION
from shared.client import AsyncClient
from tests.incident.alerts.monitor import PATH, ended, firing, webhook
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started


@pytest.fixture(scope="module")
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("incident", databases) as running:
        yield running


@pytest.fixture
def monitor(service: RunningService) -> AsyncClient:
    return service.client("service")


@pytest.fixture
def people(service: RunningService) -> AsyncClient:
    return service.client("responder")


@pytest.fixture
def group(request: pytest.FixtureRequest) -> str:
    """A group of the test's own."""
    return str(request.node.name)


async def tell(monitor: AsyncClient, group: str, *alerts: dict[str, Any]) -> dict[str, Any]:
    answer = await monitor.post(PATH, json=webhook(*alerts, group=group))
    assert answer.status_code == 200, answer.text
    taken: dict[str, Any] = answer.json()
    return taken


async def page(people: AsyncClient, taken: dict[str, Any], **params: Any) -> dict[str, Any]:
    answer = await people.get(f"/v1/incidents/{taken['number']}/alerts", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_an_alert_stands_once_with_its_latest_state(
    monitor: AsyncClient, people: AsyncClient, group: str
) -> None:
    first = await tell(monitor, group, firing(), firing(1, "f2", instance="db-2"))
    await tell(monitor, group, ended(0, 5))
    items = (await page(people, first))["items"]
    assert [(i["fingerprint"], i["status"], i["times"]) for i in items] == [
        ("f1", "resolved", 2),
        ("f2", "firing", 1),
    ]
    assert items[0]["first_told_at"] < items[0]["last_told_at"]
    assert items[1]["labels"]["instance"] == "db-2"
    assert items[1]["group_key"].endswith(f'{{run="{group}"}}')


async def test_by_status_and_as_it_was(
    monitor: AsyncClient, people: AsyncClient, group: str
) -> None:
    first = await tell(monitor, group, firing(), firing(1, "f2"))
    await tell(monitor, group, ended(0, 5))
    fires = (await page(people, first, status="firing"))["items"]
    assert [i["fingerprint"] for i in fires] == ["f2"]
    then = (await page(people, first, as_of=first["position"]))["items"]
    assert sorted((i["fingerprint"], i["status"], i["times"]) for i in then) == [
        ("f1", "firing", 1),
        ("f2", "firing", 1),
    ]


async def test_pages_of_thousands_of_alerts(
    monitor: AsyncClient, people: AsyncClient, group: str
) -> None:
    taken: dict[str, Any] = {}
    for start in range(0, 3_000, 500):
        many = [firing(0, f"f{n}", instance=f"host-{n}") for n in range(start, start + 500)]
        taken = await tell(monitor, group, *many)
    first = await page(people, taken, limit=200)
    assert len(first["items"]) == 200
    assert first["total_estimate"] >= 1_000
    await tell(monitor, group, firing(9, "late"))  # the pages after the first do not see it
    seen, cursor = [i["fingerprint"] for i in first["items"]], first["next_cursor"]
    for _ in range(3):
        following = await page(people, taken, limit=200, cursor=cursor)
        seen += [i["fingerprint"] for i in following["items"]]
        cursor = following["next_cursor"]
    assert len(set(seen)) == 800
    assert "late" not in seen


async def test_one_alert_told_twice_at_once_and_in_two_groups(
    monitor: AsyncClient, people: AsyncClient, group: str
) -> None:
    first = await tell(monitor, group, firing(), ended(0, 5))
    items = (await page(people, first))["items"]
    assert [(i["fingerprint"], i["status"]) for i in items] == [("f1", "resolved")]
    second = await tell(monitor, f"{group}-else", firing())
    assert second["incident"] != first["incident"]
    assert len((await page(people, second))["items"]) == 1


async def test_the_list_is_what_the_log_says(
    service: RunningService, monitor: AsyncClient, group: str
) -> None:
    await tell(monitor, group, firing(), firing(1, "f2"))
    await tell(monitor, group, ended(0, 5), firing(1, "f2"))
    rebuilt = await rebuilt_models(DEFINITION, service.settings, keep=False)
    assert rebuilt.differences["incident_alerts"] == 0
    assert rebuilt.differences["changes"] == 0


async def test_reporters_see_the_alerts_of_their_own_incidents_only(
    service: RunningService, monitor: AsyncClient, group: str
) -> None:
    taken = await tell(monitor, group, firing())
    stranger = service.client("reporter", subject="somebody-else")
    answer = await stranger.get(f"/v1/incidents/{taken['number']}/alerts")
    assert answer.status_code == 404
