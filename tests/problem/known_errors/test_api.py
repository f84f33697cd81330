"""Known errors over HTTP: written down, published, revised, ended; read now and then."""

import asyncio
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from shared.client import AsyncClient
from shared.clock import new_id, now
from tests.problem.conftest import Feed
from tests.support.service import RunningService
from tests.support.started import rows
from tests.support.until import until

VPN = {
    "title": "VPN drops after the client update",
    "symptom": "The tunnel is cut after exactly 60 minutes",
    "workaround": "Go back to client 7.1",
    "error_code": "VPN-4012",
    "services": ["remote-access"],
    "product": "Tunnelwerk",
    "product_version": "7.2",
}


async def drafted(client: AsyncClient, **said: Any) -> str:
    answer = await client.post("/v1/known-errors", json=VPN | said)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


async def published(client: AsyncClient, **said: Any) -> str:
    path = await drafted(client, **said)
    answer = await client.post(f"{path}/publish")
    assert answer.status_code == 200, answer.text
    return path


async def test_a_life_from_draft_to_its_end(manager: AsyncClient) -> None:
    path = await drafted(manager)
    read = (await manager.get(path)).json()
    assert (read["status"], read["revision"], read["symptom"]) == ("draft", 0, VPN["symptom"])
    live = (await manager.post(f"{path}/publish")).json()
    assert (live["status"], live["revision"]) == ("published", 1)
    revised = (
        await manager.post(f"{path}/revise", json={"workaround": None, "cause": "A key"})
    ).json()
    assert (revised["revision"], revised["workaround"], revised["cause"]) == (2, None, "A key")
    assert revised["symptom"] == VPN["symptom"]
    fixed = (await manager.post(f"{path}/mark-fixed", json={"note": "In 7.3"})).json()
    assert (fixed["fixed"], fixed["fix_note"]) == (True, "In 7.3")
    ended = (await manager.post(f"{path}/retire", json={"reason": "All have 7.3"})).json()
    assert (ended["status"], ended["retired_because"]) == ("retired", "All have 7.3")
    refused = await manager.post(f"{path}/revise", json={"cause": "Another"})
    assert (refused.status_code, refused.json()["detail"]) == (409, "the known error is retired")
    number = read["number"]
    assert (await manager.get(f"/v1/known-errors/{number.lower()}")).json()["id"] == read["id"]


async def test_its_past_is_kept_and_read_as_of(manager: AsyncClient) -> None:
    path = await published(manager)
    then = (await manager.get(path)).json()["position"]
    await manager.post(f"{path}/revise", json={"symptom": "Cut after 30 minutes"})
    was = (await manager.get(f"{path}?as_of={then}")).json()
    assert (was["symptom"], was["revision"]) == (VPN["symptom"], 1)
    told = (await manager.get(f"{path}/versions")).json()["items"]
    assert [each["type"] for each in told] == [
        "known_error.drafted", "known_error.published", "known_error.revised",
    ]  # fmt: skip
    assert told[0]["data"]["symptom"] == VPN["symptom"]


async def test_texts_are_sealed_in_the_log(
    manager: AsyncClient, problem_service: RunningService
) -> None:
    path = await drafted(manager, symptom="Ada Lovelace cannot log in")
    id = path.rsplit("/", 1)[1]
    sql = "select convert_from(state, 'UTF8') from events where originator_id = $1"
    stored = (await rows(problem_service.database, sql, id))[0][0]
    assert VPN["title"] in stored
    assert "Lovelace" not in stored
    assert VPN["workaround"] not in stored


async def test_another_takes_its_place_once_that_is_published(manager: AsyncClient) -> None:
    path, other = await published(manager), await drafted(manager, title="VPN drops, all of it")
    by = {"by": other.rsplit("/", 1)[1]}
    early = await manager.post(f"{path}/supersede", json=by)
    assert early.status_code == 409
    assert "is not published" in early.json()["detail"]
    itself = await manager.post(f"{other}/supersede", json=by)
    assert "its own place" in itself.json()["detail"]
    await manager.post(f"{other}/publish")
    done = (await manager.post(f"{path}/supersede", json=by)).json()
    number = (await manager.get(other)).json()["number"]
    assert (done["status"], done["superseded_number"]) == ("superseded", number)
    again = await manager.post(f"{path}/retire", json={"reason": "x"})
    assert f"{number} has taken its place" in again.json()["detail"]


