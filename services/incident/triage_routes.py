"""The commands over HTTP that leave an incident's status as it is."""

from fastapi import Response

from services.incident import bodies, lifecycle, milestones, restricting, triage
from services.incident.access import incidents_of, ordered
from services.incident.discretion import discreetly
from services.incident.incident import Incident
from services.incident.matrix import matrix_of
from services.incident.routes import (
    ByAgent,
    ByAgentOrReporter,
    ByIncidentManager,
    Reference,
    answer,
    command,
)
from services.incident.view import IncidentView
from shared.aggregate import Folded
from shared.http.app import routes
from shared.http.openapi import answers
from shared.policy import Policy

router = routes("incidents", "/v1/incidents")


@router.post("/{id}/categorise", **answers(IncidentView))
async def categorise(id: Reference, body: bodies.Category, asked: ByAgent) -> Response:
    """Say what kind of incident it is, and which service and item it is about."""
    return await command(asked, id, triage.categorise, **body.arguments())


@router.post("/{id}/prioritise", **answers(IncidentView))
async def prioritise(id: Reference, body: bodies.Prioritisation, asked: ByAgent) -> Response:
    """Set impact and urgency; the matrix gives the priority, an override needs a reason."""
    incidents = incidents_of(asked)

    async def under(matrix: Folded[Policy]) -> Folded[Incident]:
        order = await ordered(asked, id, guards=((matrix.stream, matrix.version),))
        known = matrix_of(matrix.state.document, matrix.version + 1)
        said = body.arguments()
        async with discreetly(asked):
            return await incidents.execute(order, triage.prioritise, matrix=known, **said)

    return await answer(asked, await incidents.policies.under("priority-matrix", under))


@router.post("/{id}/assign", **answers(IncidentView))
async def assign(id: Reference, body: bodies.Assignment, asked: ByAgent) -> Response:
    """Hand it to a group, a person or both; null clears, what is left out stays."""
    return await command(asked, id, triage.assign, **body.model_dump(exclude_unset=True))


@router.post("/{id}/note", **answers(IncidentView))
async def note(id: Reference, body: bodies.Note, asked: ByAgentOrReporter) -> Response:
    """Add a note to its timeline."""
    return await command(asked, id, triage.note, text=body.text)


@router.post("/{id}/reply", **answers(IncidentView))
async def reply(id: Reference, body: bodies.Note, asked: ByAgentOrReporter) -> Response:
    """Record what the caller answers; a hold that awaits them ends by itself."""
    return await command(asked, id, lifecycle.reply, text=body.text, at=asked.now)


@router.post("/{id}/escalate", **answers(IncidentView))
async def escalate(id: Reference, body: bodies.Escalation, asked: ByAgent) -> Response:
    """Escalate to another line, which takes it over if it is named, or to management."""
    return await command(asked, id, triage.escalate, at=asked.now, **body.arguments())


@router.post("/{id}/correct-milestone", **answers(IncidentView))
async def correct_milestone(
    id: Reference, body: bodies.MilestoneCorrection, asked: ByAgent
) -> Response:
    """Say when a milestone was reached in truth; the old value stays readable."""
    asked.stated(body.at)
    correct = milestones.correct_milestone
    return await command(asked, id, correct, now=asked.now, **body.arguments())


@router.post("/{id}/diagnose", **answers(IncidentView))
async def diagnose(id: Reference, body: bodies.Diagnosis, asked: ByAgent) -> Response:
    """Record the cause and what proves it; it may be revised."""
    return await command(asked, id, triage.diagnose, **body.arguments())


@router.post("/{id}/mitigate", **answers(IncidentView))
async def mitigate(id: Reference, body: bodies.Mitigation, asked: ByAgent) -> Response:
    """Record that the impact has stopped; the incident goes on."""
    at = asked.stated(body.at)
    return await command(asked, id, triage.mitigate, action=body.action, at=at)


@router.post("/{id}/restrict", **answers(IncidentView))
async def restrict(id: Reference, body: bodies.Restriction, asked: ByIncidentManager) -> Response:
    """Keep it to its participants and those named, or open it again with `restricted` false.

    Participants are its reporter, its assigned person and group, and whoever restricts it.
    Auditors read it too. For everybody else it does not exist; every read of it is on record.
    """
    if not body.restricted:
        return await command(asked, id, restricting.unrestrict, reason=body.reason)
    named = body.model_dump(exclude={"restricted"})
    return await command(asked, id, restricting.restrict, by=asked.caller.id, **named)
