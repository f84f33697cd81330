"""Root cause analyses over HTTP: begun, added to, edited, judged, concluded."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Response

from services.problem.analyses import bodies, commands
from services.problem.answering import ByRaiser, Reference, command
from services.problem.events import ProblemEvent
from services.problem.view import ProblemView
from shared.clock import new_id
from shared.http.app import routes
from shared.http.asked import Asked
from shared.http.body import Body
from shared.http.openapi import answers

router = routes("analyses", "/v1/problems")
Id = Annotated[UUID, Path(description="Of the analysis")]
Edit = Callable[..., Sequence[ProblemEvent]]


@router.post("/{id}/analyse", **answers(ProblemView))
async def analyse(id: Reference, body: bodies.Analysis, asked: ByRaiser) -> Response:
    """Begin a root cause analysis, or add to one.

    By five whys, an Ishikawa diagram, a fault tree, Kepner and Tregoe's facts and tests, or a list
    of hypotheses.
    """
    return await command(
        asked,
        id,
        commands.analyse,
        analysis=body.analysis or new_id(),
        question=body.question,
        method=body.method,
        gate=body.gate,
        additions=body.additions(),
    )


@router.post("/{id}/add-hypothesis", **answers(ProblemView))
async def add_hypothesis(id: Reference, body: bodies.NewHypothesis, asked: ByRaiser) -> Response:
    """Say what may be behind it, to be supported or refuted by evidence."""
    said = body.arguments() | {"evidence": tuple(body.evidence), "otherwise": new_id()}
    return await command(asked, id, commands.add_hypothesis, **said)


@router.post("/{id}/analyses/{analysis}/revise", **answers(ProblemView))
async def revise(id: Reference, analysis: Id, body: bodies.Revision, asked: ByRaiser) -> Response:
    """Say an entry better, name other evidence, or another gate."""
    evidence = None if body.evidence is None else tuple(body.evidence)
    return await _edit(asked, id, commands.revise, analysis, body, evidence=evidence)


@router.post("/{id}/analyses/{analysis}/move", **answers(ProblemView))
async def move(id: Reference, analysis: Id, body: bodies.Move, asked: ByRaiser) -> Response:
    """Put an entry, with all that stands under it, in another place."""
    return await _edit(asked, id, commands.move, analysis, body)


@router.post("/{id}/analyses/{analysis}/join", **answers(ProblemView))
async def join(id: Reference, analysis: Id, body: bodies.Joining, asked: ByRaiser) -> Response:
    """Make an event of a fault tree an input of another gate too."""
    return await _edit(asked, id, commands.join, analysis, body)


@router.post("/{id}/analyses/{analysis}/judge", **answers(ProblemView))
async def judge(id: Reference, analysis: Id, body: bodies.Judgement, asked: ByRaiser) -> Response:
    """Support or refute a hypothesis by evidence; say whether a basic event occurred."""
    said: dict[str, Any] = {"analysis": analysis, "node": body.node}
    said["evidence"] = tuple(body.evidence)
    if body.standing is None:
        return await command(asked, id, commands.judge_fault, occurred=body.occurred, **said)
    said |= {"standing": body.standing, "reason": body.reason}
    return await command(asked, id, commands.judge_hypothesis, **said)


@router.post("/{id}/analyses/{analysis}/remove", **answers(ProblemView))
async def remove(id: Reference, analysis: Id, body: bodies.Removal, asked: ByRaiser) -> Response:
    """Take an entry out, with everything that stands under it alone."""
    return await _edit(asked, id, commands.remove, analysis, body)


@router.post("/{id}/analyses/{analysis}/conclude", **answers(ProblemView))
async def conclude(
    id: Reference, analysis: Id, body: bodies.Conclusion, asked: ByRaiser
) -> Response:
    """Say what came out of it; from then on it is read, not edited."""
    return await _edit(asked, id, commands.conclude, analysis, body, nodes=tuple(body.nodes))


@router.post("/{id}/analyses/{analysis}/take-up", **answers(ProblemView))
async def take_up(id: Reference, analysis: Id, body: bodies.TakingUp, asked: ByRaiser) -> Response:
    """Go on with a concluded one."""
    return await _edit(asked, id, commands.take_up, analysis, body)


async def _edit(
    asked: Asked, id: str, act: Edit, analysis: UUID, body: Body, **more: Any
) -> Response:
    return await command(asked, id, act, analysis=analysis, **(body.arguments() | more))
