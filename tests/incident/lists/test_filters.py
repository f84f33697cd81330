"""Each filter finds what it says, and nothing else."""

from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple

import pytest

from services.incident.lists.filters import SORT_NAMES, IncidentFilters
from shared.auth.roles import Role
from shared.client import AsyncClient
from tests.incident.lists.crowd import crowd
from tests.incident.problem_feed.publishing import publish_known_error
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started

Item = dict[str, Any]
FINISHED = {"resolved", "closed", "cancelled", "merged"}
MIDDLE = "2026-11-10T12:00:00Z"


class Ground(NamedTuple):
    """A service, somebody who reads it, and all that it lists."""

    service: RunningService
    agent: AsyncClient
    items: list[Item]


@pytest.fixture(scope="module")
async def ground(databases: Databases) -> AsyncIterator[Ground]:
    async with started("incident", databases) as service:
        await publish_known_error(service, "KE-1")
        token = service.issuer.token("ada", [Role.RESPONDER], teams=["desk"])
        agent = service.client(None)
        agent.headers["authorization"] = f"Bearer {token}"
        yield Ground(service, agent, await crowd(agent, 90))


def at(item: Item, milestone: str) -> str:
    return item["milestones"][milestone] or ""


CASES: dict[str, Callable[[Item], bool]] = {
    "status=new,closed": lambda i: i["status"] in ("new", "closed"),
    "open=true": lambda i: i["status"] not in FINISHED,
    "open=false": lambda i: i["status"] in FINISHED,
    "priority=1,3": lambda i: i["priority"] in (1, 3),
    "priority=none": lambda i: i["priority"] is None,
    "priority=none,1": lambda i: i["priority"] in (None, 1),
    "impact=2": lambda i: i["impact"] == 2,
    "urgency=2,3": lambda i: i["urgency"] in (2, 3),
    "service=checkout": lambda i: i["service"] == "checkout",
    "service=checkout&service=search": lambda i: i["service"] in ("checkout", "search"),
    'service="Billing, EU"': lambda i: i["service"] == "Billing, EU",
    "service=none": lambda i: i["service"] is None,
    'service="none"': lambda i: i["service"] == "none",
    'service="none",none': lambda i: i["service"] in (None, "none"),
    "item=db-7": lambda i: i["item"] == "db-7",
    "item=none": lambda i: i["item"] is None,
    "category=network,storage": lambda i: i["category"] in ("network", "storage"),
    "subcategory=none": lambda i: True,
    "group=desk": lambda i: i["group"] == "desk",
    "group=me": lambda i: i["group"] == "desk",
    "group=none,network": lambda i: i["group"] in (None, "network"),
    "assigned_to=none": lambda i: i["assigned_to"] is None,
    "assigned_to=me": lambda i: i["assigned_to"] == "ada",
    "assigned_to=me,bob": lambda i: i["assigned_to"] in ("ada", "bob"),
    "reporter=me": lambda i: i["reporter"]["id"] == "ada",
    "mine=assigned": lambda i: i["assigned_to"] == "ada",
    "mine=assigned,reported": lambda i: "ada" in (i["assigned_to"], i["reporter"]["id"]),
    "mine=group,reported": lambda i: i["group"] == "desk" or i["reporter"]["id"] == "ada",
    "source=monitoring": lambda i: i["source"] == "monitoring",
    "external_ref=X-1,X-2": lambda i: i["external_ref"] in ("X-1", "X-2"),
    "tag=vip,eu": lambda i: bool({"vip", "eu"} & set(i["tags"])),
    'tag="a,b"': lambda i: "a,b" in i["tags"],
    "all_tags=vip,eu": lambda i: {"vip", "eu"} <= set(i["tags"]),
    "label=region=north": lambda i: i["labels"].get("region") == "north",
    "label=region=south,region=north": lambda i: i["labels"].get("region") == "north",
    "label=region=north,cell=7": lambda i: {"region", "cell"} <= i["labels"].keys(),
    "label=empty": lambda i: "empty" in i["labels"],
    "label=empty=": lambda i: i["labels"].get("empty") == "",
    "hold_reason=awaiting_vendor": lambda i: i["hold_reason"] == "awaiting_vendor",
    "hold_reason=none": lambda i: i["hold_reason"] is None,
    "resolution_code=fixed,none": lambda i: i["resolution_code"] in ("fixed", None),
    "known_error=KE-1": lambda i: i["resolution_code"] == "known_error",
    "problem=none": lambda i: True,
    "problem=PRB-1": lambda i: False,
    "reopened=true": lambda i: i["reopen_count"] > 0,
    "reopened=false": lambda i: i["reopen_count"] == 0,
    "reassigned=true": lambda i: i["reassignment_count"] > 0,
    "imported=true": lambda i: False,
    "major=none": lambda i: True,
    "major=proposed,accepted": lambda i: False,
    "without=major:none": lambda i: False,
    "restricted=true": lambda i: False,
    "restricted=false": lambda i: True,
    "escalated=true": lambda i: False,
    "has_children=false": lambda i: True,
    "parent=none": lambda i: True,
    "parent=INC-1": lambda i: False,
    "parent=INC-1,none": lambda i: True,
    "merged_into=none": lambda i: True,
    "link=change:CHG-1,problem:PRB-1": lambda i: False,
    "without=parent:none": lambda i: False,
    "without=parent:INC-1": lambda i: True,
    "imported=false": lambda i: True,
    f"started_after={MIDDLE}": lambda i: at(i, "started") > MIDDLE,
    f"started_before={MIDDLE}": lambda i: at(i, "started") < MIDDLE,
    f"detected_after={MIDDLE}": lambda i: False,
    f"acknowledged_after={MIDDLE}": lambda i: bool(at(i, "acknowledged")),
    f"mitigated_after={MIDDLE}": lambda i: bool(at(i, "mitigated")),
    f"resolved_after={MIDDLE}": lambda i: bool(at(i, "resolved")),
    f"closed_after={MIDDLE}": lambda i: bool(at(i, "closed")),
    f"closed_before={MIDDLE}": lambda i: False,
    "id=INC-3,INC-5,4,INC-999": lambda i: i["number"] in ("INC-3", "INC-4", "INC-5"),
    "without=status:new": lambda i: i["status"] != "new",
    "without=status:new,tag:vip": lambda i: i["status"] != "new" and "vip" not in i["tags"],
    "without=assigned_to:ada": lambda i: i["assigned_to"] != "ada",
    "without=assigned_to:none": lambda i: i["assigned_to"] is not None,
    "without=priority:1,priority:none": lambda i: i["priority"] not in (1, None),
    'without=service:"Billing, EU"': lambda i: i["service"] != "Billing, EU",
    "without=label:region=north": lambda i: "region" not in i["labels"],
    "without=label:region": lambda i: "region" not in i["labels"],
    "without=group:me": lambda i: i["group"] != "desk",
    "group=desk&open=true&priority=1,2,3": lambda i: (
        i["group"] == "desk" and i["status"] not in FINISHED and i["priority"] in (1, 2, 3)
    ),
    "q=thing&status=new": lambda i: i["status"] == "new",
    "service=che%25": lambda i: False,
    "service=_heckout": lambda i: False,
    "tag=%25": lambda i: False,
    "q=th%25": lambda i: True,
}


