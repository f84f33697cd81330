"""Marking a problem as another's duplicate, over HTTP: what it had moves there."""

from typing import Any

from fastapi import Response

from services.problem import bodies, duplicates
from services.problem.access import problems_of, seen
from services.problem.answering import ByManager, Reference, answer
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
    stream, other = await seen(asked, id), await seen(asked, body.of)
    if stream == other:
        raise Refused("a problem is not a duplicate of itself")
    await problems.current(other)

    async def move(work: Work) -> Folded[Problem]:
        held = await work.current(problems, stream)
        await work.execute(problems, other, duplicates.take_over, **await _moved(asked, held))
        return await work.execute(problems, stream, duplicates.mark_duplicate, of=other)

    return await answer(asked, await settle(problems, await asked.order(stream), move))


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