async def test_what_is_missing_is_named(manager: AsyncClient) -> None:
    path = str((await manager.post("/v1/known-errors", json={"title": "VPN"})).headers["location"])
    refused = await manager.post(f"{path}/publish")
    assert refused.status_code == 409
    assert [each["condition"] for each in refused.json()["unmet"]] == ["symptom", "workaround"]
    nothing = await manager.post("/v1/known-errors", json={"symptom": "x"})
    assert nothing.status_code == 422
    unsaid = await manager.post(f"{path}/revise", json={"title": None})
    assert unsaid.status_code == 422


async def test_it_copies_the_facts_of_its_problem(manager: AsyncClient) -> None:
    raised = await manager.post(
        "/v1/problems",
        json={"title": "Checkout is slow", "description": "Carts wait", "service": "checkout"},
    )
    problem = raised.headers["location"]
    for command, body in (
        ("assess", {"category": "db", "impact": 1, "urgency": 1, "owner": "paul"}),
        ("confirm", {}),
        ("record-root-cause", {"cause": "A small pool", "evidence": ["dump"]}),
        ("draft-workaround", {"text": "Restart it"}),
        ("publish-workaround", {}),
    ):
        assert (await manager.post(f"{problem}/{command}", json=body)).status_code == 200
    number = raised.json()["number"]
    made = await manager.post("/v1/known-errors", json={"problem": number, "error_code": "C-1"})
    told = made.json()
    assert (told["title"], told["symptom"], told["cause"], told["workaround"]) == (
        "Checkout is slow", "Carts wait", "A small pool", "Restart it",
    )  # fmt: skip
    assert (told["services"], told["error_code"]) == (["checkout"], "C-1")
    assert told["problem"] == raised.json()["id"]
    number = (await manager.get(f"/v1/problems/{told['problem']}")).json()["number"]
    by_number = (await manager.get(f"/v1/known-errors?problem={number}")).json()["items"]
    listed = (await manager.get(f"/v1/known-errors?problem={told['problem']}")).json()["items"]
    assert by_number == listed
    assert [each["number"] for each in listed] == [told["number"]]


class Three(NamedTuple):
    """Three published known errors of one product, tagged n0 to n2; nothing of them `before`."""

    product: str
    paths: list[str]
    before: int


@pytest.fixture
async def three(manager: AsyncClient) -> Three:
    before = (await manager.get("/v1/known-errors?limit=1")).json()["position"]
    product = f"Product {new_id()}"
    paths = [await published(manager, product=product, tags=[f"n{n}"]) for n in range(3)]
    return Three(product, paths, before)


async def listed(client: AsyncClient, three: Three, **query: Any) -> list[str]:
    """The tags of what is found, over all pages."""
    params, tags = {"product": three.product, "sort": "number"} | query, []
    while True:
        page = (await client.get("/v1/known-errors", params=params)).json()
        tags += [tag for item in page["items"] for tag in item["tags"]]
        if page["next_cursor"] is None:
            return tags
        params["cursor"] = page["next_cursor"]


@pytest.mark.parametrize(
    "query",
    [{}, {"error_code": "vpn4012"}, {"q": "tunnels minute"}, {"service": "remote-access"}],
)
async def test_lists_are_filtered_by_what_known_errors_say(
    manager: AsyncClient, three: Three, query: dict[str, str]
) -> None:
    assert await listed(manager, three, tag="n1", **query) == ["n1"]


async def test_lists_are_filtered_by_status(manager: AsyncClient, three: Three) -> None:
    await manager.post(f"{three.paths[0]}/retire", json={"reason": "x"})
    assert await listed(manager, three, status="published") == ["n1", "n2"]


async def test_lists_are_paged_and_are_of_any_moment(manager: AsyncClient, three: Three) -> None:
    assert await listed(manager, three, limit=2) == ["n0", "n1", "n2"]
    assert await listed(manager, three, as_of=three.before) == []


