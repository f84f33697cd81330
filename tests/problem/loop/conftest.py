"""Facts of incidents, heard by everybody in the problem service who listens."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from services.problem.loop import wiring as loop
from services.problem.policies import from_incidents
from shared.client import AsyncClient
from shared.clock import now
from shared.followed_restrictions import FollowedRestrictions, both
from shared.follower import Fact, Reaction
from shared.work import Work
from tests.problem.conftest import Feed
from tests.support.service import RunningService


class LoopFeed(Feed):
    """What the incident service tells, to all that the problem service makes of it."""

    async def hear(self, *facts: Fact) -> None:
        restrictions = FollowedRestrictions(self.problems.store, "incident").reactions()
        reactions = both(
            restrictions, from_incidents(self.problems), *loop.reactions(self.problems)
        )
        work = Work(self.problems.store, "system:problem-follows-incident")
        for fact in facts:
            work.caused_by(fact.id, fact.correlation_id)
            reaction: Reaction = reactions[fact.type]
            await reaction(fact, work)
        assert (await work.append()).outcome == "appended"

    def happened(self, at: datetime | None = None, /, **data: Any) -> Fact:
        """An incident that began then, which is now unless it is said."""
        return self.declared(reporter="rita", started_at=(at or now()).isoformat(), **data)


@pytest.fixture
def told(problem_service: RunningService) -> LoopFeed:
    return LoopFeed(problem_service.service.parts["problems"])


class Manager:
    """Takes problems through their life, over HTTP."""

    def __init__(self, client: AsyncClient) -> None:
        self.client = client

    async def post(self, path: str, **body: Any) -> dict[str, Any]:
        answer = await self.client.post(f"/v1/problems{path}", json=body)
        assert answer.is_success, f"{path}: {answer.text}"
        found: dict[str, Any] = answer.json()
        return found

    async def raised(self, *incidents: UUID, **more: Any) -> str:
        named = [str(each) for each in incidents]
        problem: str = (await self.post("", title="Pools", incidents=named, **more))["id"]
        return problem

    async def walk(self, problem: str, *commands: str) -> str:
        for command in commands:
            await self.post(f"/{problem}/{command}", **BODIES.get(command, {}))
        return problem

    async def read(self, problem: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.client.get(f"/v1/problems/{problem}")).json()
        return found

    async def titles(self, problem: str) -> list[str]:
        answer = await self.client.get(f"/v1/problems/{problem}/timeline")
        return [entry["title"] for entry in answer.json()["items"]]


TO_FIX = ("assess", "confirm", "record-root-cause", "plan-fix")
TO_CLOSED = (*TO_FIX, "resolve", "close")
BODIES: dict[str, dict[str, Any]] = {
    "assess": {"category": "database", "impact": 1, "urgency": 2, "owner": "paul"},
    "record-root-cause": {"cause": "Pool", "evidence": ["dump"]},
    "plan-fix": {"fix": "Bigger", "target_date": "2026-12-01"},
    "resolve": {"summary": "The pool is bigger"},
    "close": {"lessons_learned": "Size pools by their callers"},
    "accept-risk": {"reason": "Dear", "approver": "chief", "review_date": "2099-03-01"},
    "cancel": {"reason": "A test"},
    "reanalyse": {"reason": "It came back"},
    "draft-workaround": {"text": "Restart it"},
}


@pytest.fixture
def paul(manager: AsyncClient) -> Manager:
    return Manager(manager)
