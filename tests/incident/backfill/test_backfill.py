"""POST /v1/incidents/backfill: history taken over once, whole, and quietly."""

import asyncio
import json
from collections.abc import AsyncIterator
from copy import deepcopy
from typing import Any

import pytest

from services.cli.rebuild import rebuilt_models
from services.incident.app import DEFINITION
from shared.client import AsyncClient
from tests.support.postgres import ROOT, Databases
from tests.support.service import RunningService
from tests.support.started import rows, started

PATH = "/v1/incidents/backfill"
STEPS: list[dict[str, Any]] = [
    {"at": "2016-03-01T08:00:00Z", "by": "21", "set": {"group": "56", "priority": 2}},
    {"at": "2016-03-01T09:00:00Z", "by": "31", "set": {"status": "in_progress"}},
    {"at": "2016-03-01T09:00:00Z", "by": "31", "set": {"group": "70"}, "note": "For the network"},
    {"at": "2016-03-02T09:00:00Z", "by": "31", "source": {"made_sla": False, "mood": None}},
    {"at": "2016-03-03T09:00:00Z", "by": "31", "set": {"status": "resolved"}},
]


@pytest.fixture
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("incident", databases) as running:
        yield running


@pytest.fixture
def source(service: RunningService) -> AsyncClient:
    return service.client("service")


@pytest.fixture
def reader(service: RunningService) -> AsyncClient:
    return service.client("auditor")


def incident(ref: str = "T-1", steps: list[dict[str, Any]] = STEPS, **more: Any) -> dict[str, Any]:
    return {"external_ref": ref, "title": "Slow", "reporter": {"id": "rita"}, "steps": steps} | more


def backfill(*incidents: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"system": "theirs", "incidents": list(incidents or [incident()])} | more


