"""The policy of service levels over HTTP: what it takes, and what it refuses, each at its place."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.client import AsyncClient
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started

PATH = "/v1/incident/policies/sla"
OFFICE = {"timezone": "Europe/Berlin", "hours": {"monday": ["09:00-12:00", "13:00-17:00"]}}
TARGET = {"name": "a", "kind": "response", "duration": 3600, "calendar": "office"}


@pytest.fixture(scope="module")
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("incident", databases) as running:
        yield running


@pytest.fixture(scope="module")
def manager(service: RunningService) -> AsyncClient:
    return service.client("incident_manager")


def policy(calendar: dict[str, Any] | None = None, **target: Any) -> dict[str, Any]:
    return {"calendars": {"office": calendar or OFFICE}, "targets": [TARGET | target]}


def hours(**days: str) -> dict[str, Any]:
    return policy({"hours": {day: told.split() for day, told in days.items()}})


def free(*days: object) -> dict[str, Any]:
    return policy(OFFICE | {"holidays": [{"date": day} for day in days]})


@pytest.mark.parametrize(
    ("told", "seconds"), [(90, 90), ("90s", 90), ("4h", 14400), ("1h30m", 5400), ("PT4H", 14400)]
)
async def test_a_duration_is_seconds_or_says_its_units(
    manager: AsyncClient, told: object, seconds: int
) -> None:
    put = await manager.put(PATH, json=policy(duration=told))
    assert put.status_code == 200, put.text
    assert put.json()["document"]["targets"][0]["duration"] == seconds


@pytest.mark.parametrize(
    ("pointer", "document"),
    [
        ("/calendars/office/hours", policy({"timezone": "UTC"})),
        ("/calendars/office/hours", policy({"hours": {"monday": []}})),
        ("/calendars/office/hours", policy(OFFICE | {"always": True})),
        ("/calendars/office/timezone", policy(OFFICE | {"timezone": "Mars/Base"})),
        ("/calendars/office/timezone", policy(OFFICE | {"timezone": "../etc/passwd"})),
        ("/calendars/office/timezone", policy(OFFICE | {"timezone": "Europe"})),
        ("/calendars/office/timezone", policy(OFFICE | {"timezone": 7})),
        ("/calendars/office/timezone", policy(OFFICE | {"timezone": {}})),
        ("/calendars/office/hours/monday", hours(monday="9-12")),
        ("/calendars/office/hours/monday", hours(monday="09:00-25:00")),
        ("/calendars/office/hours/monday", hours(monday="09:00-12:00 11:59-13:00")),
        ("/calendars/office/hours/tuesday", hours(monday="22:00-06:00", tuesday="05:00-09:00")),
        ("/calendars/office/hours/monday", hours(sunday="22:00-06:00", monday="05:00-09:00")),
        ("/calendars/office/holidays/0/date", free("2026-02-30")),
        ("/calendars/office/holidays/0/date", free(20260101)),
        ("/calendars/office/holidays/1/date", free("2026-01-01", "2026-01-01")),
        ("/targets/0/calendar", policy(calendar=OFFICE) | {"calendars": {"other": OFFICE}}),
        ("/targets/0/duration", policy(duration=0)),
        ("/targets/0/duration", policy(duration=-1)),
        ("/targets/0/duration", policy(duration="0h")),
        ("/targets/0/duration", policy(duration="soon")),
        ("/targets/0/duration", policy(duration="")),
        ("/targets/0/duration", policy(duration=True)),
        ("/targets/0/duration", policy(duration=10**12)),
        ("/targets/0/duration", policy({"hours": {"monday": ["09:00-09:30"]}}, duration="300h")),
        ("/targets/0/warn_at", policy(warn_at=1)),
        ("/targets/0/pauses_on/0", policy(pauses_on=["lunch"])),
        ("/targets/0/on_priority_change", policy(on_priority_change="forget")),
        ("/targets/0/when/priority/0", policy(when={"priority": ["1"]})),
        ("/targets/0/when/priority", policy(when={"priority": []})),
        ("/targets/0/when/mood", policy(when={"mood": ["bad"]})),
        ("/targets/1/name", {"calendars": {"office": OFFICE}, "targets": [TARGET, TARGET]}),
        ("/calendars", {"calendars": {}, "targets": []}),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_refused_at_its_place(
    manager: AsyncClient, pointer: str, document: dict[str, Any]
) -> None:
    before = (await manager.get(PATH)).json()
    answer = await manager.put(PATH, json=document)
    assert answer.status_code == 422, answer.text
    pointers = [error["pointer"] for error in answer.json()["errors"]]
    assert any(found.startswith(pointer) for found in pointers), answer.text
    assert (await manager.get(PATH)).json() == before


async def test_a_calendar_that_names_24_hours_is_one_that_never_closes(
    manager: AsyncClient,
) -> None:
    days = "monday tuesday wednesday thursday friday saturday sunday".split()
    hours = {day: ["06:00-06:00"] for day in days}
    put = await manager.put(PATH, json=policy({"hours": hours}))
    assert put.status_code == 200, put.text
