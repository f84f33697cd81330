"""Saved views: saved, shared, applied, changed, retired; whoever may not know of one does not."""

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest

from shared.auth.roles import Role
from shared.client import AsyncClient, Response
from tests.incident.lists.crowd import crowd
from tests.incident.problem_feed.publishing import publish_known_error
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started

Item = dict[str, Any]
VIEWS = "/v1/incident/views"
OPEN_ONES = {
    "name": "Open and nobody's",
    "filters": {"open": True, "assigned_to": ["none"], "service": ['"Billing, EU"', "checkout"]},
    "sort": "number",
    "columns": ["number", "title"],
}


class Ground(NamedTuple):
    """A service with incidents, and all of them."""

    service: RunningService
    items: list[Item]

    def who(self, name: str, *roles: Role, teams: tuple[str, ...] = ()) -> AsyncClient:
        token = self.service.issuer.token(name, roles or [Role.RESPONDER], teams=teams)
        client = self.service.client(None)
        client.headers["authorization"] = f"Bearer {token}"
        return client


@pytest.fixture(scope="module")
async def ground(databases: Databases) -> AsyncIterator[Ground]:
    async with started("incident", databases) as service, service.client() as admin:
        await publish_known_error(service, "KE-1")
        yield Ground(service, await crowd(admin, 60, seed=3))


@pytest.fixture
def ada(ground: Ground) -> AsyncClient:
    return ground.who("ada", teams=("desk",))


async def saved(client: AsyncClient, **said: Any) -> Item:
    answer = await client.post(VIEWS, json=OPEN_ONES | said)
    assert answer.status_code == 201, answer.text
    view: Item = answer.json()
    assert answer.headers["location"] == f"{VIEWS}/{view['id']}"
    return view


