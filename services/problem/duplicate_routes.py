"""Marking a problem as another's duplicate, over HTTP: what it had moves there."""

from fastapi import Response

from services.problem import bodies, duplicates
from services.problem.access import known_problem, problems_of, repeated
from services.problem.answering import ByManager, Reference, answer
from services.problem.duplicates import Belongings
from services.problem.problem import Problem
from services.problem.view import ProblemView
from shared.aggregate import Folded
from shared.errors import Refused
from shared.http.app import routes
from shared.http.asked import Asked
from shared.http.openapi import answers
from shared.work import Work, settle

router = routes("problems", "/v1/problems")


@router.post("/{id}/mark-duplicate", **answers(ProblemView))
async def mark_duplicate(id: Reference, body: bodies.Duplicate, asked: ByManager) -> Response:
    """End it as another's duplicate; its links, open tasks and workaround move there."""
    problems = problems_of(asked)
    if (before := await repeated(asked, id)) is not None:
        return await answer(asked, before)
    stream, other = await known_problem(asked, id), await known_problem(asked, body.of)
    if stream == other:
        raise Refused("a problem is not a duplicate of itself")
    await problems.current(other)

    async def move(work: Work) -> Folded[Problem]:
        held = await work.current(problems, stream)
        work.guard(stream, held.version)
        had = await _belongings(asked, held)
        await work.execute(problems, other, duplicates.take_over, had=had)
        return await work.execute(problems, stream, duplicates.mark_duplicate, of=other)

    return await answer(asked, await settle(problems, await asked.order(stream), move))


async def _belongings(asked: Asked, held: Folded[Problem]) -> Belongings:
    """What a duplicate hands over, its texts in clear: they are sealed anew where they go."""
    store, state = asked.service.store, held.state
    texts = (state.workaround.published, state.workaround.draft)
    await store.vault.load(store.pool, texts)
    published, draft = (t if t is None else store.vault.open(held.stream, t) for t in texts)
    return Belongings(
        duplicate=held.stream,
        number=state.number,
        incidents=state.incidents,
        tasks=state.open_tasks,
        published=published,
        draft=draft,
    )
