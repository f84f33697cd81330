"""What can happen to the catalogue. These names and fields are stored for ever.

A default is only ever "not stated"; it is not stored. Nothing here is about a person: keys, names
of services and the reasons of maintenance are plain.
"""

from datetime import datetime
from enum import StrEnum

from shared.domain import Event, State, event


class Criticality(StrEnum):
    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Every(StrEnum):
    DAY = "day"
    WEEK = "week"


class Repeats(State, frozen=True):
    """Again every so many days or weeks, at the same time of the clock on the wall."""

    every: Every
    interval: int = 1
    until: datetime | None = None  # no repetition begins at or after it


class EntrySet(Event, frozen=True):
    """What a service or an item says from now on, as a whole."""

    key: str
    name: str
    description: str | None = None
    type: str | None = None
    criticality: Criticality | None = None
    owning_team: str | None = None
    assignment_group: str | None = None
    depends_on_services: tuple[str, ...] = ()
    depends_on_items: tuple[str, ...] = ()


@event("catalogue.service_set")
class ServiceSet(EntrySet, frozen=True):
    pass


@event("catalogue.service_retired")
class ServiceRetired(Event, frozen=True):
    key: str


@event("catalogue.item_set")
class ItemSet(EntrySet, frozen=True):
    pass


@event("catalogue.item_retired")
class ItemRetired(Event, frozen=True):
    key: str


@event("catalogue.maintenance_set")
class MaintenanceSet(Event, frozen=True):
    """What a window says from now on, as a whole, of its past repetitions too."""

    reason: str
    starts_at: datetime
    ends_at: datetime
    services: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    time_zone: str = "UTC"
    repeats: Repeats | None = None


@event("catalogue.maintenance_retired")
class MaintenanceRetired(Event, frozen=True):
    """It ends; what of it has passed by then has been."""

    at: datetime


ServiceEvent = ServiceSet | ServiceRetired
ItemEvent = ItemSet | ItemRetired
MaintenanceEvent = MaintenanceSet | MaintenanceRetired
CatalogueEvent = ServiceEvent | ItemEvent | MaintenanceEvent
