"""What is in force when a command is decided: rules, plans, criticality, at no cost to it.

A process knows at once what it has put in force itself, and within two seconds what others have.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import structlog

from services.incident.catalogue.catalogue import Catalogue
from services.incident.catalogue.events import Criticality
from services.incident.catalogue.known import Present
from services.incident.events import IncidentEvent
from services.incident.incident import Incident
from services.incident.major.consequences import Grounds, consequences, heeds
from services.incident.major.events import MajorAccepted
from services.incident.major.plans import plans_of
from services.incident.major.triggers import triggers_of
from shared.policy import Policies

T = TypeVar("T")

_EVERY = 2.0
_TRIGGERS, _PLANS = "major-triggers", "communication-plans"
_log = structlog.get_logger("tocsin.major")


class _InForce(Generic[T]):
    """The version of a policy that is in force, read once."""

    def __init__(self, policies: Policies, name: str, read: Callable[[Any, int], T]) -> None:
        self._policies, self._name, self._read = policies, name, read
        self._version, self._held = 0, read(None, 1)

    def now(self) -> T:
        """As this process knows it."""
        known = self._policies.lately_known(self._name)
        if known is not None and known.version != self._version:
            self._held = self._read(known.state.document, known.version + 1)
            self._version = known.version
        return self._held


class GroundsInForce:
    """One of them in a process, asked whenever a command on an incident is decided."""

    def __init__(self, policies: Policies, catalogue: Catalogue) -> None:
        self._policies, self._catalogue = policies, catalogue
        self._triggers = _InForce(policies, _TRIGGERS, triggers_of)
        self._plans = _InForce(policies, _PLANS, plans_of)
        self._present = Present()

    def completed(
        self, incident: Incident, events: Sequence[IncidentEvent]
    ) -> Sequence[IncidentEvent]:
        """A decision, with what follows from it."""
        if not heeds(events):
            return events
        triggers = self._triggers.now()
        if not (triggers.rules or incident.major.is_accepted or _accepts(events)):
            return events
        now = self._policies.store.clock()
        grounds = Grounds(triggers, self._plans.now(), self._criticality, now)
        return [*events, *consequences(incident, events, grounds)]

    async def refresh(self) -> None:
        """Take up what others have put in force."""
        for name in (_TRIGGERS, _PLANS):
            await self._policies.named(name, fresh=True)
        self._present = await self._catalogue.present()

    async def run(self) -> None:
        """Take it up, where anything has happened at all, until cancelled."""
        pulse, seen = self._policies.store.pulse, 0
        while True:
            try:
                if await pulse.beyond(seen, 0):
                    seen = pulse.position
                    await self.refresh()
            except Exception as trouble:
                _log.warning("major_rules_wait", reason=repr(trouble))
            await asyncio.sleep(_EVERY)

    def _criticality(self, service: str | None) -> Criticality | None:
        return self._present.criticality(service)


def _accepts(events: Sequence[IncidentEvent]) -> bool:
    return any(isinstance(event, MajorAccepted) for event in events)
