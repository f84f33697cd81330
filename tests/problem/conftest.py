"""A running problem service, its callers, and facts as the incident service would tell them."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID

import msgspec
import pytest

from services.problem.policies import from_incidents
from services.problem.problems import Problems
from services.problem.trends.hearing import sightings
from shared.auth.roles import Role
from shared.client import AsyncClient
from shared.clock import new_id
from shared.followed_restrictions import FollowedRestrictions, both
from shared.follower import Fact, Reaction
from shared.work import Work
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started

_POSITIONS = count(1)
_KEEP = """insert into restrictions values ($1, true, '["person:ada"]', '[]')
    on conflict (id) do update set restricted = true, named = excluded.named"""
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
async def problem_service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("problem", databases) as running:
        yield running


@dataclass
class Feed:
    """What the incident service tells; a batch is one append, as the follower makes it."""

    problems: Problems
    told: list[Fact] = field(default_factory=list)
    reactions: Mapping[str, Reaction] = field(init=False)

    def __post_init__(self) -> None:
        restrictions = FollowedRestrictions(self.problems.store, "incident").reactions()
        own = from_incidents(self.problems), sightings(self.problems)
        self.reactions = both(restrictions, *own)

    def fact(self, name: str, subject: UUID | None = None, /, **data: Any) -> Fact:
        fact = Fact(
            id=new_id(),
            type=f"tocsin.{name}.v1",
            subject=subject or new_id(),
            time=NOON,
            position=next(_POSITIONS),
            actor="rita",
            correlation_id=new_id(),
            data=msgspec.Raw(msgspec.json.encode(data)),
        )
        self.told.append(fact)
        return fact

    def declared(self, **data: Any) -> Fact:
        stated = {
            "reporter": "rita",
            "title": "Checkout is slow",
            "service": "checkout",
            "category": "database",
        }
        number = f"INC-{new_id().int % 10**12}"
        return self.fact("incident.declared", **(stated | {"number": number} | data))

    async def keep_to_ada(self, incident: UUID) -> None:
        """As the incident service would tell it of a restriction."""
        await self.problems.store.pool.execute(_KEEP, incident)

    async def react(self, fact: Fact, work: Work) -> None:
        work.caused_by(fact.id, fact.correlation_id)
        await self.reactions[fact.type](fact, work)

    async def hear(self, *facts: Fact) -> None:
        work = Work(self.problems.store, "system:problem-follows-incident")
        for fact in facts:
            await self.react(fact, work)
        assert (await work.append()).outcome == "appended"


@pytest.fixture
def feed(problem_service: RunningService) -> Feed:
    return Feed(problem_service.service.parts["problems"])


@pytest.fixture
async def manager(problem_service: RunningService) -> AsyncIterator[AsyncClient]:
    async with problem_service.client(Role.PROBLEM_MANAGER) as client:
        yield client


@pytest.fixture
async def responder(problem_service: RunningService) -> AsyncIterator[AsyncClient]:
    async with problem_service.client(Role.RESPONDER) as client:
        yield client
