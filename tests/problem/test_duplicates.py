"""Duplicates over HTTP: what they had moves, and no circle comes about, however they are marked."""

import asyncio

from shared.client import AsyncClient
from tests.problem.conftest import Feed


async def raised(client: AsyncClient, title: str) -> str:
    return str((await client.post("/v1/problems", json={"title": title})).json()["id"])


async def test_everything_moves_and_nothing_is_left_behind(
    manager: AsyncClient, feed: Feed
) -> None:
    incident = feed.declared(service="duplicated")
    await feed.hear(incident)
    first, second = await raised(manager, "First"), await raised(manager, "Second")
    path = f"/v1/problems/{second}"
    await manager.post(f"{path}/link-incident", json={"incident": str(incident.subject)})
    task = {"title": "Ask", "assigned_to": "ada", "due": "2099-01-01"}
    await manager.post(f"{path}/add-task", json=task)
    for text in ("Restart", "Restart twice"):
        await manager.post(f"{path}/draft-workaround", json={"text": text})
        if text == "Restart":
            await manager.post(f"{path}/publish-workaround")
    left = (await manager.post(f"{path}/mark-duplicate", json={"of": first})).json()
    taken = (await manager.get(f"/v1/problems/{first}")).json()
    assert (left["status"], left["duplicate_of"]) == ("duplicate", first)
    assert (left["incidents"], left["tasks"], left["workaround"]) == ([], [], "withdrawn")
    assert taken["incidents"] == [str(incident.subject)]
    assert [(t["title"], t["assigned_to"], t["due"]) for t in taken["tasks"]] == [
        ("Ask", "ada", "2099-01-01")
    ]
    texts = taken["workaround_texts"]
    assert (texts["published"], texts["draft"]) == ("Restart", "Restart twice")
    before = (await manager.get(path, params={"as_of": left["position"] - 1})).json()
    assert before["incidents"] == [str(incident.subject)]


async def test_a_problem_is_no_duplicate_of_its_duplicate(manager: AsyncClient) -> None:
    first, second = await raised(manager, "First"), await raised(manager, "Second")
    await manager.post(f"/v1/problems/{second}/mark-duplicate", json={"of": first})
    circle = await manager.post(f"/v1/problems/{first}/mark-duplicate", json={"of": second})
    itself = await manager.post(f"/v1/problems/{first}/mark-duplicate", json={"of": first})
    assert (circle.status_code, itself.status_code) == (409, 409)
    assert "is a duplicate of another; work on that one" in circle.json()["detail"]


async def test_two_that_are_marked_as_each_others_at_once_make_no_circle(
    manager: AsyncClient,
) -> None:
    for _ in range(5):
        one, other = await raised(manager, "One"), await raised(manager, "Other")
        answers = await asyncio.gather(
            manager.post(f"/v1/problems/{one}/mark-duplicate", json={"of": other}),
            manager.post(f"/v1/problems/{other}/mark-duplicate", json={"of": one}),
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]
