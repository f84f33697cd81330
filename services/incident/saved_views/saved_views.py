"""The saved views of this service: their ledger, and which of them a caller may use."""

from uuid import UUID

from services.incident.saved_views.saved_view import (
    SAVED_VIEW,
    SavedView,
    SavedViewEvent,
)
from shared.aggregate import Folded
from shared.auth.caller import Caller
from shared.errors import NotFound, Refused
from shared.http.service import Service
from shared.ledger import Ledger
from shared.store.store import Store

SAVED = "saved_views"
"""Among a service's parts, its `SavedViews`."""
MOST = 1_000

_KEPT = "select count(*) from saved_views where owner = $1 and to_position is null and not retired"


class SavedViews(Ledger[SavedView, SavedViewEvent]):
    """Views by their ids."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, SAVED_VIEW)

    async def known(self, view: UUID, caller: Caller) -> Folded[SavedView]:
        """A view this caller may know of, retired or not. Raises NotFound."""
        return require_known(await self.current(view), caller)

    async def usable(self, view: UUID, caller: Caller) -> Folded[SavedView]:
        """A view to be applied. Raises NotFound, Refused."""
        found = await self.known(view, caller)
        if found.state.retired:
            raise Refused(f"the view {found.state.name} is retired; choose another one")
        return found

    async def require_room(self, owner: str) -> None:
        """Raises Refused where somebody keeps as many as anybody may."""
        if await self.store.pool.fetchval(_KEPT, owner) >= MOST:
            raise Refused(f"you keep {MOST} views already; retire some first")


def require_known(found: Folded[SavedView], caller: Caller) -> Folded[SavedView]:
    """The view, if the caller may know of it. Raises NotFound."""
    if not found.state.admits(caller):
        raise NotFound("there is no such view")
    return found


def saved_views_of(service: Service) -> SavedViews:
    """The views of this service."""
    views: SavedViews = service.parts[SAVED]
    return views
