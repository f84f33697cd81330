"""The problem service over HTTP: raise a problem, read it, take it through its life."""

from typing import Annotated

from fastapi import Body, Response

from services.problem import bodies, closing, lifecycle
from services.problem.access import known_incident, known_problem, problems_of, taken_over
from services.problem.answering import (
    ByManager,
    ByRaiser,
    ByReader,
    Nothing,
    Reference,
    WaitFor,
    answer,
    command,
    matrix_in_force,
    rendered,
    under_matrix,
)
from services.problem.discretion import discreetly
from services.problem.known import behind
from services.problem.problem import Problem
from services.problem.problems import MATRIX
from services.problem.view import ProblemView
from shared.aggregate import Folded
from shared.clock import new_id
from shared.http.app import routes
from shared.http.moments import AsOf, EffectiveAt, moment_of, position_of
from shared.http.openapi import answers
from shared.http.waiting import has_seen
from shared.policy import Policy

Closure = Annotated[bodies.Closure | None, Body()]

router = routes("problems", "/v1/problems")


@router.post("", **answers(ProblemView, 201, "Logged"))
async def log(body: bodies.Logging, asked: ByRaiser) -> Response:
    """Raise a problem by hand, or from incidents, whose facts it copies."""
    problems = problems_of(asked)
    if body.incidents and (before := await asked.repeated(problems)) is not None:
        return await answer(asked, before, created=True)
    copies = [await known_incident(asked, each) for each in body.incidents]
    facts = await taken_over(asked, copies) | body.facts()
    number, stream = await problems.numbers.next(), new_id()

    async def under(policy: Folded[Policy]) -> Folded[Problem]:
        order = await asked.order(stream, creates=True, guards=((policy.stream, policy.version),))
        return await problems.execute(
            order, lifecycle.log, number=number, matrix=matrix_in_force(policy), **facts
        )

    return await answer(asked, await problems.policies.under(MATRIX, under), created=True)


@router.get("/{id}", **answers(ProblemView))
async def read(
    id: Reference,
    asked: ByReader,
    as_of: AsOf = None,
    effective_at: EffectiveAt = None,
    wait_for: WaitFor = None,
) -> Response:
    """One problem, now or as it was, with what this caller may do."""
    await has_seen(asked.service, wait_for)
    problems = problems_of(asked)
    stream = await known_problem(asked, id)
    at = await position_of(as_of, asked.service.store.log)
    if at is None and effective_at is None:
        found = await problems.current(stream)
    else:
        found = await problems.past(stream, position=at, effective_at=moment_of(effective_at))
    content = await rendered(asked, found, position=at, caller=asked.caller)
    return Response(content, headers={"etag": f'"{found.version}"'}, media_type="application/json")


@router.post("/{id}/assess", **answers(ProblemView))
async def assess(id: Reference, body: bodies.Assessment, asked: ByManager) -> Response:
    """Say what kind of problem it is, how grave, and who owns it."""
    return await under_matrix(asked, id, lifecycle.assess, **body.arguments())


@router.post("/{id}/prioritise", **answers(ProblemView))
async def prioritise(id: Reference, body: bodies.Prioritisation, asked: ByManager) -> Response:
    """Set impact and urgency; the matrix gives the priority, an override needs a reason."""
    return await under_matrix(asked, id, lifecycle.prioritise, **body.arguments())


@router.post("/{id}/confirm", **answers(ProblemView))
async def confirm(id: Reference, asked: ByManager, body: Nothing = None) -> Response:
    """Confirm that it is a problem: root cause analysis begins."""
    return await command(asked, id, lifecycle.confirm)


@router.post("/{id}/record-root-cause", **answers(ProblemView))
async def record_root_cause(
    id: Reference, body: bodies.RootCauseFinding, asked: ByManager
) -> Response:
    """Record what is behind it and what proves that; it may be revised."""
    nodes = [each.reference() for each in body.nodes]
    found = body.arguments() | {"at": asked.stated(body.at), "nodes": nodes}
    return await command(asked, id, lifecycle.record_root_cause, **found)


@router.post("/{id}/plan-fix", **answers(ProblemView))
async def plan_fix(id: Reference, body: bodies.Fix, asked: ByManager) -> Response:
    """Plan the permanent fix, with its target date and, where there is one, its change.

    The target date may be past: a problem may be written down when it is fixed already.
    """
    return await command(asked, id, lifecycle.plan_fix, **body.arguments())


@router.post("/{id}/record-change", **answers(ProblemView))
async def record_change(id: Reference, body: bodies.ChangeReport, asked: ByManager) -> Response:
    """Record how far a change is that is to fix it."""
    return await command(asked, id, lifecycle.record_change, **body.arguments())


@router.post("/{id}/resolve", **answers(ProblemView))
async def resolve(id: Reference, body: bodies.Resolution, asked: ByManager) -> Response:
    """Record that it is fixed; its linked incidents hear of it."""
    at = asked.stated(body.at)
    return await command(asked, id, lifecycle.resolve, summary=body.summary, at=at)


@router.post("/{id}/reject-fix", **answers(ProblemView))
async def reject_fix(id: Reference, body: bodies.Reason, asked: ByManager) -> Response:
    """Verification has failed: the fix goes on."""
    return await command(asked, id, lifecycle.reject_fix, reason=body.reason)


@router.post("/{id}/close", **answers(ProblemView))
async def close(id: Reference, asked: ByManager, body: Closure = None) -> Response:
    """End it with what was learned; each thing still missing is named."""
    said = (body or bodies.Closure()).arguments() | {"at": asked.now}
    # without a guard: a known error that has ended stays so, and a new one is but a draft
    found = await behind(asked.service.store.pool, await known_problem(asked, id))
    async with discreetly(asked):
        return await command(asked, id, closing.close, known_errors=found, **said)


@router.post("/{id}/accept-risk", **answers(ProblemView))
async def accept_risk(id: Reference, body: bodies.Risk, asked: ByManager) -> Response:
    """Live with it, by whose approval and until it is looked at again."""
    today = asked.now.date()
    return await command(asked, id, lifecycle.accept_risk, today=today, **body.arguments())


@router.post("/{id}/cancel", **answers(ProblemView))
async def cancel(id: Reference, body: bodies.Reason, asked: ByManager) -> Response:
    """End what is no problem, or is not worth its analysis."""
    return await command(asked, id, lifecycle.cancel, reason=body.reason)


@router.post("/{id}/reanalyse", **answers(ProblemView))
async def reanalyse(id: Reference, body: bodies.Reason, asked: ByManager) -> Response:
    """Take the analysis up again; it is counted."""
    return await command(asked, id, lifecycle.reanalyse, reason=body.reason)