async def taken(source: AsyncClient, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    answer = await source.post(PATH, json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    assert answer.headers["tocsin-position"] == str(report["position"])
    return report


async def logged(service: RunningService) -> int:
    (row,) = await rows(service.database, "select position from log")
    return int(row["position"])


async def test_it_answers_what_was_added(source: AsyncClient) -> None:
    report = await taken(source, backfill())
    (item,) = report["items"]
    assert (report["incidents"], report["steps"], report["events"]) == (1, 5, 7)
    assert (item["outcome"], item["number"], item["version"]) == ("added", "INC-1", 7)
    assert (item["group_changes"], item["reopenings"], item["deviations"]) == (1, 0, [])
    assert report["position"] == 7


async def test_any_moment_shows_what_the_record_said_then(
    source: AsyncClient, reader: AsyncClient
) -> None:
    (item,) = (await taken(source, backfill()))["items"]
    shown = []
    for day, hour in ((1, 8), (1, 9), (2, 9), (3, 9)):
        then = {"effective_at": f"2016-03-0{day}T0{hour}:00:00Z"}
        read = (await reader.get(f"/v1/incidents/{item['id']}", params=then)).json()
        shown.append((read["status"], read["group"], read["source"]))
    assert shown == [
        ("new", "56", {"system": "theirs"}),
        ("in_progress", "70", {"system": "theirs"}),
        ("in_progress", "70", {"system": "theirs", "made_sla": False, "mood": None}),
        ("resolved", "70", {"system": "theirs", "made_sla": False, "mood": None}),
    ]
    before = {"effective_at": "2016-03-01T07:59:00Z"}
    assert (await reader.get(f"/v1/incidents/{item['id']}", params=before)).status_code == 404


async def test_lists_tell_imported_ones_apart(source: AsyncClient, reader: AsyncClient) -> None:
    await taken(source, backfill(incident("T-1"), incident("T-2")))
    await source.post("/v1/incidents", json={"title": "Ours", "source": "theirs"})

    async def titles(**query: Any) -> list[str]:
        found = (await reader.get("/v1/incidents", params=query)).json()["items"]
        return sorted(each["external_ref"] or each["title"] for each in found)

    assert await titles(imported=True) == ["T-1", "T-2"]
    assert await titles(imported=False) == ["Ours"]
    assert await titles(external_ref="T-2", source="theirs") == ["T-2"]
    assert await titles() == ["Ours", "T-1", "T-2"]


async def test_a_second_time_adds_nothing(service: RunningService, source: AsyncClient) -> None:
    first = await taken(source, backfill())
    again = await taken(source, backfill())
    assert (again["events"], again["items"][0]["outcome"]) == (0, "known")
    assert (again["items"][0]["id"], again["position"]) == (first["items"][0]["id"], 7)
    assert await logged(service) == 7


async def test_the_same_reference_of_another_system_is_another_incident(
    source: AsyncClient,
) -> None:
    first = await taken(source, backfill())
    other = await taken(source, backfill(system="others"))
    assert first["items"][0]["id"] != other["items"][0]["id"]


@pytest.mark.parametrize("at_once", [1, 8])
async def test_told_by_many_at_once_it_is_stored_once(
    service: RunningService, source: AsyncClient, at_once: int
) -> None:
    body = backfill(*(incident(f"T-{n}") for n in range(20)))
    reports = await asyncio.gather(*(taken(source, body) for _ in range(at_once)))
    assert sum(report["incidents"] for report in reports) == 20
    assert await logged(service) == 20 * 7


async def test_a_longer_history_is_continued_and_a_shorter_one_is_known(
    service: RunningService, source: AsyncClient
) -> None:
    await taken(source, backfill(incident(steps=STEPS[:2])))
    report = await taken(source, backfill())
    assert (report["items"][0]["outcome"], report["steps"]) == ("continued", 3)
    shorter = await taken(source, backfill(incident(steps=STEPS[:3])))
    assert shorter["items"][0]["outcome"] == "known"


async def test_what_we_did_meanwhile_stays(source: AsyncClient, service: RunningService) -> None:
    (item,) = (await taken(source, backfill(incident(steps=STEPS[:2]))))["items"]
    path = f"/v1/incidents/{item['id']}"
    await service.client("responder").post(f"{path}/categorise", json={"category": "network"})
    await taken(source, backfill())
    read = (await source.get(path)).json()
    assert (read["category"], read["status"]) == ("network", "resolved")


async def test_another_past_is_refused_and_its_neighbours_are_not(source: AsyncClient) -> None:
    await taken(source, backfill())
    rewritten = deepcopy(STEPS)
    rewritten[1]["by"] = "somebody else"
    report = await taken(source, backfill(incident(steps=rewritten), incident("T-2")))
    assert [each["outcome"] for each in report["items"]] == ["refused", "added"]
    reason = "its first 5 steps are not those that were imported before"
    assert report["items"][0]["reason"] == reason


async def test_steps_that_are_none_of_ours_are_taken_and_listed(source: AsyncClient) -> None:
    steps = [STEPS[0], STEPS[1] | {"set": {"status": "closed"}}]
    (item,) = (await taken(source, backfill(incident(steps=steps))))["items"]
    assert [(d["step"], d["change"]) for d in item["deviations"]] == [(2, "new → closed")]
    assert (await source.get(f"/v1/incidents/{item['id']}")).json()["status"] == "closed"


async def test_a_repeated_request_is_answered_alike(
    service: RunningService, source: AsyncClient
) -> None:
    key = {"idempotency-key": "once"}
    first, *others = await asyncio.gather(*(taken(source, backfill(), **key) for _ in range(8)))
    assert others == [first] * 7
    assert (first["events"], await logged(service)) == (7, 7)
    other = await source.post(PATH, json=backfill(incident("T-2")), headers=key)
    assert (other.status_code, other.json()["type"]) == (422, "/problems/key-reused")


async def test_nothing_is_armed_and_its_facts_are_marked(
    service: RunningService, source: AsyncClient, reader: AsyncClient
) -> None:
    await taken(source, backfill())
    assert await rows(service.database, "select 1 from timers") == []
    facts = (await reader.get("/v1/incident/feed")).json()
    assert [fact.get("imported") for fact in facts] == [True] * 5 + [None]
    assert facts[0]["happenedat"] == "2016-03-01T08:00:00.000000Z"
    assert not any("live" in fact for fact in facts)


async def test_live_history_is_reacted_to(
    service: RunningService, source: AsyncClient, reader: AsyncClient
) -> None:
    await taken(source, backfill(live=True))
    timers = await rows(service.database, "select name from timers")
    assert "auto-close" in [row["name"] for row in timers]
    facts = (await reader.get("/v1/incident/feed")).json()
    assert [fact.get("live") for fact in facts] == [True] * 5 + [None]


async def test_what_people_wrote_is_sealed(service: RunningService, source: AsyncClient) -> None:
    told = incident(description="My password is swordfish", reporter={"id": "r", "name": "Rita R."})
    (item,) = (await taken(source, backfill(told)))["items"]
    stored = b"".join(
        bytes(row["state"]) for row in await rows(service.database, "select state from events")
    )
    for secret in (b"swordfish", b"Rita R.", b"For the network"):
        assert secret not in stored
    read = (await source.get(f"/v1/incidents/{item['id']}")).json()
    assert (read["description"], read["reporter"]["name"]) == (told["description"], "Rita R.")


async def test_read_models_are_what_the_log_says(
    service: RunningService, source: AsyncClient
) -> None:
    await taken(source, backfill(*(incident(f"T-{n}") for n in range(5))))
    await taken(
        source, backfill(incident("T-1", [*STEPS, {"at": "2016-04-01T00:00:00Z", "by": "1"}]))
    )
    rebuilt = await rebuilt_models(DEFINITION, service.settings, keep=False)
    assert set(rebuilt.differences.values()) == {0}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"incidents": []}, "/incidents"),
        ({"incidents": [incident(f"T-{n}") for n in range(101)]}, "/incidents"),
        ({"incidents": [incident(), incident()]}, ""),
        ({"incidents": [incident(steps=[])]}, "/incidents/0/steps"),
        ({"incidents": [incident(steps=STEPS[:1] * 5_001)]}, "/incidents/0/steps"),
        ({"incidents": [incident(str(n), STEPS[:1] * 100) for n in range(51)]}, ""),
        ({"incidents": [incident(steps=[STEPS[0] | {"by": ""}])]}, "/incidents/0/steps/0/by"),
        (
            {"incidents": [incident(steps=[STEPS[0] | {"at": "2999-01-01T00:00:00Z"}])]},
            "/incidents/0/steps/0/at",
        ),
        (
            {"incidents": [incident(steps=[STEPS[0] | {"set": {"status": "on_hold"}}])]},
            "/incidents/0/steps/0/set",
        ),
        (
            {"incidents": [incident(steps=[STEPS[0] | {"source": {"system": "x"}}])]},
            "/incidents/0/steps/0",
        ),
        ({"system": " "}, "/system"),
    ],
)
async def test_what_is_malformed_is_refused_as_a_whole(
    service: RunningService, source: AsyncClient, change: dict[str, Any], pointer: str
) -> None:
    answer = await source.post(PATH, json=backfill() | change)
    assert answer.status_code == 422, answer.text
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]
    assert await logged(service) == 0


