"""The service and the configuration item: two kinds of entries of the catalogue, alike in shape."""

from collections.abc import Sequence
from typing import Any, assert_never
from uuid import NAMESPACE_URL, UUID, uuid5

from services.incident.catalogue.events import (
    Criticality,
    ItemEvent,
    ItemRetired,
    ItemSet,
    ServiceEvent,
    ServiceRetired,
    ServiceSet,
)
from shared.domain import State, changed
from shared.errors import Refused


class Entry(State, frozen=True):
    """A service or an item as its events tell it."""

    key: str = ""
    name: str = ""
    description: str | None = None
    type: str | None = None
    criticality: Criticality | None = None
    owning_team: str | None = None
    assignment_group: str | None = None
    depends_on_services: tuple[str, ...] = ()
    depends_on_items: tuple[str, ...] = ()
    retired: bool = False


def service_stream(key: str) -> UUID:
    """Where a service's events stand: of one key there is one."""
    return uuid5(NAMESPACE_URL, f"tocsin:catalogue:service:{key}")


def item_stream(key: str) -> UUID:
    """Where an item's events stand: of one key there is one."""
    return uuid5(NAMESPACE_URL, f"tocsin:catalogue:item:{key}")


def add_service(service: Entry, *, key: str, **said: Any) -> Sequence[ServiceEvent]:
    """A service of this key, new or one that is taken up again."""
    _require_free(service, "service")
    return [_service(key=key, **said)]


def change_service(service: Entry, *, key: str, **said: Any) -> Sequence[ServiceEvent]:
    """Say the whole service anew."""
    _require_same(service, key, "service")
    wanted = _service(key=key, **said)
    return [] if _as_set(wanted) == service else [wanted]


def retire_service(service: Entry) -> Sequence[ServiceEvent]:
    return [] if service.retired else [ServiceRetired(key=service.key)]


def add_item(item: Entry, *, key: str, **said: Any) -> Sequence[ItemEvent]:
    """An item of this key, new or one that is taken up again."""
    _require_free(item, "item")
    return [_item(key=key, **said)]


def change_item(item: Entry, *, key: str, **said: Any) -> Sequence[ItemEvent]:
    """Say the whole item anew."""
    _require_same(item, key, "item")
    wanted = _item(key=key, **said)
    return [] if _as_set(wanted) == item else [wanted]


def retire_item(item: Entry) -> Sequence[ItemEvent]:
    return [] if item.retired else [ItemRetired(key=item.key)]


def evolve_service(service: Entry, event: ServiceEvent) -> Entry:
    """Never refuses: this has already happened, whatever today's rules say."""
    match event:
        case ServiceSet():
            return _as_set(event)
        case ServiceRetired():
            return changed(service, retired=True)
        case _:
            assert_never(event)


def evolve_item(item: Entry, event: ItemEvent) -> Entry:
    """Never refuses: this has already happened, whatever today's rules say."""
    match event:
        case ItemSet():
            return _as_set(event)
        case ItemRetired():
            return changed(item, retired=True)
        case _:
            assert_never(event)


def _service(*, key: str, depends_on_services: Sequence[str] = (), **said: Any) -> ServiceSet:
    _require_others(key, depends_on_services, "service")
    return ServiceSet(key=key, depends_on_services=tuple(depends_on_services), **said)


def _item(*, key: str, depends_on_items: Sequence[str] = (), **said: Any) -> ItemSet:
    _require_others(key, depends_on_items, "item")
    return ItemSet(key=key, depends_on_items=tuple(depends_on_items), **said)


def _require_free(entry: Entry, what: str) -> None:
    if entry.key and not entry.retired:
        raise Refused(f"there is a {what} {entry.key} already; change that one")


def _require_same(entry: Entry, key: str, what: str) -> None:
    if entry.retired:
        raise Refused(f"the {what} is retired; add it again to take it up")
    if entry.key != key:
        raise Refused(f"the {what} is {entry.key}; its key stays, add {key} beside it")


def _require_others(key: str, depends_on: Sequence[str], what: str) -> None:
    if key in depends_on:
        raise Refused(f"the {what} {key} cannot depend on itself")


def _as_set(event: ServiceSet | ItemSet) -> Entry:
    return Entry(**event.fields())
