"""What the problem service's composition root takes of known errors."""

from typing import Any, get_args

from services.problem.known_errors import lists, routes, search_routes, thesaurus, use_routes
from services.problem.known_errors.events import KnownErrorEvent
from services.problem.known_errors.ledger import KNOWN_ERROR
from services.problem.known_errors.offers import OFFERS, OfferEvent
from shared.aggregate import Aggregate
from shared.auth.roles import Role
from shared.http.policies import policy_routes

ROUTERS = (
    lists.router,
    search_routes.router,
    routes.router,
    use_routes.router,
    policy_routes("problem", thesaurus.POLICY, thesaurus.built_in(), managers=Role.PROBLEM_MANAGER),
)

AGGREGATES: dict[str, Aggregate[Any, Any]] = {
    **{kind.topic: KNOWN_ERROR for kind in get_args(KnownErrorEvent)},
    **{kind.topic: OFFERS for kind in get_args(OfferEvent)},
}