@pytest.mark.parametrize("query", CASES)
async def test_a_filter_finds_what_it_says(ground: Ground, query: str) -> None:
    answer = await ground.agent.get(f"/v1/incidents?limit=200&sort=number&{query}")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    for item in found["items"]:
        item.pop("highlights", None)
    assert found["items"] == [item for item in ground.items if CASES[query](item)]
    assert found["total_estimate"] == len(found["items"])


def test_every_filter_is_tried() -> None:
    tried = {part.partition("=")[0] for query in CASES for part in query.split("&")}
    elsewhere = {"created_after", "created_before", "updated_after", "updated_before"}
    elsewhere |= {"sla"}  # with the clocks, whose time has to pass
    times = {name for name in IncidentFilters.model_fields if name.endswith(("after", "before"))}
    assert IncidentFilters.model_fields.keys() - tried - times - elsewhere == set()


async def test_ids_find_and_what_is_no_id_is_told_so(ground: Ground) -> None:
    wanted = [ground.items[7]["id"], ground.items[3]["number"].lower()]
    answer = await ground.agent.get("/v1/incidents", params={"id": ",".join(wanted)})
    assert {item["id"] for item in answer.json()["items"]} == {
        ground.items[3]["id"], ground.items[7]["id"],
    }  # fmt: skip


