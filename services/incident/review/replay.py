"""An incident's facts, replayed from its events: each with the event that proves it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.incident import events as e
from services.incident.answers import PageAcknowledged
from services.incident.events import Milestone
from services.incident.incident import Incident, evolve
from services.incident.major import events as m
from services.incident.rules import ENDED
from shared.store.reader import Recorded

_SYSTEM = "system:"


class Proven(NamedTuple):
    """A moment, and the event that says so."""

    at: datetime
    event: UUID


class Stretch(NamedTuple):
    """It was in this status from the event that began it to the one that ended it, if any did."""

    status: str
    begins: Proven
    ends: Proven | None


class Duration(NamedTuple):
    """From one milestone to another; `name` is its metric's."""

    name: str
    begins: Proven
    ends: Proven

    @property
    def seconds(self) -> float:
        """How long that was; negative where the milestones contradict one another."""
        return (self.ends.at - self.begins.at).total_seconds()


class Impact(NamedTuple):
    """From when to when users felt it, and which milestones say so."""

    since: str
    begins: Proven
    until: str | None
    ends: Proven | None


class Part(NamedTuple):
    """Somebody took part as this; the event is the first that shows it."""

    person: str
    as_: str
    first: Proven


class Replayed(NamedTuple):
    """All that can be counted; what was said stands in the timeline."""

    incident: Incident
    milestones: dict[str, Proven]
    stretches: Sequence[Stretch]
    parts: Sequence[Part]
    pages_seen: Mapping[UUID, Sequence[str]]  # by request, who acknowledged its pages

    @property
    def durations(self) -> list[Duration]:
        """Those whose milestones are both known."""
        known = self.milestones | self._restored
        return [
            Duration(name, known[start], known[end])
            for name, start, end in _DURATIONS
            if start in known and end in known
        ]

    @property
    def impact(self) -> Impact | None:
        """From its start, or the earliest that is known, until it was mitigated, or resolved."""
        known = self.milestones
        since = next((name for name in ("started", "detected", "declared") if name in known), None)
        if since is None:
            return None
        until = next((name for name in ("mitigated", "resolved") if name in known), None)
        return Impact(since, known[since], until, None if until is None else known[until])

    @property
    def _restored(self) -> dict[str, Proven]:
        found = self.milestones.get("mitigated") or self.milestones.get("resolved")
        return {} if found is None else {"restored": found}


_DURATIONS = (
    ("time_to_detect", "started", "detected"),
    ("time_to_acknowledge", "detected", "acknowledged"),
    ("time_to_mitigate", "started", "mitigated"),
    ("time_to_restore", "started", "restored"),
    ("time_to_resolve", "started", "resolved"),
    ("time_to_repair", "acknowledged", "resolved"),
    ("time_to_close", "declared", "closed"),
)
"""As the metrics of these names have them."""


def replayed(own: Sequence[Recorded], all_of_it: Sequence[Recorded]) -> Replayed:
    """What follows from its own events, and of who took part from those beside and merged too."""
    walk = _Walk()
    for recorded in own:
        walk.take(recorded)
    parts, pages = list(_parts(all_of_it)), _pages_seen(all_of_it)
    return Replayed(walk.incident, walk.milestones, walk.stretches, parts, pages)


def _pages_seen(events: Iterable[Recorded]) -> dict[UUID, list[str]]:
    found: dict[UUID, dict[str, None]] = {}
    for recorded in events:
        event = recorded.event
        if isinstance(event, PageAcknowledged) and event.matter is not None:
            found.setdefault(event.matter, {})[event.by] = None
    return {matter: list(people) for matter, people in found.items()}


class _Walk:
    """The fold, with the event that changed each thing."""

    def __init__(self) -> None:
        self.incident = Incident()
        self.milestones: dict[str, Proven] = {}
        self.stretches: list[Stretch] = []

    def take(self, recorded: Recorded) -> None:
        event: Any = recorded.event
        before, self.incident = self.incident, evolve(self.incident, event)
        proof = Proven(event.effective(recorded.recorded_at), recorded.event_id)
        if isinstance(event, e.Declared):
            declared = Proven(self.incident.declared_at or recorded.recorded_at, proof.event)
            self.milestones["declared"] = declared
        for milestone in Milestone:
            self._stamp(milestone, before, proof.event)
        if self.incident.status is not before.status:
            self._turn(proof if before.status else self.milestones.get("declared", proof))

    def _stamp(self, milestone: Milestone, before: Incident, event: UUID) -> None:
        was, at = (getattr(each, f"{milestone}_at") for each in (before, self.incident))
        if at is None:
            self.milestones.pop(milestone.value, None)
        elif at != was or milestone.value not in self.milestones:
            self.milestones[milestone.value] = Proven(at, event)

    def _turn(self, proof: Proven) -> None:
        if self.stretches:
            self.stretches[-1] = self.stretches[-1]._replace(ends=proof)
        status = self.incident.status
        if status is not None:
            self.stretches.append(Stretch(status.value, proof, None))


def seconds_in(stretches: Sequence[Stretch], until: datetime) -> dict[str, float]:
    """How long it was in each status that is no end, by these stretches."""
    found: dict[str, float] = {}
    for each in stretches:
        if each.status not in ENDED:
            end = until if each.ends is None else each.ends.at
            lasted = max((end - each.begins.at).total_seconds(), 0.0)
            found[each.status] = found.get(each.status, 0.0) + lasted
    return found


def _parts(events: Iterable[Recorded]) -> Iterable[Part]:
    """Who took part as what, in the order in which each first appears."""
    seen: set[tuple[str, str]] = set()
    for recorded in events:
        for person, as_ in _people(recorded):
            if not person.startswith(_SYSTEM) and (person, as_) not in seen:
                seen.add((person, as_))
                origin = recorded.event.origin
                at = recorded.recorded_at if origin is None else origin.at
                yield Part(person, as_, Proven(at, recorded.event_id))


def _people(recorded: Recorded) -> Iterable[tuple[str, str]]:
    match event := recorded.event:
        case e.Declared(reporter=reporter):
            yield reporter, "reporter"
        case e.Assigned(person=str(person)) | e.Escalated(person=str(person)):
            yield person, "assigned"
        case m.RoleAssigned(role=role, person=str(person)):
            yield person, role.value
        case m.RoleHandedOver(role=role, person=person):
            yield person, role.value
        case m.RequestAnswered(accepted=True, person=person):
            yield person, "responder"
        case m.Decided(person=person):
            yield person, "decided"
        case _:
            pass
    yield (event.origin.by if event.origin else recorded.actor), "acted"
