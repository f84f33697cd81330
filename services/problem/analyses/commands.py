"""The commands that work on a problem's analyses: each answers with events, or refuses."""

from collections.abc import Sequence
from uuid import UUID

from services.problem.analyses import events as e
from services.problem.analyses.additions import (
    DEEPEST,
    Addition,
    Hypothesis,
    added,
    depth,
    height,
    known,
    require_above,
    require_category,
)
from services.problem.analyses.analysis import Analysis, evolve, left_without
from services.problem.analyses.events import AnalysisEvent, Category, Gate, Method, Standing
from services.problem.lifecycle import require
from services.problem.problem import Problem
from shared.errors import Refused

MOST_ANALYSES = 50
MOST_GATES = 10


def analyse(
    problem: Problem,
    *,
    analysis: UUID,
    question: str | None = None,
    method: Method | None = None,
    gate: Gate | None = None,
    additions: Sequence[Addition] = (),
) -> Sequence[AnalysisEvent]:
    """Begin an analysis with its question (else the problem's title), or go on with one.

    Neither question nor method is said of one that has been begun.
    """
    require(problem, "analyse")
    if question is None and method is None:
        return _all_added(analysis, _open(problem, analysis), additions)
    begun = _begun(problem, analysis, question or problem.title, method, gate)
    return [begun, *_all_added(analysis, evolve(Analysis(), begun), additions)]


def add_hypothesis(
    problem: Problem,
    *,
    hypothesis: str,
    evidence: tuple[str, ...] = (),
    analysis: UUID | None,
    otherwise: UUID,
) -> Sequence[AnalysisEvent]:
    """To the list that is named, else to the newest open one, else to a new one: `otherwise`."""
    require(problem, "add-hypothesis")
    addition = Hypothesis(hypothesis, evidence)
    lists = [
        id
        for id, each in problem.analyses.items()
        if each.method is Method.HYPOTHESES and not each.concluded
    ]
    wanted = analysis or (lists[-1] if lists else None)
    if wanted is not None:
        return _all_added(wanted, _open(problem, wanted), [addition])
    begun = _begun(problem, otherwise, problem.title, Method.HYPOTHESES, None)
    return [begun, *_all_added(otherwise, evolve(Analysis(), begun), [addition])]


def revise(
    problem: Problem,
    *,
    analysis: UUID,
    node: int,
    text: str | None = None,
    evidence: tuple[str, ...] | None = None,
    gate: Gate | None = None,
) -> Sequence[AnalysisEvent]:
    """What a node says, what proves it, or its gate; of 0 the gate of a top event."""
    require(problem, "analyse")
    held = _open(problem, analysis)
    if node == 0 and (text is not None or evidence is not None or gate is None):
        raise Refused("of the question itself only the gate of a top event can be revised")
    if node != 0:
        known(held, node)
    if gate is not None and held.method is not Method.FAULT_TREE:
        raise Refused("only the events of a fault tree have gates")
    return [e.NodeRevised(analysis=analysis, number=node, text=text, evidence=evidence, gate=gate)]


def move(
    problem: Problem,
    *,
    analysis: UUID,
    node: int,
    under: int | None = None,
    before: int | None = None,
    category: Category | None = None,
) -> Sequence[AnalysisEvent]:
    """With all that stands under it: under another node or the question, before a sibling."""
    require(problem, "analyse")
    held = _open(problem, analysis)
    known(held, node)
    _require_room(held, node, under)
    if held.method is Method.ISHIKAWA:
        require_category(held.method, category, under)
    if before is not None and before not in (each.number for each in held.below(under)):
        raise Refused(f"{before} does not stand there, so {node} cannot stand before it")
    return [
        e.NodeMoved(analysis=analysis, number=node, under=under, before=before, category=category)
    ]


def join(
    problem: Problem, *, analysis: UUID, node: int, under: int | None
) -> Sequence[AnalysisEvent]:
    """Make an event of a fault tree an input of another gate too."""
    require(problem, "analyse")
    held = _open(problem, analysis)
    if held.method is not Method.FAULT_TREE:
        raise Refused("only an event of a fault tree stands under several others")
    joined = known(held, node)
    if joined in held.below(under):
        return []
    if len(joined.under) >= MOST_GATES:
        raise Refused(f"an event is an input of {MOST_GATES} gates at most")
    _require_room(held, node, under)
    return [e.FaultJoined(analysis=analysis, number=node, under=under or 0)]


def judge_fault(
    problem: Problem,
    *,
    analysis: UUID,
    node: int,
    occurred: bool | None,
    evidence: tuple[str, ...] = (),
) -> Sequence[AnalysisEvent]:
    """Whether a basic event has occurred; that of a gate follows from its inputs."""
    require(problem, "analyse")
    held = _open(problem, analysis)
    if held.method is not Method.FAULT_TREE:
        raise Refused("only the events of a fault tree occur or not")
    if known(held, node).gate is not None:
        raise Refused(f"{node} has a gate: whether it occurred follows from its inputs")
    return [e.FaultJudged(analysis=analysis, number=node, occurred=occurred, evidence=evidence)]


