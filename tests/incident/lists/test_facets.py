"""Facets are what a plain count over the list says."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple, get_args

import pytest

from services.incident.lists.facet_routes import FieldName
from shared.auth.roles import Role
from shared.client import AsyncClient
from tests.incident.lists.crowd import crowd
from tests.incident.problem_feed.publishing import publish_known_error
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started

Item = dict[str, Any]
Counts = dict[str | int | None, int]


class Ground(NamedTuple):
    """A service and all that it lists."""

    service: RunningService
    agent: AsyncClient
    items: list[Item]


@pytest.fixture(scope="module")
async def ground(databases: Databases) -> AsyncIterator[Ground]:
    async with started("incident", databases) as service:
        await publish_known_error(service, "KE-1")
        agent = service.client(Role.RESPONDER, subject="ada")
        yield Ground(service, agent, await crowd(agent, 70, seed=5))


async def facets(agent: AsyncClient, query: str = "", path: str = "") -> tuple[Any, Any]:
    answer = await agent.get(f"/v1/incidents/facets?{query}")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    return {facet["field"]: facet for facet in told["facets"]}, told


def counts(facet: Any) -> Counts:
    return {value["value"]: value["count"] for value in facet["values"]}


def plainly(items: list[Item], field: str) -> Counts:
    if field == "tag":
        return dict(Counter(tag for item in items for tag in item["tags"]))
    read: Callable[[Item], Any] = (
        (lambda i: i["reporter"]["id"]) if field == "reporter" else (lambda i: i.get(field))
    )
    return dict(Counter(map(read, items)))


async def listed(agent: AsyncClient, query: str) -> list[Item]:
    answer = await agent.get(f"/v1/incidents?limit=200&{query}")
    assert answer.status_code == 200, answer.text
    items: list[Item] = answer.json()["items"]
    return items


async def test_each_field_is_counted_as_a_plain_count_says(ground: Ground) -> None:
    found, told = await facets(ground.agent, f"top=200&by={','.join(get_args(FieldName))}")
    assert told["total"] == len(ground.items)
    assert list(found) == list(get_args(FieldName))
    for field in set(found) - {"known_error"}:
        assert counts(found[field]) == plainly(ground.items, field), field
        numbers = [value["count"] for value in found[field]["values"]]
        assert numbers == sorted(numbers, reverse=True)
        assert (found[field]["other"], found[field]["other_values"]) == (0, 0)
    assert counts(found["known_error"])["KE-1"] > 0


QUERIES = [
    ("status=new", ["status"]),
    ("status=new,resolved&priority=1,2,none", ["status", "priority"]),
    ("status=new&priority=1&service=checkout", ["status", "priority", "service"]),
    ("open=true", []),
    ("tag=vip&status=new,in_progress", ["tag", "status"]),
    ("all_tags=vip,eu", []),
    ("q=slow&group=desk", ["group"]),
    ("mine=assigned", []),
    ("without=status:new", []),
    ("assigned_to=me", ["assigned_to"]),
]


@pytest.mark.parametrize(("query", "own"), QUERIES)
async def test_a_field_is_counted_under_all_filters_but_its_own(
    ground: Ground, query: str, own: list[str]
) -> None:
    by = ["status", "priority", "service", "group", "assigned_to", "tag"]
    found, told = await facets(ground.agent, f"by={','.join(by)}&{query}")
    assert told["total"] == len(await listed(ground.agent, query))
    for field in by:
        others = "&".join(p for p in query.split("&") if p.split("=")[0] != field)
        assert (others != query) == (field in own)
        assert counts(found[field]) == plainly(await listed(ground.agent, others), field)


async def test_what_is_beyond_the_top_is_summed_up(ground: Ground) -> None:
    whole = (await facets(ground.agent, "by=service,tag"))[0]
    found = (await facets(ground.agent, "by=service,tag&top=2"))[0]
    for field in ("service", "tag"):
        assert found[field]["values"] == whole[field]["values"][:2]
        rest = whole[field]["values"][2:]
        assert found[field]["other_values"] == len(rest)
        assert found[field]["other"] == sum(value["count"] for value in rest)


async def test_facets_of_the_past_are_those_of_the_list_then(ground: Ground) -> None:
    head = (await facets(ground.agent))[1]["position"]
    for position in (0, 1, head // 3, head // 2, head):
        found, told = await facets(ground.agent, f"as_of={position}&by=status,tag&status=new")
        assert told["position"] == position
        everything = await listed(ground.agent, f"as_of={position}")
        new = [item for item in everything if item["status"] == "new"]
        assert told["total"] == len(new)
        assert counts(found["status"]) == plainly(everything, "status")
        assert counts(found["tag"]) == plainly(new, "tag")


async def test_nothing_found_is_nothing_counted(ground: Ground) -> None:
    found, told = await facets(ground.agent, "service=unheard-of&by=status,tag,service")
    assert told["total"] == 0
    assert counts(found["status"]) == counts(found["tag"]) == {}
    assert counts(found["service"]) == plainly(ground.items, "service")


async def test_a_reporter_counts_their_own(ground: Ground) -> None:
    async with ground.service.client(Role.REPORTER, subject="rita") as rita:
        found, told = await facets(rita, "by=reporter,status")
    own = [item for item in ground.items if item["reporter"]["id"] == "rita"]
    assert told["total"] == len(own)
    assert counts(found["reporter"]) == {"rita": len(own)}
    assert counts(found["status"]) == plainly(own, "status")


@pytest.mark.parametrize(
    "query", ["by=title", "by=", "top=0", "top=201", "limit=5", "as_of=1&q=x", "q=-", "cursor=x"]
)
async def test_nonsense_is_refused(ground: Ground, query: str) -> None:
    assert (await ground.agent.get(f"/v1/incidents/facets?{query}")).status_code == 422