@pytest.mark.parametrize("value", [{"a": 1}, [1], 2**53 + 1, -(2**60), 1e300, "x" * 1_001])
async def test_what_a_source_states_is_plain(source: AsyncClient, value: Any) -> None:
    steps = [STEPS[0] | {"source": {"much": value}}]
    assert (await source.post(PATH, json=backfill(incident(steps=steps)))).status_code == 422


async def test_a_version_cannot_be_expected(source: AsyncClient) -> None:
    answer = await source.post(PATH, json=backfill(), headers={"if-match": '"1"'})
    assert answer.status_code == 412


async def test_a_merged_one_is_left_alone(service: RunningService, source: AsyncClient) -> None:
    first, second = (
        await taken(source, backfill(*(incident(n, STEPS[:2]) for n in ("T-1", "T-2"))))
    )["items"]
    manager = service.client("incident_manager")
    merged = await manager.post(
        f"/v1/incidents/{first['id']}/merge", json={"into": second["number"]}
    )
    if merged.status_code == 404:
        pytest.skip("there is no merge yet")
    (item,) = (await taken(source, backfill()))["items"]
    assert (item["outcome"], item["id"]) == ("refused", first["id"])
    assert "unmerge it first" in item["reason"]


async def test_the_example_of_the_document_works(source: AsyncClient, reader: AsyncClient) -> None:
    document = (ROOT / "docs" / "backfill.md").read_text()
    body = json.loads(document.split("```json")[1].split("```")[0])
    (item,) = (await taken(source, body))["items"]
    assert (item["outcome"], item["steps"], item["deviations"]) == ("added", 6, [])
    read = (await reader.get(f"/v1/incidents/{item['id']}")).json()
    assert (read["status"], read["group"], read["resolution"]) == (
        "closed",
        "mail",
        "Queue cleared",
    )
    assert read["source"] == {"system": "helpdesk", "sla": "met", "satisfaction": 4}
