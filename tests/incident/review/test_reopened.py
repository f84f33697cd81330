"""A review that is reopened, and its incident that waits to be closed."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.incident.review.story import Story, told
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started

FINAL = {"status": "Back", "impact": "None", "action": "Watching", "final": True}


@pytest.fixture(scope="module")
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("incident", databases) as running:
        yield running


async def ready_to_be_closed(service: RunningService) -> Story:
    """A resolved major incident: all were told, its review is completed."""
    story = await told(service)
    await story.give("post-update", story.manager, **FINAL)
    await story.completed()
    return story


def unmet(refused: dict[str, Any]) -> list[str]:
    return [each["condition"] for each in refused["unmet"]]


async def test_a_review_that_was_reopened_keeps_its_incident_from_being_closed(
    service: RunningService,
) -> None:
    story = await ready_to_be_closed(service)
    await story.give("review/reopen", story.manager, reason="The vendor explains it")
    waived = {"waive_problem": "A supplier"}
    assert unmet(await story.refused("close", story.manager, **waived)) == ["review"]
    shown = (await story.responder.get(story.path)).json()["major_incident"]
    assert [each["condition"] for each in shown["unmet"]] == ["review", "problem"]
    done = await story.completed()
    assert done["revision"] == 2
    closed = await story.give("close", story.manager, **waived)
    await story.give("review/reopen", story.manager, reason="Once more")
    after = (await story.responder.get(story.path)).json()
    assert (after["status"], after["version"]) == ("closed", closed["version"])
    assert (await story.review())["revision"] == 3


async def test_a_closing_and_a_reopening_of_its_review_do_not_pass_each_other(
    service: RunningService,
) -> None:
    story = await ready_to_be_closed(service)
    closing, _ = await asyncio.gather(
        story.manager.post(f"{story.path}/close", json={"waive_problem": "A supplier"}),
        story.give("review/reopen", story.manager, reason="More is known"),
    )
    timeline = (await story.responder.get(f"{story.path}/timeline?limit=200")).json()["items"]
    kinds = {each["kind"] for each in timeline}
    assert (closing.status_code == 200) == ("incident.closed" in kinds)
    assert ("incident.closed" in kinds) != ("incident.review_reopened" in kinds)
