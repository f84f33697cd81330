"""What has happened to the major incidents of these tests."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.incident import incident, lifecycle
from services.incident.events import Closed, Declared, ResolutionCode, Resolved
from services.incident.incident import Incident
from services.incident.major.events import (
    Inputs,
    MajorAccepted,
    MajorDemoted,
    MajorProposed,
    MajorRole,
    PlannedUpdate,
    ProblemWaived,
    ResponderRequested,
    ReviewCompleted,
    RoleAssigned,
    Target,
    UpdatePosted,
    UpdatesPlanned,
)
from shared.auth.roles import Role
from tests.support.scenario import Scenario

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
REQUEST, UPDATE = UUID(int=3), UUID(int=4)
COMMANDER, SCRIBE = MajorRole.INCIDENT_COMMANDER, MajorRole.SCRIBE
NOBODY_SPECIAL = frozenset({Role.RESPONDER})
MANAGER = frozenset({Role.MAJOR_INCIDENT_MANAGER})


def planned(audience: str, first: int = 15, then: int = 30) -> PlannedUpdate:
    return PlannedUpdate(
        audience=audience, first_minutes=first, then_minutes=then, remind_minutes=5
    )


def minutes(count: float) -> datetime:
    """So many after noon."""
    return NOON + count * MINUTE


def by(person: str, roles: frozenset[Role] = NOBODY_SPECIAL, at: float = 0) -> dict[str, Any]:
    """Who gives a command, and when."""
    return {"by": person, "roles": roles, "at": minutes(at)}


def sent(at: float, *audiences: str, final: bool = False, next_at: float | None = None) -> Any:
    return UpdatePosted(
        update=UPDATE,
        audiences=audiences or ("management", "affected-users"),
        status="Found",
        impact="Some",
        action="Rolling back",
        at=minutes(at),
        final=final,
        next_update_at=None if next_at is None else minutes(next_at),
    )


def asked(within: int = 5, *then: str) -> ResponderRequested:
    return ResponderRequested(
        request=REQUEST,
        person="bob",
        message="Come",
        within_minutes=within,
        by="ann",
        at=NOON,
        then=tuple(Target(person=each) for each in then),
    )


PLAN = (planned("management"), planned("affected-users", 30, 60))
nothing = Scenario(incident.evolve, Incident())
new = nothing.given(
    Declared(number=1, title="Down", reporter="rita", priority=1, impact=1, urgency=1)
)
proposed = new.given(MajorProposed(reason="Down", at=NOON))
led_by_nobody = new.given(
    MajorAccepted(at=NOON), UpdatesPlanned(at=NOON, policy_version=1, plan=PLAN, priority=1)
)
accepted = led_by_nobody.given(RoleAssigned(role=COMMANDER, person="ada", at=NOON))
resolved = accepted.given(
    Resolved(code=ResolutionCode.FIXED, summary="Back", at=minutes(60), close_after_days=5)
)
done = resolved.given(
    sent(61, final=True), ReviewCompleted(revision=1, at=minutes(70)), ProblemWaived(reason="Known")
)
closed = done.given(Closed(at=minutes(80)))

INPUTS = Inputs(priority=1, impact=1, urgency=1)
demoted = accepted.given(MajorDemoted(reason="One user", at=NOON, inputs=INPUTS))


def its_resolution() -> list[Any]:
    """The events of resolving one that is no major incident any more."""
    return list(
        lifecycle.resolve(demoted.state, code=ResolutionCode.FIXED, summary="Back", at=NOON)
    )
