"""Lists of problems: each filter finds what it says, each order holds, words are found anywhere."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.problem.lists.conditions import _MADE
from services.problem.lists.filters import SORT_NAMES, ProblemFilters
from services.problem.lists.orders import SORTS
from shared.auth.roles import Role
from shared.client import AsyncClient
from tests.problem.conftest import Feed
from tests.support.service import RunningService

PROBLEMS: dict[str, dict[str, Any]] = {
    "pool": {
        "title": "Checkout is slow", "description": "The pool runs dry at noon",
        "service": "checkout", "category": "database", "impact": 1, "urgency": 1,
        "group": "network", "owner": "paul", "tags": ["vip", "a,b"],
        "started_at": "2026-11-20T10:00:00Z",
    },
    "vpn": {
        "title": "db-7.example.com is cut off", "service": "vpn", "category": "tunnel",
        "impact": 2, "urgency": 2, "assigned_to": "lister", "tags": ["vip"],
        "started_at": "2026-11-21T10:00:00Z",
    },
    "mail": {"title": "郵便が届かない", "service": "none", "owner": "lister"},
}  # fmt: skip
FOUND: list[tuple[dict[str, Any], set[str]]] = [
    ({"status": "root_cause_analysis"}, {"pool"}),
    ({"status": "new,assessing"}, {"vpn", "mail"}),
    ({"open": "true"}, {"pool", "vpn", "mail"}),
    ({"open": "false"}, set()),
    ({"priority": "1"}, {"pool"}),
    ({"priority": "none"}, {"mail"}),
    ({"impact": "2,none"}, {"vpn", "mail"}),
    ({"service": "checkout,vpn"}, {"pool", "vpn"}),
    ({"service": '"none"'}, {"mail"}),
    ({"service": "none"}, set()),
    ({"category": "none"}, {"mail"}),
    ({"group": "me"}, {"pool"}),
    ({"assigned_to": "me"}, {"vpn"}),
    ({"owner": "me"}, {"mail"}),
    ({"mine": "assigned,owned"}, {"vpn", "mail"}),
    ({"mine": "group"}, {"pool"}),
    ({"tag": '"a,b"'}, {"pool"}),
    ({"all_tags": 'vip,"a,b"'}, {"pool"}),
    ({"workaround": "published"}, {"pool"}),
    ({"workaround": "none"}, {"vpn", "mail"}),
    ({"known_error": "draft"}, {"pool"}),
    ({"known_error": "none"}, {"vpn", "mail"}),
    ({"known_error": "published,none"}, {"vpn", "mail"}),
    ({"major": "true"}, {"pool"}),
    ({"has_root_cause": "true"}, {"pool"}),
    ({"has_open_tasks": "true"}, {"vpn"}),
    ({"has_open_tasks": "false"}, {"pool", "mail"}),
    ({"recurred": "true"}, set()),
    ({"reassigned": "false"}, {"pool", "vpn", "mail"}),
    ({"imported": "true"}, set()),
    ({"started_after": "2026-11-21T00:00:00Z"}, {"vpn"}),
    ({"root_cause_before": "2027-01-01T00:00:00Z"}, {"pool"}),
    ({"without": "tag:vip"}, {"mail"}),
    ({"without": "service:checkout,priority:none"}, {"vpn"}),
    ({"q": "pool"}, {"pool"}),
    ({"q": "sized"}, {"pool"}),
    ({"q": "restart che"}, {"pool"}),
    ({"q": "checkout -pool"}, {"pool"}),
    ({"q": "example.com"}, {"vpn"}),
    ({"q": "郵便"}, {"mail"}),
    ({"q": '"runs dry" or tunnel'}, {"pool"}),
    ({"q": "nothing of the kind"}, set()),
]  # fmt: skip


@pytest.fixture(scope="module")
async def lister(problem_service: RunningService) -> AsyncIterator[AsyncClient]:
    issuer = problem_service.issuer
    token = issuer.token("lister", [Role.PROBLEM_MANAGER], teams=["network"])
    async with problem_service.client(None) as client:
        client.headers["authorization"] = f"Bearer {token}"
        yield client


@pytest.fixture(scope="module")
async def known(lister: AsyncClient) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, body in PROBLEMS.items():
        found[name] = str((await lister.post("/v1/problems", json=body)).json()["id"])
    pool = f"/v1/problems/{found['pool']}"
    for command, arguments in (
        ("assess", {"major": True}),
        ("confirm", {}),
        ("record-root-cause", {"cause": "Nobody sized it", "evidence": ["dump"]}),
        ("draft-workaround", {"text": "Restart the checkout"}),
        ("publish-workaround", {}),
    ):
        assert (await lister.post(f"{pool}/{command}", json=arguments)).status_code == 200
    await lister.post(f"/v1/problems/{found['vpn']}/add-task", json={"title": "Ask"})
    said = {"title": "Slow", "symptom": "It is slow", "problem": found["pool"]}
    drafted = await lister.post("/v1/known-errors", json=said)
    assert drafted.status_code == 201
    return found | {"position": drafted.json()["position"]}


async def names(client: AsyncClient, known: dict[str, Any], **query: Any) -> list[str]:
    answer = await client.get("/v1/problems", params=query)
    assert answer.status_code == 200, answer.text
    by_id = {id: name for name, id in known.items()}
    return [by_id[item["id"]] for item in answer.json()["items"]]


async def test_each_filter_finds_what_it_says(lister: AsyncClient, known: dict[str, Any]) -> None:
    for query, expected in FOUND:
        assert set(await names(lister, known, **query)) == expected, query


async def test_each_filter_holds_for_the_past_too(
    lister: AsyncClient, known: dict[str, Any]
) -> None:
    head = (await lister.get("/v1/problems")).json()["position"]
    for query, expected in FOUND:
        if "q" not in query:
            assert set(await names(lister, known, **query, as_of=head)) == expected, query
    early = await names(lister, known, known_error="draft", as_of=known["position"] - 1)
    assert early == []


def test_every_filter_is_made_into_conditions() -> None:
    assert set(_MADE) == set(ProblemFilters.model_fields)
    tested = {name for query, _ in FOUND for name in query}
    assert len(tested) >= 20


async def test_every_order_lists_everything_and_its_pages_do_too(
    lister: AsyncClient, known: dict[str, Any]
) -> None:
    assert set(SORT_NAMES) == {*SORTS, "relevance"}
    for sort in SORTS:
        first = (await lister.get("/v1/problems", params={"sort": sort, "limit": 2})).json()
        rest = {"sort": sort, "limit": 2, "cursor": first["next_cursor"]}
        last = (await lister.get("/v1/problems", params=rest)).json()
        both = [item["id"] for item in first["items"] + last["items"]]
        assert sorted(both) == sorted(known[name] for name in PROBLEMS), sort


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("title", ["pool", "vpn", "mail"]),
        ("owner", ["mail", "pool", "vpn"]),
        ("-started_at", ["vpn", "pool", "mail"]),
        ("status", ["vpn", "mail", "pool"]),
        ("-open_tasks", ["vpn", "mail", "pool"]),
    ],
)
async def test_what_has_no_value_comes_last(
    lister: AsyncClient, known: dict[str, Any], sort: str, expected: list[str]
) -> None:
    found = await names(lister, known, sort=sort)
    assert found[0] == expected[0]
    if "tasks" not in sort and sort != "status":
        assert found == expected


async def test_hits_are_told_in_pieces(lister: AsyncClient, known: dict[str, Any]) -> None:
    query = {"q": "checkout", "sort": "relevance"}
    [item] = (await lister.get("/v1/problems", params=query)).json()["items"]
    assert [p["text"] for p in item["highlights"]["title"] if p["hit"]] == ["Checkout"]
    assert [p["text"] for p in item["highlights"]["text"] if p["hit"]] == ["checkout"]
    number = (await lister.get(f"/v1/problems/{known['vpn']}")).json()["number"]
    assert await names(lister, known, q=number, sort="relevance") == ["vpn"]
    assert await names(lister, known, id=number) == ["vpn"]
    assert item["known_error"] == "draft"


async def test_facets_count_under_all_other_filters(
    lister: AsyncClient, known: dict[str, Any]
) -> None:
    query = {"by": "service,tag,owner", "service": "vpn", "known_error": "none"}
    counted = (await lister.get("/v1/problems/facets", params=query)).json()
    found = {
        facet["field"]: {each["value"]: each["count"] for each in facet["values"]}
        for facet in counted["facets"]
    }
    assert found == {"service": {"none": 1, "vpn": 1}, "tag": {"vip": 1}, "owner": {None: 1}}
    assert counted["total"] == 1


async def test_what_makes_no_sense_is_refused(lister: AsyncClient) -> None:
    for query in (
        {"sort": "relevance"}, {"q": "!!"}, {"q": "a", "as_of": "1"}, {"id": "x"},
        {"without": "q:a"}, {"without": "status:odd"}, {"incident": "INC"}, {"unknown": "1"},
        {"target_before": "0"}, {"review_after": "2026-13-01"},
        {"known_error": "false"}, {"without": "known_error:odd"},
        {"candidate": ""}, {"status": ""},
    ):  # fmt: skip
        answer = await lister.get("/v1/problems", params=query)
        assert answer.status_code == 422, query


async def test_what_is_hidden_is_neither_listed_nor_counted(
    problem_service: RunningService, feed: Feed, lister: AsyncClient
) -> None:
    incident = feed.declared(service="hidden-list")
    await feed.hear(incident)
    body = {"incidents": [str(incident.subject)], "description": "Unspeakable"}
    assert (await lister.post("/v1/problems", json=body)).status_code == 201
    await feed.keep_to_ada(incident.subject)
    for query in ({"service": "hidden-list"}, {"q": "unspeakable"}):
        assert (await lister.get("/v1/problems", params=query)).json()["items"] == []
        counted = await lister.get("/v1/problems/facets", params=query)
        assert (counted.json()["total"], "hidden-list" in counted.text) == (0, False)
    async with problem_service.client(Role.AUDITOR) as auditor:
        seen = (await auditor.get("/v1/problems", params={"service": "hidden-list"})).json()
        assert len(seen["items"]) == 1
