"""The maintenance window: when which services and items are worked on as planned."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, assert_never

from services.incident.catalogue.events import (
    MaintenanceEvent,
    MaintenanceRetired,
    MaintenanceSet,
    Repeats,
)
from shared.domain import State, changed
from shared.errors import Refused


class Window(State, frozen=True):
    """A maintenance window as its events tell it; `starts_at` and `ends_at` are of its first time.

    It begins at `starts_at` and is over at `ends_at`: that moment is not part of it.
    """

    reason: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    services: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    time_zone: str = "UTC"
    repeats: Repeats | None = None
    retired_at: datetime | None = None


def put(window: Window, /, **said: Any) -> Sequence[MaintenanceEvent]:
    """Say the whole window, new or changed: what it says is true of its past as well."""
    if window.retired_at is not None:
        raise Refused("the maintenance window is retired; add a new one")
    wanted = MaintenanceSet(**said)
    return [] if _as_set(wanted) == window else [wanted]


def retire(window: Window, *, at: datetime) -> Sequence[MaintenanceEvent]:
    """End it now: it neither goes on nor repeats."""
    return [] if window.retired_at is not None else [MaintenanceRetired(at=at)]


def evolve(window: Window, event: MaintenanceEvent) -> Window:
    """Never refuses: this has already happened, whatever today's rules say."""
    match event:
        case MaintenanceSet():
            return _as_set(event)
        case MaintenanceRetired(at=at):
            return changed(window, retired_at=at)
        case _:
            assert_never(event)


def _as_set(event: MaintenanceSet) -> Window:
    return Window(**event.fields())