async def listed(client: AsyncClient, **query: Any) -> Any:
    answer = await client.get("/v1/incidents", params={"limit": 200} | query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def wanted(item: Item) -> bool:
    is_open = item["status"] in ("new", "in_progress", "on_hold")
    services = ("Billing, EU", "checkout")
    return is_open and item["assigned_to"] is None and item["service"] in services


async def test_a_view_lists_what_its_filters_do_and_further_ones_narrow_it(
    ground: Ground, ada: AsyncClient
) -> None:
    view = await saved(ada)
    found = await listed(ada, view=view["id"])
    assert found["items"] == [item for item in ground.items if wanted(item)]
    assert len(found["items"]) > 1
    assert found["view"] == {"id": view["id"], "version": 1}
    narrowed = await listed(ada, view=view["id"], service="checkout,search", sort="-number")
    assert narrowed["items"] == [
        item for item in reversed(ground.items) if wanted(item) and item["service"] == "checkout"
    ]
    answer = await ada.get("/v1/incidents/facets", params={"view": view["id"], "by": "service"})
    values = {v["value"] for v in answer.json()["facets"][0]["values"]}
    assert values == {item["service"] for item in found["items"]}
    assert answer.json()["total"] == len(found["items"])


async def test_me_is_whoever_applies_it(ground: Ground, ada: AsyncClient) -> None:
    view = await saved(ada, filters={"assigned_to": ["me"]}, shared_with={"teams": ["desk"]})
    bob = ground.who("bob", teams=("desk",))
    for client, person in ((ada, "ada"), (bob, "bob")):
        found = await listed(client, view=view["id"])
        assert {item["assigned_to"] for item in found["items"]} == {person}


async def test_a_search_in_a_view_is_highlighted_and_of_the_present(
    ground: Ground, ada: AsyncClient
) -> None:
    view = await saved(ada, filters={"q": "slow"}, sort="relevance")
    found = await listed(ada, view=view["id"])
    assert found["items"]
    assert all(item["highlights"]["title"] for item in found["items"])
    answer = await ada.get("/v1/incidents", params={"view": view["id"], "as_of": "1"})
    assert answer.status_code == 422


async def test_only_those_it_is_shared_with_know_of_a_view(ground: Ground) -> None:
    manager = ground.who("mona", Role.INCIDENT_MANAGER, teams=("desk",))
    shares: dict[str, dict[str, Any]] = {
        "private": {},
        "team": {"teams": ["desk"]},
        "role": {"roles": ["problem_manager"]},
        "everyone": {"everyone": True},
    }
    views = {n: await saved(manager, name=n, shared_with=s) for n, s in shares.items()}
    callers = {
        ground.who("mona"): set(views),
        ground.who("ada", teams=("desk",)): {"team", "everyone"},
        ground.who("paul", Role.PROBLEM_MANAGER): {"role", "everyone"},
        ground.who("rita", Role.REPORTER): {"everyone"},
        ground.who("al", Role.AUDITOR): set(views),
    }
    for client, known in callers.items():
        answer = await client.get(VIEWS, params={"owner": "mona"})
        assert {item["name"] for item in answer.json()["items"]} == known
        for name, view in views.items():
            expected = 200 if name in known else 404
            for path in (f"{VIEWS}/{view['id']}", f"{VIEWS}/{view['id']}/versions"):
                assert (await client.get(path)).status_code == expected, (name, path)
            answer = await client.get("/v1/incidents", params={"view": view["id"]})
            assert answer.status_code == expected


async def test_a_reporter_sees_their_own_through_any_view(ground: Ground) -> None:
    manager = ground.who("mia", Role.INCIDENT_MANAGER)
    view = await saved(manager, filters={}, shared_with={"everyone": True})
    rita = ground.who("rita", Role.REPORTER)
    found = await listed(rita, view=view["id"], sort="number")
    assert found["items"] == [i for i in ground.items if i["reporter"]["id"] == "rita"]


async def test_nobody_shares_further_than_they_may(ground: Ground, ada: AsyncClient) -> None:
    for shared in ({"everyone": True}, {"roles": ["responder"]}, {"teams": ["network"]}):
        answer = await ada.post(VIEWS, json=OPEN_ONES | {"shared_with": shared})
        assert answer.status_code == 403
        assert "incident_manager" in answer.json()["detail"]


async def test_only_its_owner_and_managers_change_a_view(ground: Ground, ada: AsyncClient) -> None:
    view = await saved(ada, shared_with={"teams": ["desk"]})
    path = f"{VIEWS}/{view['id']}"
    bob = ground.who("bob", teams=("desk",))
    assert (await bob.put(path, json=OPEN_ONES)).status_code == 403
    assert (await bob.post(f"{path}/retire")).status_code == 403
    told = {a["name"]: a["allowed"] for a in (await bob.get(path)).json()["actions"]}
    assert told == {"put": False, "retire": False}
    manager = ground.who("mia", Role.INCIDENT_MANAGER, teams=("desk",))
    wider = OPEN_ONES | {"name": "Ours", "shared_with": {"everyone": True}}
    changed = (await manager.put(path, json=wider)).json()
    assert (changed["owner"], changed["version"], changed["name"]) == ("ada", 2, "Ours")
    kept = await ada.put(path, json=wider | {"name": "Mine"})  # what is shared already may stay so
    assert kept.status_code == 200
    versions = (await ada.get(f"{path}/versions")).json()["items"]
    assert [e["actor"] for e in versions] == ["ada", "mia", "ada"]
    first = (await ada.get(path, params={"as_of": view["position"]})).json()
    assert (first["name"], first["version"]) == (OPEN_ONES["name"], 1)
    seen = {"wait_for": f"incident:{changed['position']}"}
    assert (await ada.get(path, params=seen)).status_code == 200


async def test_a_view_says_the_same_again_without_a_new_version(ada: AsyncClient) -> None:
    view = await saved(ada)
    again = await ada.put(f"{VIEWS}/{view['id']}", json=OPEN_ONES)
    assert again.json()["version"] == 1
    stale = await ada.put(
        f"{VIEWS}/{view['id']}", json=OPEN_ONES | {"name": "x"}, headers={"if-match": '"7"'}
    )
    assert stale.status_code == 412


async def test_a_retired_view_is_applied_no_more_but_stays_readable(ada: AsyncClient) -> None:
    view = await saved(ada, name="Old")
    path = f"{VIEWS}/{view['id']}"
    assert (await ada.post(f"{path}/retire")).json()["retired"] is True
    assert (await ada.post(f"{path}/retire")).json()["version"] == 2
    refused = await ada.get("/v1/incidents", params={"view": view["id"]})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/refused")
    assert (await ada.put(path, json=OPEN_ONES)).status_code == 409
    names = {i["name"] for i in (await ada.get(VIEWS, params={"retired": False})).json()["items"]}
    assert "Old" not in names
    then = (await ada.get(VIEWS, params={"as_of": view["position"], "retired": False})).json()
    assert "Old" in {i["name"] for i in then["items"]}


async def test_a_cursor_ends_with_the_version_of_its_view(ground: Ground, ada: AsyncClient) -> None:
    view = await saved(ada, filters={})
    first = await listed(ada, view=view["id"], limit=5)
    query = {"view": view["id"], "limit": "5", "cursor": first["next_cursor"]}
    assert (await ada.get("/v1/incidents", params=query)).status_code == 200
    said = OPEN_ONES | {"filters": {"open": True}}
    assert (await ada.put(f"{VIEWS}/{view['id']}", json=said)).status_code == 200
    assert (await ada.get("/v1/incidents", params=query)).status_code == 422


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown filter": ({"filters": {"colour": ["red"]}}, "/filters/colour"),
    "a filter that is no list": ({"filters": {"status": "new"}}, "/filters/status"),
    "a status there is not": ({"filters": {"status": ["grey"]}}, "/filters/status/0"),
    "a list in a list": ({"filters": {"service": [["a"]]}}, "/filters/service/0"),
    "an id that is none": ({"filters": {"id": ["x"]}}, "/filters/id"),
    "nothing to leave out": ({"filters": {"without": ["colour:red"]}}, "/filters/without"),
    "a search for nothing": ({"filters": {"q": "--"}}, "/filters/q"),
    "relevance to nothing": ({"sort": "relevance"}, "/sort"),
    "an order there is not": ({"sort": "colour"}, "/sort"),
    "a column there is not": ({"columns": ["colour"]}, "/columns/0"),
    "a column twice": ({"columns": ["title", "title"]}, ""),
    "no name": ({"name": " "}, "/name"),
    "a cursor": ({"filters": {"cursor": "x"}}, "/filters/cursor"),
    "another view": ({"filters": {"view": "x"}}, "/filters/view"),
    "an owner of one's own": ({"owner": "bob"}, "/owner"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_view_is_refused_that_holds(ada: AsyncClient, case: str) -> None:
    said, pointer = REFUSED[case]
    answer = await ada.post(VIEWS, json=OPEN_ONES | said)
    assert answer.status_code == 422, answer.text
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


async def test_an_unknown_view_is_not_found(ada: AsyncClient, ground: Ground) -> None:
    unknown = "0198c0de-0000-7000-8000-000000000007"
    incident = ground.items[0]["id"]
    for view in (unknown, incident):
        answers: list[Response] = [
            await ada.get("/v1/incidents", params={"view": view}),
            await ada.get("/v1/incidents/facets", params={"view": view}),
            await ada.get(f"{VIEWS}/{view}"),
            await ada.put(f"{VIEWS}/{view}", json=OPEN_ONES),
            await ada.post(f"{VIEWS}/{view}/retire"),
            await ada.get(f"{VIEWS}/{view}/versions"),
        ]
        assert [answer.status_code for answer in answers] == [404] * len(answers)
    nonsense = await ada.get("/v1/incidents", params={"view": "x"})
    assert nonsense.json()["errors"] == [
        {"pointer": "query:view", "detail": "must be an id (a UUID)"}
    ]