async def test_a_search_for_no_word_that_tells_anything_is_refused(manager: AsyncClient) -> None:
    assert (await manager.get("/v1/known-errors?q=the")).status_code == 422


async def test_uses_are_recorded_once_and_counted(
    manager: AsyncClient, responder: AsyncClient, feed: Feed
) -> None:
    path, facts = await published(manager), [feed.declared() for _ in range(2)]
    await feed.hear(*facts)
    one, two = (str(fact.subject) for fact in facts)
    for incident, helped in ((one, None), (one, True), (one, True), (two, False)):
        body = {"incident": incident, "helped": helped}
        answer = await responder.post(f"{path}/record-use", json=body)
        assert (answer.status_code, answer.json()["helped"]) == (200, helped), answer.text
    counted = (await manager.get(path)).json()["uses"]
    assert counted == {"offered": 0, "used": 2, "helped": 1}
    unknown = await responder.post(f"{path}/record-use", json={"incident": "INC-0"})
    assert unknown.status_code == 409


async def test_the_same_key_records_one_use(
    manager: AsyncClient, responder: AsyncClient, feed: Feed
) -> None:
    path, fact = await published(manager), feed.declared()
    await feed.hear(fact)
    body, headers = {"incident": str(fact.subject)}, {"idempotency-key": "use"}
    calls = (responder.post(f"{path}/record-use", json=body, headers=headers) for _ in range(10))
    answers = await asyncio.gather(*calls)
    assert len({answer.text for answer in answers}) == 1
    assert (await manager.get(path)).json()["uses"]["used"] == 1


async def test_two_revisions_at_once_both_count(manager: AsyncClient) -> None:
    path = await published(manager)
    said = ({"cause": "A key"}, {"solution": "7.3"}, {"tags": ["x"]})
    await asyncio.gather(*(manager.post(f"{path}/revise", json=each) for each in said))
    read = (await manager.get(path)).json()
    assert (read["revision"], read["cause"], read["solution"], read["tags"]) == (
        4,
        "A key",
        "7.3",
        ["x"],
    )
    stale = await manager.post(f"{path}/revise", json={"cause": "B"}, headers={"if-match": '"1"'})
    assert stale.status_code == 412


async def test_who_may_not_is_told_why(responder: AsyncClient, manager: AsyncClient) -> None:
    path = await published(manager)
    actions = {each["name"]: each for each in (await responder.get(path)).json()["actions"]}
    assert actions["record-use"]["allowed"]
    assert "problem_manager" in actions["retire"]["reason"]
    assert (await responder.post(f"{path}/retire", json={"reason": "x"})).status_code == 403


@pytest.mark.parametrize("valid_to", ["2026-11-22T00:00:00Z", "2020-01-01T00:00:00Z"])
async def test_what_is_over_is_not_published(manager: AsyncClient, valid_to: str) -> None:
    path = await drafted(manager, valid_to=valid_to)
    refused = await manager.post(f"{path}/publish")
    assert [each["condition"] for each in refused.json()["unmet"]] == ["valid_to"]


async def test_it_retires_by_itself(manager: AsyncClient) -> None:
    path = await published(manager, valid_to=(now() + timedelta(seconds=0.5)).isoformat())

    async def is_retired() -> bool:
        return bool((await manager.get(path)).json()["status"] == "retired")

    await until(is_retired)
    assert (await manager.get(path)).json()["expired"]
    last = (await manager.get(f"{path}/versions")).json()["items"][-1]
    assert last["actor"] == "system:expiry"


async def test_words_are_counted_as_texts_come_and_change(
    manager: AsyncClient, problem_service: RunningService
) -> None:
    async def counted() -> list[int]:
        sql = (
            "select documents from known_error_words where word in ('zebra', 'okapi') order by word"
        )
        return [row[0] for row in await rows(problem_service.database, sql)]

    path = await published(manager, symptom="A zebra, a zebra")
    await published(manager, symptom="The zebra", cause="An okapi")
    assert await counted() == [1, 2]
    await manager.post(f"{path}/revise", json={"symptom": "An okapi"})
    assert await counted() == [2, 1]
