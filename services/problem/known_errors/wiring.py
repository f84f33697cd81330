"""What the problem service's composition root takes of known errors."""

from collections.abc import Coroutine
from typing import Any

from services.problem.known_errors import lists, routes, search_routes, thesaurus, use_routes
from services.problem.known_errors.ledger import KNOWN_ERROR, KnownErrors
from services.problem.known_errors.meaning import Meanings, embedder_of
from services.problem.known_errors.offers import OFFERS
from shared.aggregate import by_topic
from shared.auth.roles import Role
from shared.http.policies import policy_routes

ROUTERS = (
    lists.router,
    search_routes.router,
    routes.router,
    use_routes.router,
    policy_routes("problem", thesaurus.POLICY, thesaurus.built_in(), managers=Role.PROBLEM_MANAGER),
)


async def by_meaning(
    known_errors: KnownErrors, embedder: str | None
) -> list[Coroutine[Any, Any, None]]:
    """What runs beside where an embedder is installed. Raises RuntimeError without pgvector."""
    if embedder is None:
        return []
    meanings = Meanings(known_errors, embedder_of(embedder))
    await meanings.require_installed()
    known_errors.near = meanings.near
    return [meanings.run()]


AGGREGATES = by_topic(KNOWN_ERROR, OFFERS)
