"""What the timer of a major incident does: say, once, what is due, and ring again for the next."""

from uuid import UUID

from services.incident.facts import FACTS, Fact, Facts, facts_stream, pass_once
from services.incident.incidents import Incidents
from services.incident.major.due import COMMUNICATIONS, next_ring, passed
from shared.errors import Unavailable
from shared.ledger import Ledger
from shared.timers import Handler
from shared.work import Work

_ACTOR = "system:major-incident"
_TRIES = 8


def ringing(incidents: Incidents) -> Handler:
    """The handler of the timer that an incident's own events arm."""
    facts: Ledger[Facts, Fact] = Ledger(incidents.store, FACTS)

    async def ring(incident: UUID) -> None:
        for _ in range(_TRIES):
            if await _rung(incidents, facts, incident):
                return
        raise Unavailable("the incident keeps changing at this moment")

    return ring


async def _rung(incidents: Incidents, facts: Ledger[Facts, Fact], incident: UUID) -> bool:
    """Whether it was stored; not where the incident has moved since it was read."""
    now = incidents.store.clock()
    work = Work(incidents.store, _ACTOR)
    held = await work.rest_on(incidents, incident)
    major = held.state.major
    due = passed(incident, major, now, group=held.state.group)
    await work.execute(facts, facts_stream(incident), pass_once, passed=due)
    work.arm(incident, COMMUNICATIONS, next_ring(major, now))
    return (await work.append()).outcome in ("appended", "already")
