"""What a request asks for: its own filters, narrowing those of a saved view."""

from typing import Annotated, NamedTuple

from fastapi import Depends
from pydantic import ValidationError

from services.incident.lists import words
from services.incident.lists.conditions import (
    INCIDENTS,
    by_filter,
    conditions,
)
from services.incident.lists.filters import FilteredQuery, IncidentFilters
from services.incident.lists.orders import RANK
from services.incident.rules import READERS
from services.incident.saved_views.saved_view import SavedView
from services.incident.saved_views.saved_views import saved_views_of
from services.incident.view import AppliedView
from shared.aggregate import Folded
from shared.auth.caller import Caller
from shared.auth.roles import Role
from shared.errors import Invalid, Refused
from shared.http.asked import Asked, allowed
from shared.http.conditions import search_of
from shared.http.orders import by_relevance
from shared.listing import Condition, Sort

ByReader = Annotated[Asked, Depends(allowed(*READERS, Role.REPORTER))]


class Wanted(NamedTuple):
    """Conditions by filter, those of the view, and what the view says beside them."""

    own: dict[str, list[Condition]]
    of_view: list[Condition]
    sort: str | None
    q: str | None
    view: AppliedView | None

    @property
    def conditions(self) -> list[Condition]:
        """All of them."""
        return [*flat(self.own), *self.of_view]

    def order(self, asked_for: str | None) -> str | Sort:
        """The order asked for, else the view's, else the newest change first. Raises Invalid."""
        name = asked_for or self.sort or "-updated_at"
        if name != "relevance":
            return name
        if self.q is None:
            raise Invalid(("query:sort", "relevance needs q: there is nothing to be relevant to"))
        return by_relevance(RANK, search_of(self.q), INCIDENTS.number(self.q))


def flat(by_name: dict[str, list[Condition]]) -> list[Condition]:
    """All conditions of these filters."""
    return [each for found in by_name.values() for each in found]


async def wanted(asked: Asked, query: FilteredQuery) -> Wanted:
    """All that a query asks. Raises Invalid, and for its view NotFound, Refused."""
    own = by_filter(query, asked.caller)
    if query.q is not None:
        own["q"] = await words.instead(asked.service.store.pool, query.q, own["q"])
    if query.view is None:
        return Wanted(own, [], None, query.q, None)
    view = await saved_views_of(asked.service).usable(query.view, asked.caller)
    filters = filters_of(view)
    q = query.q or filters.q
    if query.as_of is not None and q is not None:
        raise Invalid(("query:as_of", "cannot be combined with q, which this view has"))
    of_view = by_filter(filters, asked.caller)
    if filters.q is not None:
        of_view["q"] = await words.instead(asked.service.store.pool, filters.q, of_view["q"])
    applied = AppliedView(view.stream, view.version)
    return Wanted(own, flat(of_view), view.state.sort, q, applied)


def filters_of(view: Folded[SavedView]) -> IncidentFilters:
    """A view's filters, as they are understood now. Raises Refused."""
    try:
        return IncidentFilters.model_validate(view.state.filters)
    except ValidationError:
        raise Refused("this view's filters are no longer understood; save it anew") from None


def meant_by(view: Folded[SavedView], caller: Caller) -> list[Condition]:
    """A view's filters as this caller means them. Raises Refused."""
    return conditions(filters_of(view), caller)