NONSENSE = {
    "id=PRB-1": "INC-1",
    "id=none": "INC-1",
    "parent=x": "INC-1",
    "link=CHG-1": "kind:reference",
    "link=moon:1": "kind:reference",
    "q=-": "word",
    'q=""': "word",
    "q=%25%25": "word",
    "q=or": "word",
    "sort=relevance": "needs q",
    "without=colour:red": "colour",
    "without=status": "",
    "without=status:grey": "status",
    "without=q:x": "q is none of",
    "priority=10": "",
    "priority=nothing": "",
    "status=none": "",
    "mine=yes": "",
    "status=": "at least 1",
    "mine=": "at least 1",
    "hold_reason=coffee": "",
    "open=perhaps": "",
    "started_after=today": "RFC 3339",
    "imaginary=1": "not a parameter",
    "service=" + ",".join(f"s{n}" for n in range(200)): "50",
}


@pytest.mark.parametrize("query", NONSENSE, ids=lambda q: q[:30])
async def test_nonsense_is_refused_with_what_to_do(ground: Ground, query: str) -> None:
    answer = await ground.agent.get(f"/v1/incidents?{query}")
    assert answer.status_code == 422, answer.text
    [told, *_] = answer.json()["errors"]
    assert told["pointer"].startswith("query:")
    assert NONSENSE[query] in told["detail"]


VALUES: dict[str, Callable[[Item], Any]] = {
    "number": lambda i: int(i["number"][4:]),
    "status": lambda i: "new in_progress on_hold resolved closed cancelled".split().index(
        i["status"]
    ),
    "reporter": lambda i: i["reporter"]["id"],
}


@pytest.mark.parametrize("sort", [name for name in SORT_NAMES if name != "relevance"])
async def test_each_order_holds_over_all_pages_and_ends_with_what_has_no_value(
    ground: Ground, sort: str
) -> None:
    found = await walk(ground.agent, sort=sort, limit="7")
    assert sorted(i["number"] for i in found) == sorted(i["number"] for i in ground.items)
    name, falling = sort.removeprefix("-"), sort.startswith("-")
    read = VALUES.get(name) or (lambda i: value_of(i, name))
    values = [(read(i), i["id"]) for i in found]
    present = [(lowered(v), i) for v, i in values if v is not None]
    assert present == sorted(present, reverse=falling)
    if sort != "-priority":  # as it always was: what nobody has looked at comes first there
        assert [v for v, _ in values[len(present) :]] == [None] * (len(values) - len(present))


def lowered(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def value_of(item: Item, name: str) -> Any:
    return item[name] if name in item else item["milestones"][name.removesuffix("_at")]


async def walk(agent: AsyncClient, **query: str) -> list[Item]:
    items: list[Item] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await agent.get("/v1/incidents", params=query | cursor)
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        if answer.json()["next_cursor"] is None:
            return items
        cursor = {"cursor": answer.json()["next_cursor"]}


async def test_a_cursor_belongs_to_its_filters_and_its_caller(ground: Ground) -> None:
    first = await ground.agent.get("/v1/incidents?limit=2&assigned_to=me")
    cursor = first.json()["next_cursor"]
    for query in (
        "assigned_to=bob", "assigned_to=me&sort=number", "without=status:new", "open=true", "q=x",
    ):  # fmt: skip
        answer = await ground.agent.get(f"/v1/incidents?limit=2&cursor={cursor}&{query}")
        assert answer.status_code == 422, query
    async with ground.service.client(Role.RESPONDER) as other:
        answer = await other.get(f"/v1/incidents?limit=2&assigned_to=me&cursor={cursor}")
        assert answer.status_code == 422
    for spoilt in (cursor[:-1], cursor + "A", cursor.swapcase(), "x" * 1000, "é"):
        answer = await ground.agent.get(f"/v1/incidents?limit=2&assigned_to=me&cursor={spoilt}")
        assert answer.status_code == 422


async def test_a_reporter_finds_their_own_whatever_they_ask(ground: Ground) -> None:
    async with ground.service.client(Role.REPORTER, subject="rita") as rita:
        for query in ("reporter=rob", "id=INC-1,INC-2,INC-3,INC-4,INC-5", "q=thing", "open=true"):
            answer = await rita.get(f"/v1/incidents?limit=200&{query}")
            assert {i["reporter"]["id"] for i in answer.json()["items"]} <= {"rita"}
