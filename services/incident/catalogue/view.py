"""How services, items and maintenance windows look to a caller, alone or in a list."""

from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from services.incident.catalogue.entry import Entry
from services.incident.catalogue.events import Criticality, Repeats
from services.incident.catalogue.known import Dependant, Present
from services.incident.catalogue.window import Window
from shared.aggregate import Folded
from shared.http.actions import Action
from shared.http.managed import Item, head_of


class DependencyKeys(msgspec.Struct, frozen=True):
    """What it rests on, by key."""

    services: tuple[str, ...]
    items: tuple[str, ...]


class ServiceItem(Item, kw_only=True):
    """A service of the catalogue."""

    key: str
    name: str
    description: str | None
    criticality: Criticality | None
    owning_team: str | None
    assignment_group: str | None
    dependencies: DependencyKeys
    retired: bool


class ServiceView(ServiceItem, kw_only=True):
    """A service alone. `actions` only where it was read, not in a command's answer."""

    actions: list[Action] | msgspec.UnsetType = msgspec.UNSET


class ConfigurationItem(ServiceItem, kw_only=True):
    """A configuration item of the catalogue."""

    type: str | None


class ConfigurationItemView(ConfigurationItem, kw_only=True):
    """A configuration item alone. `actions` only where it was read."""

    actions: list[Action] | msgspec.UnsetType = msgspec.UNSET


class WindowItem(Item, kw_only=True):
    """A maintenance window; `until` is the first moment after it."""

    reason: str
    services: tuple[str, ...]
    items: tuple[str, ...]
    starts_at: datetime = msgspec.field(name="from")
    ends_at: datetime = msgspec.field(name="until")
    time_zone: str
    repeats: Repeats | None
    retired: bool
    retired_at: datetime | None


class WindowView(WindowItem, kw_only=True):
    """A maintenance window alone. `actions` only where it was read."""

    actions: list[Action] | msgspec.UnsetType = msgspec.UNSET


class ServicePage(msgspec.Struct, kw_only=True):
    items: list[ServiceItem]
    next_cursor: str | None
    total_estimate: int | None
    position: int


class ConfigurationItemPage(msgspec.Struct, kw_only=True):
    items: list[ConfigurationItem]
    next_cursor: str | None
    total_estimate: int | None
    position: int


class WindowPage(msgspec.Struct, kw_only=True):
    items: list[WindowItem]
    next_cursor: str | None
    total_estimate: int | None
    position: int


class Neighbour(msgspec.Struct, frozen=True):
    """Another entry, and over how many steps at least; one nobody has added is not `known`."""

    kind: str
    key: str
    known: bool
    name: str | None = None
    criticality: Criticality | None = None
    owning_team: str | None = None
    steps: int = 1


class Impact(msgspec.Struct, frozen=True):
    """What depends on an entry, nearest first, and what it rests on itself."""

    key: str
    dependants: list[Neighbour]
    dependencies: list[Neighbour]


def service_view(folded: Folded[Entry]) -> ServiceView:
    """A service alone."""
    return ServiceView(**head_of(folded), **_said(folded.state, ServiceItem))


def item_view(folded: Folded[Entry]) -> ConfigurationItemView:
    """A configuration item alone."""
    return ConfigurationItemView(**head_of(folded), **_said(folded.state, ConfigurationItem))


def window_view(folded: Folded[Window]) -> WindowView:
    """A maintenance window alone."""
    said = folded.state.__struct_fields__
    fields = {name: getattr(folded.state, name) for name in said}
    retired = folded.state.retired_at is not None
    return WindowView(**head_of(folded), **fields, retired=retired)


def service_item(row: asyncpg.Record) -> ServiceItem:
    """A service of a list's row."""
    return msgspec.convert(_named(row), ServiceItem)


def configuration_item(row: asyncpg.Record) -> ConfigurationItem:
    """A configuration item of a list's row."""
    return msgspec.convert(_named(row), ConfigurationItem)


def window_item(row: asyncpg.Record) -> WindowItem:
    """A maintenance window of a list's row."""
    told = dict(row) | {"position": row["from_position"], "retired": row["retired_at"] is not None}
    return msgspec.convert(told | {"from": row["starts_at"], "until": row["ends_at"]}, WindowItem)


def impact(present: Present, entry: Entry, dependants: list[Dependant]) -> Impact:
    """An entry among its neighbours."""
    services = [_neighbour(present, "service", key) for key in entry.depends_on_services]
    items = [_neighbour(present, "item", key) for key in entry.depends_on_items]
    return Impact(entry.key, [_dependant(each) for each in dependants], services + items)


def _neighbour(present: Present, kind: str, key: str) -> Neighbour:
    found = present.service(key) if kind == "service" else present.item(key)
    if found is None:
        return Neighbour(kind, key, known=False)
    return Neighbour(kind, key, True, found.name, found.criticality, found.owning_team)


def _dependant(each: Dependant) -> Neighbour:
    e = each.entry
    return Neighbour(e.kind, e.key, True, e.name, e.criticality, e.owning_team, each.steps)


def _said(entry: Entry, kind: type[msgspec.Struct]) -> dict[str, Any]:
    known = set(kind.__struct_fields__)
    said = {n: getattr(entry, n) for n in entry.__struct_fields__ if n in known}
    return said | {
        "dependencies": DependencyKeys(entry.depends_on_services, entry.depends_on_items)
    }


def _named(row: asyncpg.Record) -> dict[str, Any]:
    upon = {"services": row["depends_on_services"], "items": row["depends_on_items"]}
    return dict(row) | {"position": row["from_position"], "dependencies": upon}
