"""What others are told of the catalogue, so that they keep copies of their own."""

from datetime import datetime

import msgspec

from services.incident.catalogue import events as e
from shared.feed import Published


class EntryTold(msgspec.Struct, frozen=True):
    """What a service or an item says from now on, as a whole."""

    key: str
    name: str
    type: str | None
    criticality: str | None
    owning_team: str | None
    assignment_group: str | None
    depends_on_services: tuple[str, ...]
    depends_on_items: tuple[str, ...]


class EntryRetired(msgspec.Struct, frozen=True):
    key: str


class WindowTold(msgspec.Struct, frozen=True):
    """What a maintenance window says from now on, as a whole."""

    services: tuple[str, ...]
    items: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    repeats: e.Repeats | None


class WindowRetired(msgspec.Struct, frozen=True):
    at: datetime


def _entry(said: e.EntrySet) -> EntryTold:
    return EntryTold(**said.fields(*EntryTold.__struct_fields__))


def _window(said: e.MaintenanceSet) -> WindowTold:
    return WindowTold(**said.fields(*WindowTold.__struct_fields__))


CATALOGUE_PUBLISHED: Published = {
    e.ServiceSet: _entry,
    e.ServiceRetired: lambda h: EntryRetired(h.key),
    e.ItemSet: _entry,
    e.ItemRetired: lambda h: EntryRetired(h.key),
    e.MaintenanceSet: _window,
    e.MaintenanceRetired: lambda h: WindowRetired(h.at),
}
