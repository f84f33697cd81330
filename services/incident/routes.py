"""The incident service over HTTP: declare, read, and the commands that move the status."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Annotated, Any, Concatenate, ParamSpec

from fastapi import Body, Depends, Path, Query, Response

from services.incident import bodies, lifecycle
from services.incident.access import incidents_of, on_record, ordered, repeated, seen
from services.incident.catalogue.catalogue import CATALOGUE
from services.incident.catalogue.references import references
from services.incident.discretion import discreetly, shown
from services.incident.events import HoldReason, IncidentEvent
from services.incident.incident import Incident
from services.incident.major.bodies import Closing
from services.incident.major.paged import pages_seen
from services.incident.matrix import matrix_of
from services.incident.problem_feed import checks
from services.incident.relations import cascade
from services.incident.rules import AGENTS, CLOSES_ACCEPTED, DECLARERS, READERS, RULES
from services.incident.suggestions.reading import SUGGESTED, Suggestions
from services.incident.view import IncidentView, render
from shared.aggregate import Folded
from shared.auth.roles import Role
from shared.clock import new_id
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.content import JsonBytes
from shared.http.moments import AsOf, EffectiveAt, moment_of, position_of, time_of
from shared.http.openapi import answers
from shared.http.waiting import has_seen
from shared.policy import Policy

P = ParamSpec("P")

Reference = Annotated[str, Path(max_length=40, description="Its id, or its number such as INC-1")]
ByDeclarer = Annotated[Asked, Depends(allowed(*DECLARERS))]
ByAgent = Annotated[Asked, Depends(allowed(*AGENTS))]
ByCloser = Annotated[Asked, Depends(allowed(*AGENTS, *CLOSES_ACCEPTED))]
ByAgentOrReporter = Annotated[Asked, Depends(allowed(*RULES["note"].roles))]
ByIncidentManager = Annotated[Asked, Depends(allowed(*RULES["restrict"].roles))]
ByReader = Annotated[Asked, Depends(allowed(*READERS, Role.REPORTER))]
Nothing = Annotated[bodies.NoArguments | None, Body()]
WaitFor = Annotated[str | None, Query(max_length=64, description="service:position")]

router = routes("incidents", "/v1/incidents")


@router.post("", **answers(IncidentView, 201, "Declared"))
async def declare(body: bodies.Declaration, asked: ByDeclarer) -> Response:
    """Log a new incident."""
    incidents = incidents_of(asked)
    reporter = body.reporter or bodies.Reporter(id=asked.caller.id)
    if not asked.caller.has(*READERS):
        reporter = reporter.model_copy(update={"id": asked.caller.id})
    for field in ("started_at", "detected_at"):
        asked.stated(getattr(body, field), field)
    number = await incidents.numbers.next()
    details = body.arguments() | {"tags": tuple(body.tags)}
    del details["reporter"]

    async def under(matrix: Folded[Policy]) -> Folded[Incident]:
        order = await asked.order(new_id(), creates=True, guards=((matrix.stream, matrix.version),))
        return await incidents.execute(
            order,
            lifecycle.declare,
            number=number,
            reporter=reporter.id,
            reporter_name=reporter.name,
            reporter_email=reporter.email,
            matrix=matrix_of(matrix.state.document, matrix.version + 1),
            **details,
        )

    declared = await incidents.policies.under("priority-matrix", under)
    return await answer(asked, declared, created=True)


@router.get("/{id}", **answers(IncidentView))
async def read(
    id: Reference,
    asked: ByReader,
    as_of: AsOf = None,
    effective_at: EffectiveAt = None,
    wait_for: WaitFor = None,
) -> Response:
    """One incident, now or as it was, with what this caller may do."""
    await has_seen(asked.service, wait_for)
    found = await seen(asked, id)
    is_present = as_of is None and effective_at is None
    position = await position_of(as_of, asked.service.store.log)
    incidents, until, moment = incidents_of(asked), asked.now, moment_of(effective_at)
    if not is_present:
        found = await incidents.past(found.stream, position=position, effective_at=moment)
        until = moment or await time_of(as_of, asked.service.store.log) or until
    pages = await pages_seen(asked.service.store, found, position, moment)
    content = await render(
        incidents,
        found,
        asked.caller,
        offers=is_present,
        position=position,
        until=until,
        pages=pages,
    )
    catalogue, waited = asked.service.parts[CATALOGUE], wait_for is not None
    named = await references(catalogue, found.state, position, fresh=waited)
    content = b'%b,"references":%b}' % (content[:-1], named)
    suggestions: Suggestions = asked.service.parts[SUGGESTED]
    likely = await suggestions.shown(
        found.stream, asked.caller, position=position, until=until, fresh=waited
    )
    content = b'%b,"suggestions":%b}' % (content[:-1], likely)
    content = await shown(asked, found.state, content)
    return JsonBytes(content, headers=[(b"etag", b'"%d"' % found.version)])


@router.post("/{id}/acknowledge", **answers(IncidentView))
async def acknowledge(id: Reference, asked: ByAgent, body: Nothing = None) -> Response:
    """Tell that somebody has seen it; the first one stamps the milestone."""
    return await command(asked, id, lifecycle.acknowledge, at=asked.now)


@router.post("/{id}/start", **answers(IncidentView))
async def start(id: Reference, asked: ByAgent, body: Nothing = None) -> Response:
    """Begin to work on it."""
    return await command(asked, id, lifecycle.start, at=asked.now)


@router.post("/{id}/hold", **answers(IncidentView))
async def hold(id: Reference, body: bodies.Hold, asked: ByAgent) -> Response:
    """Put it on hold, or change the reason why it is."""
    told: dict[str, Any] = {"reason": body.reason, "note": body.note, "at": asked.now}
    if body.problem is None and body.reason is not HoldReason.AWAITING_PROBLEM:
        return await command(asked, id, lifecycle.hold, **told)
    if (before := await repeated(asked, id)) is not None:
        return await answer(asked, before)
    return await command(asked, id, checks.hold, **told, **await _awaited(asked, id, body.problem))


@router.post("/{id}/resume", **answers(IncidentView))
async def resume(id: Reference, asked: ByAgent, body: Nothing = None) -> Response:
    """Go on after a hold."""
    return await command(asked, id, lifecycle.resume, at=asked.now)


@router.post("/{id}/resolve", **answers(IncidentView))
async def resolve(id: Reference, body: bodies.Resolution, asked: ByAgent) -> Response:
    """Record that service is restored for good; its open children are resolved with it."""
    incidents = incidents_of(asked)
    arguments = body.arguments() | {"at": asked.stated(body.at)}
    if body.known_error is not None:
        if (before := await repeated(asked, id)) is not None:
            return await answer(asked, before)
        named = await checks.known_error(asked.service.store.pool, body.known_error, asked.caller)
        arguments["known_error"] = named.number

    async def under(reopening: Folded[Policy]) -> Folded[Incident]:
        order = await ordered(asked, id, guards=((reopening.stream, reopening.version),))
        days = _reopening(reopening).auto_close_days
        async with discreetly(asked):
            return await cascade.resolve(incidents, order, close_after_days=days, **arguments)

    return await answer(asked, await incidents.policies.under("reopening", under))


@router.post("/{id}/reopen", **answers(IncidentView))
async def reopen(id: Reference, body: bodies.Reason, asked: ByAgentOrReporter) -> Response:
    """Take it up again; from closed only within the reopen window, or by an incident manager.

    The children that were resolved with it come back too, unless its reporter reopens it.
    """
    incidents = incidents_of(asked)
    policy = await incidents.policies.named("reopening", fresh=True)
    async with discreetly(asked):
        reopened = await cascade.reopen(
            incidents,
            await ordered(asked, id),
            reason=body.reason,
            at=asked.now,
            window=timedelta(days=_reopening(policy).window_days),
            roles=asked.caller.roles,
            by_reporter=not asked.caller.has(*AGENTS),
        )
    return await answer(asked, reopened)


@router.post("/{id}/close", **answers(IncidentView))
async def close(
    id: Reference, asked: ByCloser, body: Annotated[Closing | None, Body()] = None
) -> Response:
    """End it: everybody agrees that it is resolved.

    A major incident is closed by its manager alone, once nothing is left to do; what is left is
    named one by one. Every audience is told then.
    """
    waived, roles = body.waive_problem if body else None, asked.caller.roles
    return await command(
        asked, id, lifecycle.close, at=asked.now, roles=roles, waive_problem=waived
    )


@router.post("/{id}/cancel", **answers(IncidentView))
async def cancel(id: Reference, body: bodies.Reason, asked: ByAgent) -> Response:
    """End what was no incident, was unnecessary or stands elsewhere already."""
    return await command(asked, id, lifecycle.cancel, reason=body.reason, at=asked.now)


async def _awaited(asked: Asked, reference: str, named: str | None) -> dict[str, Any]:
    """The problem it is to wait for, and which ones it would wait for in vain."""
    pool, problem = asked.service.store.pool, None
    if named is not None:
        problem = (await checks.known_problem(pool, named, asked.caller)).id
    candidates = checks.linked_problems((await seen(asked, reference)).state)
    waited_for = candidates if problem is None else [problem]
    return {"problem": problem, "in_vain": await checks.over(pool, waited_for, asked.caller)}


async def command(
    asked: Asked,
    reference: str,
    act: Callable[Concatenate[Incident, P], Sequence[IncidentEvent]],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> Response:
    """Carry out a command on the incident of this reference, and answer with it."""
    order = await ordered(asked, reference)
    async with discreetly(asked):
        done = await incidents_of(asked).execute(order, act, *args, **kwargs)
    return await answer(asked, done)


async def answer(asked: Asked, folded: Folded[Incident], *, created: bool = False) -> Response:
    """The incident after a command."""
    await on_record(asked, folded)
    headers = [(b"etag", b'"%d"' % folded.version), (b"tocsin-position", b"%d" % folded.position)]
    if created:
        headers.append((b"location", f"/v1/incidents/{folded.stream}".encode()))
    content = await render(incidents_of(asked), folded, asked.caller, position=folded.position)
    content = await shown(asked, folded.state, content)
    return JsonBytes(content, 201 if created else 200, headers)


def _reopening(policy: Folded[Policy]) -> bodies.ReopeningDocument:
    return bodies.ReopeningDocument(**(policy.state.document or {}))
