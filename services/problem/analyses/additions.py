"""What is added to an analysis, and what each method takes: an addition becomes its event.

A node stands under one that came before it, so nothing that is added can support itself.
"""

from collections.abc import Callable
from typing import NamedTuple, assert_never
from uuid import UUID

from services.problem.analyses import events as e
from services.problem.analyses.analysis import Analysis, Node
from services.problem.analyses.events import (
    AnalysisEvent,
    Category,
    Dimension,
    Gate,
    Method,
    Verdict,
)
from shared.errors import Refused

MOST_NODES = 200
MOST_TESTS = 500
DEEPEST = 20


class Why(NamedTuple):
    """An answer; `under` is the number of the one it explains, None for the question itself."""

    answer: str
    under: int | None = None
    evidence: tuple[str, ...] = ()


class Cause(NamedTuple):
    """A possible cause: in a category, or under another cause."""

    cause: str
    category: Category | None = None
    under: int | None = None
    evidence: tuple[str, ...] = ()


class Fault(NamedTuple):
    """An event of a fault tree, basic where it has no gate."""

    fault: str
    gate: Gate | None = None
    under: int | None = None
    evidence: tuple[str, ...] = ()


class Fact(NamedTuple):
    """What is, what is not though it might be, and what sets the two apart."""

    dimension: Dimension
    observed: str
    not_observed: str | None = None
    distinction: str | None = None
    change: str | None = None
    evidence: tuple[str, ...] = ()


class Trial(NamedTuple):
    """A possible cause held against a fact."""

    cause: int
    fact: int
    verdict: Verdict
    note: str | None = None


class Hypothesis(NamedTuple):
    """What may be behind it."""

    hypothesis: str
    evidence: tuple[str, ...] = ()


Addition = Why | Cause | Fault | Fact | Trial | Hypothesis

_TAKES: dict[Method, tuple[str, tuple[type[Addition], ...]]] = {
    Method.FIVE_WHYS: ("five whys; give whys", (Why,)),
    Method.ISHIKAWA: ("an Ishikawa diagram; give causes", (Cause,)),
    Method.FAULT_TREE: ("a fault tree; give faults", (Fault,)),
    Method.KEPNER_TREGOE: ("by Kepner and Tregoe; give facts, causes, tests", (Fact, Cause, Trial)),
    Method.HYPOTHESES: ("a list of hypotheses; give hypotheses", (Hypothesis,)),
}


def added(id: UUID, analysis: Analysis, addition: Addition) -> AnalysisEvent:
    """The event of this addition. Raises Refused."""
    said, kinds = _TAKES[analysis.method]
    if not isinstance(addition, kinds):
        raise Refused(f"this analysis is {said}")
    if isinstance(addition, Trial):
        return _tested(id, analysis, addition)
    if len(analysis.nodes) >= MOST_NODES:
        raise Refused(f"an analysis has {MOST_NODES} entries at most; begin another one")
    number = analysis.last + 1
    if isinstance(addition, Why | Cause | Fault):
        require_above(analysis, number, addition.under)
    if isinstance(addition, Cause):
        require_category(analysis.method, addition.category, addition.under)
    return _event(addition)(analysis=id, number=number, **addition._asdict())


def _event(addition: Why | Cause | Fault | Fact | Hypothesis) -> Callable[..., AnalysisEvent]:
    match addition:
        case Why():
            return e.WhyAnswered
        case Cause():
            return e.CauseSuspected
        case Fault():
            return e.FaultAdded
        case Fact():
            return e.FactStated
        case Hypothesis():
            return e.HypothesisProposed
        case _:
            assert_never(addition)


def require_above(analysis: Analysis, number: int, under: int | None) -> None:
    """A node of this number may stand under that one. Raises Refused."""
    if under is None:
        return
    if under >= number and analysis.node(under) is None:
        raise Refused(f"{number} cannot stand under {under}: that comes later, or is itself")
    above = known(analysis, under)
    if above.is_fact:
        raise Refused(f"{under} is a fact; causes do not stand under it")
    if analysis.method is Method.KEPNER_TREGOE:
        raise Refused("possible causes are tested against facts; they do not stand under others")
    if analysis.method is Method.FAULT_TREE and above.gate is None:
        raise Refused(f"{under} is a basic event; give it a gate before it has inputs")
    if depth(analysis, under) >= DEEPEST:
        raise Refused(f"an analysis is {DEEPEST} levels deep at most; begin another one")


def require_category(method: Method, category: Category | None, under: int | None) -> None:
    """A cause of an Ishikawa diagram has a category or stands under one that has."""
    if method is not Method.ISHIKAWA:
        if category is not None:
            raise Refused("only causes of an Ishikawa diagram have categories")
        return
    if (category is None) is (under is None):
        known_ones = ", ".join(Category)
        raise Refused(f"a cause stands in one category ({known_ones}) or under another cause")


def known(analysis: Analysis, number: int) -> Node:
    """The node of this number. Raises Refused."""
    node = analysis.node(number)
    if node is None:
        raise Refused(f"this analysis has no entry {number}")
    return node


def depth(analysis: Analysis, number: int) -> int:
    """How deep a node stands, 1 directly under the question: by its longest way up."""
    levels, level = 0, {number}
    while level:
        levels += 1
        level = {up for node in analysis.nodes if node.number in level for up in node.under} - {0}
    return levels


def height(analysis: Analysis, number: int) -> int:
    """How many levels there are from a node down, itself included."""
    levels, level = 0, {number}
    while level:
        levels += 1
        level = {node.number for each in level for node in analysis.below(each)}
    return levels


def _tested(id: UUID, analysis: Analysis, test: Trial) -> AnalysisEvent:
    if known(analysis, test.cause).is_fact:
        raise Refused(f"{test.cause} is a fact; name a possible cause to test")
    if not known(analysis, test.fact).is_fact:
        raise Refused(f"{test.fact} is a possible cause; name a fact to test it against")
    is_new = analysis.verdict(test.cause, test.fact) is None
    if is_new and len(analysis.tests) >= MOST_TESTS:
        raise Refused(f"an analysis has {MOST_TESTS} tests at most; begin another one")
    if test.verdict is Verdict.EXPLAINS_IF and test.note is None:
        raise Refused("a cause that explains a fact only if something holds: say what, as a note")
    return e.CauseTested(analysis=id, **test._asdict())
