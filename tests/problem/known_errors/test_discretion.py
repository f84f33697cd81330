"""A known error that is kept from somebody is named to them in no reason and no refusal."""

from typing import Any

from shared.client import AsyncClient
from tests.problem.conftest import Feed

KNOWN = {"title": "VPN drops", "symptom": "The tunnel is cut", "workaround": "Dial again"}


async def post(client: AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def published(manager: AsyncClient, **said: Any) -> dict[str, Any]:
    made = await post(manager, "/v1/known-errors", **(KNOWN | said))
    return await post(manager, f"/v1/known-errors/{made['id']}/publish")


async def test_who_has_taken_its_place_is_not_told(manager: AsyncClient, feed: Feed) -> None:
    fact = feed.declared()
    await feed.hear(fact)
    secret = await post(manager, "/v1/problems", incidents=[str(fact.subject)])
    old, hidden = await published(manager), await published(manager, problem=secret["id"])
    path = f"/v1/known-errors/{old['id']}"
    await post(manager, f"{path}/supersede", by=hidden["id"])
    told = f"{hidden['number']} has taken its place; use that one"
    assert {each["reason"] for each in (await manager.get(path)).json()["actions"]} == {told}
    await feed.keep_to_ada(fact.subject)
    other = "another known error has taken its place; use that one"
    assert {each["reason"] for each in (await manager.get(path)).json()["actions"]} == {other}
    for command, body in (
        ("retire", {"reason": "Gone"}),
        ("revise", {"title": "VPN"}),
        ("supersede", {"by": (await published(manager))["id"]}),
    ):
        answer = await manager.post(f"{path}/{command}", json=body)
        assert (answer.status_code, answer.json()["detail"]) == (409, other)


async def test_what_a_problem_waits_for_is_not_told(manager: AsyncClient, feed: Feed) -> None:
    fact = feed.declared()
    await feed.hear(fact)
    secret = await post(manager, "/v1/problems", incidents=[str(fact.subject)])
    problem = await post(manager, "/v1/problems", title="VPN drops")
    path = f"/v1/problems/{problem['id']}"
    hidden = await published(manager, problem=secret["id"])
    await post(manager, f"/v1/problems/{secret['id']}/mark-duplicate", of=problem["id"])
    await post(manager, f"{path}/assess", category="vpn", impact=1, urgency=2, owner="paul")
    await post(manager, f"{path}/confirm")
    await post(manager, f"{path}/record-root-cause", cause="A key", evidence=["dump"])
    await post(manager, f"{path}/plan-fix", fix="Renew", target_date="2026-12-01")
    await post(manager, f"{path}/resolve", summary="Renewed")
    ending = "is published; retire it, or mark it as fixed"
    assert await unmet(manager, path) == f"the known error {hidden['number']} {ending}"
    await feed.keep_to_ada(fact.subject)
    assert await unmet(manager, path) == f"another known error {ending}"


async def unmet(manager: AsyncClient, problem: str) -> str:
    answer = await manager.post(f"{problem}/close", json={"lessons_learned": "Watch the keys"})
    assert answer.status_code == 409, answer.text
    (left,) = answer.json()["unmet"]
    found: str = left["detail"]
    return found
