"""What the problem service's composition root takes of known errors."""

from typing import Any, get_args

from services.problem.known_errors import lists, routes, use_routes
from services.problem.known_errors.events import KnownErrorEvent
from services.problem.known_errors.ledger import KNOWN_ERROR
from services.problem.known_errors.offers import OFFERS, OfferEvent
from shared.aggregate import Aggregate

ROUTERS = (lists.router, routes.router, use_routes.router)

AGGREGATES: dict[str, Aggregate[Any, Any]] = {
    **{kind.topic: KNOWN_ERROR for kind in get_args(KnownErrorEvent)},
    **{kind.topic: OFFERS for kind in get_args(OfferEvent)},
}
