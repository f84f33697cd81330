"""The problem service over HTTP: raise a problem, read it, take it through its life."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Concatenate, ParamSpec

from fastapi import Body, Depends, Path, Query, Response

from services.problem import bodies, investigation, lifecycle
from services.problem.access import hidden_from, incident_known, problems_of, seen, taken_over
from services.problem.events import ProblemEvent
from services.problem.matrix import Matrix, matrix_of
from services.problem.problem import Problem
from services.problem.problems import MATRIX
from services.problem.rules import MANAGERS, RAISERS, READERS
from services.problem.view import ProblemView, render
from shared.aggregate import Folded
from shared.clock import new_id
from shared.errors import Refused
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.moments import AsOf, EffectiveAt, moment_of, position_of
from shared.http.openapi import answers
from shared.http.waiting import has_seen
from shared.policy import Policy
from shared.work import Work, settle

P = ParamSpec("P")

Reference = Annotated[str, Path(max_length=40, description="Its id, or its number such as PRB-1")]
ByRaiser = Annotated[Asked, Depends(allowed(*RAISERS))]
ByManager = Annotated[Asked, Depends(allowed(*MANAGERS))]
ByReader = Annotated[Asked, Depends(allowed(*READERS))]
Nothing = Annotated[bodies.NoArguments | None, Body()]
Closure = Annotated[bodies.Closure | None, Body()]
Assessment = Annotated[bodies.Assessment | None, Body()]
WaitFor = Annotated[str | None, Query(max_length=64, description="service:position")]

router = routes("problems", "/v1/problems")


@router.post("", **answers(ProblemView, 201, "Logged"))
async def log(body: bodies.Logging, asked: ByRaiser) -> Response:
    """Raise a problem by hand, or from incidents, whose facts it copies."""
    problems = problems_of(asked)
    copies = [await incident_known(asked, each) for each in body.incidents]
    stated = {name: value for name, value in body.arguments().items() if value}
    facts = await taken_over(asked, copies)
    facts |= {n: v for n, v in stated.items() if n != "incidents"} | {"tags": tuple(body.tags)}
    number, stream = await problems.next_number(), new_id()

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
    stream = await seen(asked, id)
    if as_of is None and effective_at is None:
        found = await problems.current(stream)
    else:
        position = await position_of(as_of, asked.service.store.log)
        found = await problems.past(stream, position=position, effective_at=moment_of(effective_at))
    hidden = await hidden_from(asked, (*found.state.incidents, found.state.duplicate_of))
    content = await render(asked.service.store, found, asked.caller, hidden=hidden)
    return Response(content, headers={"etag": f'"{found.version}"'}, media_type="application/json")


@router.post("/{id}/assess", **answers(ProblemView))
async def assess(id: Reference, body: bodies.Assessment, asked: ByManager) -> Response:
    """Say what kind of problem it is, how grave, and who owns it."""
    return await _undermatrix_in_force(asked, id, lifecycle.assess, **body.arguments())


@router.post("/{id}/prioritise", **answers(ProblemView))
async def prioritise(id: Reference, body: bodies.Prioritisation, asked: ByManager) -> Response:
    """Set impact and urgency; the matrix gives the priority, an override needs a reason."""
    return await _undermatrix_in_force(asked, id, lifecycle.prioritise, **body.arguments())


@router.post("/{id}/confirm", **answers(ProblemView))
async def confirm(id: Reference, asked: ByManager, body: Nothing = None) -> Response:
    """Confirm that it is a problem: root cause analysis begins."""
    return await command(asked, id, lifecycle.confirm)


@router.post("/{id}/record-root-cause", **answers(ProblemView))
async def record_root_cause(
    id: Reference, body: bodies.RootCauseFinding, asked: ByManager
) -> Response:
    """Record what is behind it and what proves that; it may be revised."""
    at = asked.stated(body.at)
    record, found = lifecycle.record_root_cause, body.arguments() | {"at": at}
    return await command(asked, id, record, **found)


@router.post("/{id}/plan-fix", **answers(ProblemView))
async def plan_fix(id: Reference, body: bodies.Fix, asked: ByManager) -> Response:
    """Plan the permanent fix, with its target date and, where there is one, its change."""
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
    said = (body or bodies.Closure()).arguments()
    return await command(asked, id, lifecycle.close, at=asked.now, **said)


@router.post("/{id}/accept-risk", **answers(ProblemView))
async def accept_risk(id: Reference, body: bodies.Risk, asked: ByManager) -> Response:
    """Live with it, by whose approval and until it is looked at again."""
    today = asked.now.date()
    return await command(asked, id, lifecycle.accept_risk, today=today, **body.arguments())


@router.post("/{id}/mark-duplicate", **answers(ProblemView))
async def mark_duplicate(id: Reference, body: bodies.Duplicate, asked: ByManager) -> Response:
    """End it as another's duplicate; its links, open tasks and workaround move there."""
    problems = problems_of(asked)
    stream, other = await seen(asked, id), await seen(asked, body.of)
    if stream == other:
        raise Refused("a problem is not a duplicate of itself")
    await problems.current(other)

    async def move(work: Work) -> Folded[Problem]:
        held = await work.current(problems, stream)
        await work.execute(problems, other, investigation.take_over, **await _moved(asked, held))
        return await work.execute(problems, stream, lifecycle.mark_duplicate, of=other)

    return await answer(asked, await settle(problems, await asked.order(stream), move))


