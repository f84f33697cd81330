"""What every route of a problem shares: who may ask, carrying a command out, the answer."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Concatenate, ParamSpec

from fastapi import Body, Depends, Path, Query, Response

from services.problem import bodies
from services.problem.access import hidden_from, known_problem, problems_of
from services.problem.events import ProblemEvent
from services.problem.known import behind, recurrences
from services.problem.matrix import Matrix, matrix_of
from services.problem.problem import Problem
from services.problem.problems import MATRIX
from services.problem.rules import MANAGERS, RAISERS, READERS
from services.problem.view import Beside, render
from shared.aggregate import Folded
from shared.auth.caller import Caller
from shared.http.asked import Asked, allowed
from shared.policy import Policy

P = ParamSpec("P")

Reference = Annotated[str, Path(max_length=40, description="Its id, or its number such as PRB-1")]
ByRaiser = Annotated[Asked, Depends(allowed(*RAISERS))]
ByManager = Annotated[Asked, Depends(allowed(*MANAGERS))]
ByReader = Annotated[Asked, Depends(allowed(*READERS))]
Nothing = Annotated[bodies.NoArguments | None, Body()]
WaitFor = Annotated[str | None, Query(max_length=64, description="service:position")]


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
    order = await asked.order(await known_problem(asked, reference))
    return await answer(asked, await problems.execute(order, act, *args, **kwargs))


async def answer(asked: Asked, folded: Folded[Problem], *, created: bool = False) -> Response:
    """The problem after a command."""
    headers = {"etag": f'"{folded.version}"', "tocsin-position": str(folded.position)}
    if created:
        headers["location"] = f"/v1/problems/{folded.stream}"
    is_keyed = "idempotency-key" in asked.request.headers  # a repeat is to be answered alike
    content = await rendered(asked, folded, position=folded.position if is_keyed else None)
    return Response(content, 201 if created else 200, headers, "application/json")


async def rendered(
    asked: Asked,
    folded: Folded[Problem],
    *,
    position: int | None = None,
    caller: Caller | None = None,
) -> bytes:
    """The problem as JSON, without what is hidden from the caller; known errors of a position."""
    store, state = asked.service.store, folded.state
    known = await behind(store.pool, folded.stream, position)
    came_back = await recurrences(store.pool, folded.stream, position)
    named = (*state.incidents, state.duplicate_of, *came_back, *(each.id for each in known))
    beside = Beside(known, came_back, await hidden_from(asked, named))
    return await render(store, folded, caller, beside)


async def under_matrix(
    asked: Asked,
    reference: str,
    act: Callable[..., Sequence[ProblemEvent]],
    /,
    **arguments: Any,
) -> Response:
    """The same for what rests on the priority matrix, under the one in force."""
    problems = problems_of(asked)
    stream = await known_problem(asked, reference)

    async def under(policy: Folded[Policy]) -> Folded[Problem]:
        order = await asked.order(stream, guards=((policy.stream, policy.version),))
        return await problems.execute(order, act, matrix=matrix_in_force(policy), **arguments)

    return await answer(asked, await problems.policies.under(MATRIX, under))


def matrix_in_force(policy: Folded[Policy]) -> Matrix:
    """The matrix that this policy is."""
    return matrix_of(policy.state.document, policy.version + 1)
