"""What is known of the catalogue, of teams and of people, kept in the process; questions to it.

It is brought up to date by what has changed behind the position it knows, at most once a second
and after each change of this process: so a question costs nothing.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

import msgspec

from services.incident.catalogue.events import Criticality
from services.incident.catalogue.maintenance import covers
from services.incident.catalogue.window import Window

Kind = Literal["service", "item"]
Named = Literal["team", "person"]


class Known(msgspec.Struct, frozen=True):
    """A service or an item, as far as others ask for it."""

    kind: Kind
    key: str
    name: str
    criticality: Criticality | None
    owning_team: str | None
    assignment_group: str | None
    depends_on_services: tuple[str, ...]
    depends_on_items: tuple[str, ...]
    retired: bool


class Planned(NamedTuple):
    """A maintenance window and which version of it said so."""

    id: UUID
    version: int
    window: Window


class Dependant(NamedTuple):
    """What depends on something, and over how many steps at least."""

    entry: Known
    steps: int


class Present:
    """The catalogue as this process knows it."""

    def __init__(self) -> None:
        self._entries: dict[tuple[Kind, str], Known] = {}
        self._windows: dict[UUID, Planned] = {}
        self._named: dict[UUID, tuple[str, str]] = {}
        self._names: Counter[tuple[str, str]] = Counter()
        self._concerned: dict[tuple[Kind, str], list[Planned]] | None = None
        self._dependants: dict[tuple[Kind, str], list[Known]] | None = None

    def service(self, key: str | None) -> Known | None:
        """The service of this key; None where the catalogue has none."""
        return None if key is None else self._entries.get(("service", key))

    def item(self, key: str | None) -> Known | None:
        """The configuration item of this key; None where the catalogue has none."""
        return None if key is None else self._entries.get(("item", key))

    def names(self, kind: Named, key: str) -> bool:
        """Whether the notification service knows a team or a person of this key."""
        return self._names[kind, key] > 0

    def criticality(self, service: str | None) -> Criticality | None:
        """How critical a service is; None where nobody has said."""
        found = self.service(service)
        return found.criticality if found else None

    def maintenance(
        self, at: datetime, *, service: str | None = None, item: str | None = None
    ) -> Planned | None:
        """The window that this service or this item is in at that time; None where none is on."""
        concerned = self.windows_of("service", service) + self.windows_of("item", item)
        return next((planned for planned in concerned if covers(planned.window, at)), None)

    def windows_of(self, kind: Kind, key: str | None) -> list[Planned]:
        """The windows that name it, the retired ones too: what has passed of them has been."""
        if self._concerned is None:
            self._concerned = {}
            for planned in self._windows.values():
                for place in _names_of(planned.window):
                    self._concerned.setdefault(place, []).append(planned)
        return [] if key is None else self._concerned.get((kind, key), [])

    def dependants(self, kind: Kind, key: str) -> list[Dependant]:
        """What depends on it, directly or by others, nearest first; a circle is walked once."""
        seen, found, ring = {(kind, key)}, list[Dependant](), [(kind, key)]
        steps = 0
        while ring:
            steps += 1
            next_ring = []
            for each in (d for place in ring for d in self._upon().get(place, ())):
                place = (each.kind, each.key)
                if place not in seen:
                    seen.add(place)
                    next_ring.append(place)
                    found.append(Dependant(each, steps))
            ring = next_ring
        return found

    def take_entries(self, rows: Iterable[Any]) -> None:
        """Entries that have changed."""
        for row in rows:
            known = msgspec.convert(dict(row), Known)
            self._entries[known.kind, known.key] = known
            self._dependants = None

    def take_windows(self, rows: Iterable[Any]) -> None:
        """Windows that have changed."""
        for row in rows:
            told = dict(row)
            window = msgspec.convert(told, Window)
            self._windows[told["id"]] = Planned(told["id"], told["version"], window)
            self._concerned = None

    def take_named(self, rows: Iterable[Any]) -> None:
        """Facts about teams and people, oldest first."""
        for row in rows:
            if (before := self._named.pop(row["subject"], None)) is not None:
                self._names[before] -= 1
            if row["key"] is not None:
                self._named[row["subject"]] = (row["kind"], row["key"])
                self._names[row["kind"], row["key"]] += 1

    def _upon(self) -> dict[tuple[Kind, str], list[Known]]:
        if self._dependants is None:
            self._dependants = {}
            for each in sorted(self._entries.values(), key=lambda e: (e.kind, e.key)):
                for place in _rests_on(each):
                    self._dependants.setdefault(place, []).append(each)
        return self._dependants


def _rests_on(entry: Known) -> list[tuple[Kind, str]]:
    if entry.retired:
        return []
    services: list[tuple[Kind, str]] = [("service", key) for key in entry.depends_on_services]
    return services + [("item", key) for key in entry.depends_on_items]


def _names_of(window: Window) -> list[tuple[Kind, str]]:
    services: list[tuple[Kind, str]] = [("service", key) for key in window.services]
    return services + [("item", key) for key in window.items]
