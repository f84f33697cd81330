"""The rules for alerts at work: why, in maintenance, by other labels, flapping, silent."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.incident.alerts.desk import Desk, open_desk
from tests.support.postgres import Databases


@pytest.fixture
async def desk(databases: Databases) -> AsyncIterator[Desk]:
    async with open_desk(databases) as found:
        yield found


async def test_what_was_decided_names_its_rule_and_version(desk: Desk) -> None:
    by_default = await desk.tell("a", desk.firing(service="shop"))
    rule = {"name": "web", "match": [{"label": "tier", "one_of": ["web", "api"]}], "impact": 1}
    version = await desk.rules(rules=[rule | {"urgency": 1}], default_service="unknown")
    by_rule = await desk.tell("b", desk.firing(tier="api"))
    by_none = await desk.tell("c", desk.firing(tier="db"))
    assert await desk.decided(by_default["number"]) == [
        {"course": "declare", "version": 1, "rule": "severity critical"}
    ]
    assert await desk.decided(by_rule["number"]) == [
        {"course": "declare", "version": version, "rule": "web"}
    ]
    assert await desk.decided(by_none["number"]) == [{"course": "declare", "version": version}]
    assert (await desk.incident(by_none["number"]))["service"] == "unknown"
    page = (await desk.people.get(f"/v1/incidents/{by_rule['number']}/timeline")).json()
    assert "by web, alert-rules version 2" in page["items"][-1]["detail"]


async def test_in_maintenance_an_alert_is_kept_back_and_says_by_which_window(desk: Desk) -> None:
    window = await desk.maintenance("shop", minutes=60)
    alert = desk.firing(service="shop")
    taken = await desk.tell("a", alert)
    assert (taken["outcome"], taken["incident"], taken["withheld"]) == ("withheld", None, 1)
    assert "in maintenance" in taken["reason"]
    assert (await desk.tell("a", alert))["outcome"] == "duplicate"
    assert await desk.numbers() == []
    page = await desk.people.get(f"/v1/alerts/groups/{taken['group']}/events")
    heard = [e["data"] for e in page.json()["items"] if e["type"] == "alert_group.heard"]
    decided = heard[0]["decided"]
    assert (decided["because"], decided["window"]) == ("maintenance", window)


async def test_what_still_fires_after_maintenance_is_declared_as_it_began(desk: Desk) -> None:
    await desk.maintenance("shop", minutes=60)
    alert = desk.firing(service="shop", note="kept")
    await desk.tell("a", alert)
    desk.wait(minutes=61)
    (number,) = await desk.until_listed(1)
    shown = await desk.incident(number)
    assert (shown["service"], shown["title"]) == ("shop", "Answers with errors")
    assert shown["reporter"]["id"] == "demo-service"
    assert shown["milestones"]["started"] == alert["startsAt"]
    (decided,) = await desk.decided(number)
    assert decided["course"] == "declare"
    page = (await desk.people.get(f"/v1/incidents/{number}/alerts")).json()
    assert page["items"][0]["labels"]["note"] == "kept"
    assert (await desk.tell("a", desk.ended(alert)))["status"] == "resolved"


async def test_what_ends_in_maintenance_is_never_declared(desk: Desk) -> None:
    await desk.maintenance("shop", minutes=60)
    alert = desk.firing(service="shop")
    await desk.tell("a", alert)
    assert (await desk.tell("a", desk.ended(alert)))["outcome"] == "heard"
    desk.wait(minutes=61)
    await desk.tell("b", desk.firing(service="other"))
    assert await desk.numbers(service="shop") == []


async def test_a_window_that_ends_early_is_noticed_when_the_monitor_repeats(desk: Desk) -> None:
    window = await desk.maintenance("shop", minutes=60)
    alert = desk.firing(service="shop")
    await desk.tell("a", alert)
    await desk.manager.post(f"/v1/catalogue/maintenance-windows/{window}/retire")
    desk.wait(seconds=2)
    assert (await desk.tell("a", alert))["outcome"] == "declared"


async def test_an_open_incident_takes_alerts_in_maintenance_too(desk: Desk) -> None:
    first = await desk.tell("a", desk.firing(service="shop"))
    await desk.maintenance("shop", minutes=60)
    again = await desk.tell("a", desk.firing("f2", service="shop"))
    assert (again["outcome"], again["incident"]) == ("attached", first["incident"])


async def test_a_rule_may_declare_in_maintenance_all_the_same(desk: Desk) -> None:
    await desk.rules(rules=[{"declare_in_maintenance": True}])
    await desk.maintenance("shop", minutes=60)
    assert (await desk.tell("a", desk.firing(service="shop")))["outcome"] == "declared"


async def test_grouping_by_other_labels_joins_receivers_and_splits_bodies(desk: Desk) -> None:
    await desk.rules(rules=[{"group_by": ["cluster"]}])
    one = await desk.tell("a", desk.firing("f1", cluster="x"), receiver="r1")
    two = await desk.tell("b", desk.firing("f2", cluster="x"), receiver="r2")
    assert (two["outcome"], two["incident"]) == ("attached", one["incident"])
    split = await desk.tell("c", *(desk.firing(f"g{n}", cluster=f"y{n % 3}") for n in range(9)))
    assert (split["declared"], split["attached"]) == (3, 9)
    assert len(await desk.numbers()) == 4


async def test_a_body_of_very_many_groups_is_taken_in_parts(desk: Desk) -> None:
    await desk.rules(rules=[{"group_by": ["host"]}])
    many = [desk.firing(f"f{n}", host=f"h{n}") for n in range(300)]
    assert (await desk.tell("a", *many))["declared"] == 300
    assert (await desk.tell("a", *many))["duplicates"] == 300


async def test_beyond_the_grouping_window_a_new_incident_goes_beside_the_old(desk: Desk) -> None:
    await desk.rules(rules=[{"group_by": ["cluster"], "group_window_minutes": 10}])
    early, late = desk.firing("f1", cluster="x"), None
    first = await desk.tell("a", early)
    desk.wait(minutes=5)
    joined = desk.firing("f2", cluster="x")
    assert (await desk.tell("a", joined))["incident"] == first["incident"]
    desk.wait(minutes=11)
    late = desk.firing("f3", cluster="x")
    second = await desk.tell("a", late)
    assert second["outcome"] == "declared"
    assert (await desk.incident(second["number"]))["labels"]["previous-incident"] == first["number"]
    assert (await desk.tell("a", desk.ended(late)))["status"] == "resolved"
    assert (await desk.incident(first["number"]))["status"] == "new"
    await desk.tell("a", desk.ended(early), desk.ended(joined))
    assert (await desk.incident(first["number"]))["status"] == "resolved"


async def test_a_flapping_group_keeps_its_incident_open_until_it_is_quiet(desk: Desk) -> None:
    await desk.rules(flapping_transitions=4, flapping_minutes=30)
    outcomes = []
    taken: dict[str, Any] = {}
    for _ in range(4):
        desk.wait(minutes=1)
        alert = desk.firing()
        outcomes.append((await desk.tell("a", alert))["outcome"])
        taken = await desk.tell("a", desk.ended(alert))
        outcomes.append(taken["status"])
    number = taken["number"]
    assert outcomes == [
        *("declared", "resolved", "reopened"),
        *("in_progress", "attached", "in_progress", "attached", "in_progress"),
    ]
    assert "flapping" in taken["reason"]
    decided = await desk.decided(number)
    assert [d.get("because") for d in decided] == [None] * 3 + ["flapping"] * 5
    assert (await desk.incident(number))["reopen_count"] == 1
    desk.wait(minutes=31)
    shown = await desk.until_status(number, "resolved")
    assert shown["resolution_code"] == "self_recovered"


async def test_flapping_does_not_reopen_what_people_ended_but_firing_on_does(desk: Desk) -> None:
    await desk.rules(flapping_transitions=3, flapping_minutes=30)
    taken: dict[str, Any] = {}
    for _ in range(2):
        desk.wait(minutes=1)
        alert = desk.firing()
        taken = await desk.tell("a", alert)
        taken = await desk.tell("a", desk.ended(alert))
    number = taken["number"]
    told = {"code": "fixed", "summary": "Done"}
    await desk.people.post(f"/v1/incidents/{number}/resolve", json=told)
    desk.wait(minutes=1)
    again = await desk.tell("a", desk.firing())
    assert (again["outcome"], again["status"]) == ("attached", "resolved")
    desk.wait(minutes=31)
    await desk.until_status(number, "in_progress")


async def test_what_the_monitor_is_silent_about_ends(desk: Desk) -> None:
    await desk.rules(lapse_after_hours=2)
    silent, repeated = desk.firing("f1"), desk.firing("f2")
    first = await desk.tell("a", silent)
    other = await desk.tell("b", repeated)
    for _ in range(5):
        desk.wait(minutes=30)
        assert (await desk.tell("b", repeated))["outcome"] == "duplicate"
    shown = await desk.until_status(first["number"], "resolved")
    assert shown["resolution_code"] == "self_recovered"
    assert (await desk.incident(other["number"]))["status"] == "new"
    (mitigated,) = await desk.events(first["number"], "incident.mitigated")
    assert "silenced" in mitigated["action"]
    back = await desk.tell("a", silent)
    assert back["outcome"] in ("reopened", "declared")


async def test_alerts_of_a_merged_incident_go_to_the_one_that_survives(desk: Desk) -> None:
    first = desk.firing("f1")
    survivor = await desk.tell("a", first)
    merged = await desk.tell("b", second := desk.firing("f2"))
    path = f"/v1/incidents/{merged['number']}/merge"
    answer = await desk.manager.post(path, json={"into": survivor["number"]})
    assert answer.status_code == 200, answer.text
    more = await desk.tell("b", third := desk.firing("f3"))
    assert (more["outcome"], more["incident"]) == ("attached", survivor["incident"])
    over = await desk.tell("b", desk.ended(second), desk.ended(third))
    assert (over["incident"], over["status"]) == (survivor["incident"], "new")
    assert (await desk.tell("a", desk.ended(first)))["status"] == "resolved"
