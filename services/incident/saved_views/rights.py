"""Who may share a saved view with whom, and who may change it."""

from services.incident.saved_views.saved_view import SavedView, SavedViewSet
from shared.auth.caller import Caller
from shared.auth.roles import Role
from shared.errors import Forbidden


def require_may_share(said: SavedViewSet, caller: Caller, before: SavedView) -> None:
    """Nobody widens a view beyond their teams but a manager. Raises Forbidden."""
    wider = (said.everyone and not before.everyone) or set(said.roles) - set(before.roles)
    foreign = set(said.teams) - set(before.teams) - caller.teams
    if (wider or foreign) and not caller.has(Role.INCIDENT_MANAGER):
        raise Forbidden(
            "share it with teams you are in; with other teams, roles or everyone it needs the "
            "role incident_manager"
        )


def require_right(view: SavedView, caller: Caller) -> None:
    """Its owner changes it, or an incident manager. Raises Forbidden."""
    if (reason := why_not(view, caller)) is not None:
        raise Forbidden(reason)


def why_not(view: SavedView, caller: Caller) -> str | None:
    """The reason why this caller may not change it."""
    if view.owner == caller.id or caller.has(Role.INCIDENT_MANAGER):
        return None
    return f"the view is {view.owner}'s; save one of your own, or ask an incident manager"
