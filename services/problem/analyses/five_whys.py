"""Five whys: a question, and the ordered tree of its answers, each with its evidence."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from services.problem import events as e
from services.problem.events import ProblemEvent
from services.problem.lifecycle import require
from services.problem.problem import Problem
from shared.errors import Refused


class Why(NamedTuple):
    """An answer; `under` is the number of the one it explains, None for the question itself."""

    answer: str
    under: int | None
    evidence: tuple[str, ...]


def analyse(
    problem: Problem, *, analysis: UUID, question: str | None, whys: Sequence[Why]
) -> Sequence[ProblemEvent]:
    """Begin an analysis with its question, or go on with one that has been begun."""
    require(problem, "analyse")
    if question is not None:
        begun = e.AnalysisBegun(analysis=analysis, question=question)
        return [begun, *_answers(analysis, 0, whys)]
    if analysis not in problem.analyses:
        raise Refused("this problem has no such analysis; begin one with its question")
    return _answers(analysis, problem.analyses[analysis], whys)


def _answers(analysis: UUID, answered: int, whys: Sequence[Why]) -> Sequence[ProblemEvent]:
    for number, why in enumerate(whys, answered + 1):
        if why.under is not None and not 1 <= why.under < number:
            raise Refused(f"answer {number} cannot explain answer {why.under}: it comes first")
    return [
        e.WhyAnswered(
            analysis=analysis,
            number=number,
            answer=why.answer,
            under=why.under,
            evidence=why.evidence,
        )
        for number, why in enumerate(whys, answered + 1)
    ]