@router.post("/{id}/cancel", **answers(ProblemView))
async def cancel(id: Reference, body: bodies.Reason, asked: ByManager) -> Response:
    """End what is no problem, or is not worth its analysis."""
    return await command(asked, id, lifecycle.cancel, reason=body.reason)


@router.post("/{id}/reanalyse", **answers(ProblemView))
async def reanalyse(id: Reference, body: bodies.Reason, asked: ByManager) -> Response:
    """Take the analysis up again; it is counted."""
    return await command(asked, id, lifecycle.reanalyse, reason=body.reason)


async def command(
    asked: Asked,
    reference: str,
    act: Callable[Concatenate[Problem, P], Sequence[ProblemEvent]],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> Response:
    """Carry out a command on the problem of this reference, and answer with it."""
    problems = problems_of(asked)
    order = await asked.order(await seen(asked, reference))
    return await answer(asked, await problems.execute(order, act, *args, **kwargs))


async def answer(asked: Asked, folded: Folded[Problem], *, created: bool = False) -> Response:
    """The problem after a command."""
    headers = {"etag": f'"{folded.version}"', "tocsin-position": str(folded.position)}
    if created:
        headers["location"] = f"/v1/problems/{folded.stream}"
    hidden = await hidden_from(asked, (*folded.state.incidents, folded.state.duplicate_of))
    content = await render(asked.service.store, folded, hidden=hidden)
    return Response(content, 201 if created else 200, headers, "application/json")


async def _undermatrix_in_force(
    asked: Asked,
    reference: str,
    act: Callable[..., Sequence[ProblemEvent]],
    /,
    **arguments: Any,
) -> Response:
    problems = problems_of(asked)
    stream = await seen(asked, reference)

    async def under(policy: Folded[Policy]) -> Folded[Problem]:
        order = await asked.order(stream, guards=((policy.stream, policy.version),))
        return await problems.execute(order, act, matrix=matrix_in_force(policy), **arguments)

    return await answer(asked, await problems.policies.under(MATRIX, under))


async def _moved(asked: Asked, held: Folded[Problem]) -> dict[str, Any]:
    """What a duplicate hands over, its workaround in clear: it is sealed anew where it goes."""
    store, workaround = asked.service.store, held.state.workaround
    text = workaround.draft or workaround.published
    await store.vault.load(store.pool, [text])
    return {
        "duplicate": held.stream,
        "incidents": held.state.incidents,
        "tasks": held.state.open_tasks,
        "workaround": None if text is None else store.vault.open(held.stream, text),
        "published": workaround.draft is None,
    }


def matrix_in_force(policy: Folded[Policy]) -> Matrix:
    """The matrix that this policy is."""
    return matrix_of(policy.state.document, policy.version + 1)
