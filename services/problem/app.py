"""Composition root of the problem service."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from services.problem import (
    candidate_history_routes,
    candidate_routes,
    duplicate_routes,
    history_routes,
    investigation_routes,
    routes,
)
from services.problem.analyses import reading_routes as analysis_reading
from services.problem.analyses import routes as analysis_routes
from services.problem.backfill import routes as backfill_routes
from services.problem.knowledge import routes as knowledge_routes
from services.problem.known_errors import ledger as known_error_ledger
from services.problem.known_errors import wiring as known_errors
from services.problem.known_errors.published import KNOWN_ERRORS_PUBLISHED
from services.problem.known_errors.suggesting import SUGGEST, Suggesting
from services.problem.known_errors.tables import KNOWN_ERROR_TABLES
from services.problem.lists import facet_routes
from services.problem.lists import routes as lists
from services.problem.loop import wiring as loop
from services.problem.loop.published import LOOP_PUBLISHED
from services.problem.metrics import routes as metric_routes
from services.problem.policies import from_incidents, timers
from services.problem.problems import CANDIDATE, FACTS, PROBLEM, Problems
from services.problem.published import PUBLISHED
from services.problem.tables import OWN_TABLES, TABLES
from services.problem.trends import routes as trend_routes
from services.problem.trends.bodies import BUILT_IN
from services.problem.trends.hearing import sightings
from services.problem.trends.rules import POLICY
from shared.aggregate import by_topic
from shared.auth.followed_keys import followed_keys
from shared.auth.open import KNOWN_API_KEYS
from shared.auth.roles import Role
from shared.background import running
from shared.followed_restrictions import FollowedRestrictions, both
from shared.follower import Reaction
from shared.http.access_log import access_log_routes
from shared.http.app import Definition, build
from shared.http.feed import feed_routes
from shared.http.operations import operation_routes
from shared.http.policies import POLICIES, policy_routes
from shared.http.service import Service
from shared.http.streams import NUMBERED
from shared.rebuild import Replayed
from shared.restrictions import DERIVED
from shared.settings import Service as Name
from shared.settings import Settings
from shared.work_list import WORK_ITEMS, WORK_LISTS


@asynccontextmanager
async def _running(service: Service) -> AsyncIterator[None]:
    problems = Problems(service.store)
    known = known_error_ledger.KnownErrors(service.store)
    service.parts |= {"problems": problems, POLICIES: problems.policies}
    service.parts[known_error_ledger.KNOWN_ERRORS_PART] = known
    service.parts[NUMBERED] = {
        "PRB": problems.find,
        "KE": known.find,
        "INC": problems.incidents.find,
    }
    suggesting = Suggesting(problems, known)
    keys = followed_keys(service.authenticator.forget)
    restrictions = FollowedRestrictions(service.store, "incident").reactions()
    follows: dict[Name, Mapping[str, Reaction]] = {
        "incident": both(
            restrictions,
            from_incidents(problems),
            sightings(problems),
            *loop.reactions(problems),
            keys,
            suggesting.reactions(),
        )
    }
    rings = {**timers(problems), **known_error_ledger.timers(known)}
    steps = {SUGGEST: suggesting.step()}
    beside = await known_errors.by_meaning(known, service.settings.embedder)
    async with running(service, follows=follows, timers=rings, steps=steps, beside=beside):
        yield


_AGGREGATES = by_topic(PROBLEM, CANDIDATE, FACTS) | loop.AGGREGATES | known_errors.AGGREGATES

DEFINITION = Definition(
    name="problem",
    description="Problems behind incidents, from the first suspicion to the lessons learned.",
    migrations=Path(__file__).with_name("migrations"),
    routers=(
        metric_routes.router,
        facet_routes.router,
        lists.router,
        routes.router,
        duplicate_routes.router,
        backfill_routes.router,
        investigation_routes.router,
        analysis_routes.router,
        analysis_reading.router,
        history_routes.router,
        candidate_routes.router,
        candidate_history_routes.router,
        trend_routes.router,
        *known_errors.ROUTERS,
        *loop.ROUTERS,
        knowledge_routes.router,
        policy_routes("problem", POLICY, BUILT_IN, managers=Role.PROBLEM_MANAGER),
        access_log_routes("problem"),
        feed_routes("problem", {**PUBLISHED, **LOOP_PUBLISHED, **KNOWN_ERRORS_PUBLISHED}),
        operation_routes("problem"),
    ),
    tables=(*TABLES, *loop.TABLES, *KNOWN_ERROR_TABLES, KNOWN_API_KEYS, WORK_LISTS, WORK_ITEMS),
    running=_running,
    replayed=Replayed(_AGGREGATES, (*OWN_TABLES, DERIVED, *loop.TABLES, *KNOWN_ERROR_TABLES)),
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The problem service as an ASGI application."""
    return build(DEFINITION, settings)