def judge_hypothesis(
    problem: Problem,
    *,
    analysis: UUID,
    node: int,
    standing: Standing,
    evidence: tuple[str, ...] = (),
    reason: str | None = None,
) -> Sequence[AnalysisEvent]:
    """Supported or refuted, by evidence; or proposed again, for a reason."""
    require(problem, "analyse")
    held = _open(problem, analysis)
    if known(held, node).standing is None:
        raise Refused("only a hypothesis is supported or refuted")
    if standing is not Standing.PROPOSED and not evidence:
        raise Refused(f"a hypothesis is {standing} by evidence; name it")
    if standing is Standing.PROPOSED and reason is None:
        raise Refused("a hypothesis is open again for a reason; give it")
    if standing is Standing.REFUTED:
        _require_not_evidence(problem, analysis, {node})
    return [
        e.HypothesisJudged(
            analysis=analysis, number=node, standing=standing, evidence=evidence, reason=reason
        )
    ]


def remove(problem: Problem, *, analysis: UUID, node: int) -> Sequence[AnalysisEvent]:
    """A node, with everything that stands under it alone."""
    require(problem, "analyse")
    held = _open(problem, analysis)
    known(held, node)
    left = {each.number for each in left_without(held, node)}
    _require_not_evidence(problem, analysis, {n.number for n in held.nodes} - left)
    return [e.NodeRemoved(analysis=analysis, number=node)]


def conclude(
    problem: Problem, *, analysis: UUID, conclusion: str, nodes: tuple[int, ...] = ()
) -> Sequence[AnalysisEvent]:
    """What came out of it; from then on it is read, not edited."""
    require(problem, "analyse")
    held = _open(problem, analysis)
    if not held.nodes:
        raise Refused("there is nothing in this analysis to conclude from")
    for node in nodes:
        known(held, node)
    return [e.AnalysisConcluded(analysis=analysis, conclusion=conclusion, nodes=nodes)]


def take_up(problem: Problem, *, analysis: UUID, reason: str) -> Sequence[AnalysisEvent]:
    """Go on with a concluded one."""
    require(problem, "analyse")
    if not _known(problem, analysis).concluded:
        raise Refused("this analysis is not concluded; go on with it")
    return [e.AnalysisTakenUp(analysis=analysis, reason=reason)]


def _known(problem: Problem, analysis: UUID) -> Analysis:
    held = problem.analyses.get(analysis)
    if held is None:
        raise Refused("this problem has no such analysis; begin one with its question")
    return held


def _open(problem: Problem, analysis: UUID) -> Analysis:
    held = _known(problem, analysis)
    if held.concluded:
        raise Refused("this analysis is concluded; take it up again first")
    return held


def _begun(
    problem: Problem, analysis: UUID, question: str, method: Method | None, gate: Gate | None
) -> e.AnalysisBegun:
    if len(problem.analyses) >= MOST_ANALYSES:
        raise Refused(f"a problem has {MOST_ANALYSES} analyses at most; go on with one of them")
    if gate is not None and method is not Method.FAULT_TREE:
        raise Refused("only the top event of a fault tree has a gate")
    if method is Method.FAULT_TREE:
        gate = gate or Gate.OR
    return e.AnalysisBegun(analysis=analysis, question=question, method=method, gate=gate)


def _all_added(
    id: UUID, analysis: Analysis, additions: Sequence[Addition]
) -> Sequence[AnalysisEvent]:
    events: list[AnalysisEvent] = []
    for addition in additions:
        events.append(added(id, analysis, addition))
        analysis = evolve(analysis, events[-1])
    return events


def _require_room(analysis: Analysis, node: int, under: int | None) -> None:
    """It may stand there without supporting itself. Raises Refused."""
    if under is None:
        return
    if under in analysis.within(node):
        raise Refused(f"{node} cannot stand under {under}: it would support itself")
    require_above(analysis, analysis.last + 1, under)
    if known(analysis, node).is_fact:
        raise Refused(f"{node} is a fact; facts stand beside one another")
    if depth(analysis, under) + height(analysis, node) > DEEPEST:
        raise Refused(f"an analysis is {DEEPEST} levels deep at most; begin another one")


def _require_not_evidence(problem: Problem, analysis: UUID, nodes: set[int]) -> None:
    named = {each.node for each in problem.proofs if each.analysis == analysis}
    if found := sorted(nodes & named):
        raise Refused(
            f"{found[0]} is evidence of the root cause; record the root cause without it first"
        )
