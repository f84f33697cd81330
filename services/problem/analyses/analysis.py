"""A root cause analysis: the shape of its nodes, folded from its events. Texts stay in the log."""

from collections.abc import Callable, Iterator
from typing import assert_never

from services.problem.analyses import events as e
from services.problem.analyses.events import (
    AnalysisEvent,
    Category,
    Gate,
    Method,
    Standing,
    Verdict,
)
from shared.domain import State, changed


class Node(State, frozen=True):
    """A node; `under` are the nodes it stands under, none of them or 0: the question.

    Its place among its siblings is its place among all nodes. `is_fact`: of Kepner and Tregoe.
    """

    number: int
    under: tuple[int, ...] = ()
    is_fact: bool = False
    category: Category | None = None
    gate: Gate | None = None
    occurred: bool | None = None
    standing: Standing | None = None


class Analysis(State, frozen=True):
    """An analysis; `last` is the highest number ever given, `gate` that of a top event."""

    method: Method = Method.FIVE_WHYS
    gate: Gate | None = None
    nodes: tuple[Node, ...] = ()
    last: int = 0
    tests: dict[str, Verdict] = {}  # by "cause fact"
    concluded: bool = False

    def node(self, number: int | None) -> Node | None:
        """The node of this number, if there is one."""
        return next((node for node in self.nodes if node.number == number), None)

    def below(self, number: int | None) -> tuple[Node, ...]:
        """What stands directly under a node, or under the question, in its order."""
        if number is None:
            return tuple(node for node in self.nodes if not node.under or 0 in node.under)
        return tuple(node for node in self.nodes if number in node.under)

    def within(self, number: int) -> frozenset[int]:
        """A node and everything that stands under it, however deep."""
        found: set[int] = set()
        waiting = [number]
        while waiting:
            each = waiting.pop()
            if each not in found:
                found.add(each)
                waiting += [node.number for node in self.below(each)]
        return frozenset(found)

    def verdict(self, cause: int, fact: int) -> Verdict | None:
        """Whether a possible cause explains a fact, as last tested."""
        return self.tests.get(f"{cause} {fact}")


def evolve(analysis: Analysis, event: AnalysisEvent) -> Analysis:
    """Never refuses: this has already happened, whatever today's rules say."""
    match event:
        case e.AnalysisBegun(method=method, gate=gate):
            return changed(analysis, method=method or Method.FIVE_WHYS, gate=gate)
        case e.WhyAnswered():
            return _added(analysis, Node(number=event.number, under=_under(event.under)))
        case e.CauseSuspected():
            under, category = _under(event.under), event.category
            return _added(analysis, Node(number=event.number, under=under, category=category))
        case e.FaultAdded():
            under, gate = _under(event.under), event.gate
            return _added(analysis, Node(number=event.number, under=under, gate=gate))
        case e.FaultJoined(number=number, under=under):
            return _each(analysis, lambda n: _joined(n, under) if n.number == number else n)
        case e.FaultJudged(number=number, occurred=occurred):
            return _node_changed(analysis, number, occurred=occurred)
        case e.FactStated():
            return _added(analysis, Node(number=event.number, is_fact=True))
        case e.CauseTested(cause=cause, fact=fact, verdict=verdict):
            return changed(analysis, tests=analysis.tests | {f"{cause} {fact}": verdict})
        case e.HypothesisProposed():
            return _added(analysis, Node(number=event.number, standing=Standing.PROPOSED))
        case e.HypothesisJudged(number=number, standing=standing):
            return _node_changed(analysis, number, standing=standing)
        case e.NodeRevised(number=number, gate=gate, category=category):
            told = {"gate": gate, "category": category}
            said = {name: value for name, value in told.items() if value is not None}
            if number == 0:
                return changed(analysis, gate=gate or analysis.gate)
            return _node_changed(analysis, number, **said)
        case e.NodeMoved():
            return _moved(analysis, event)
        case e.NodeRemoved(number=number):
            return _without(analysis, number)
        case e.AnalysisConcluded():
            return changed(analysis, concluded=True)
        case e.AnalysisTakenUp():
            return changed(analysis, concluded=False)
        case _:
            assert_never(event)


def left_without(analysis: Analysis, number: int) -> Iterator[Node]:
    """The nodes that stay when one is removed with all that stands under it alone."""
    gone = {number}
    while True:
        falling = {
            node.number
            for node in analysis.nodes
            if node.under and node.number not in gone and gone.issuperset(node.under)
        }
        if not falling:
            break
        gone |= falling
    for node in analysis.nodes:
        if node.number not in gone:
            yield changed(node, under=tuple(each for each in node.under if each not in gone))


def _under(number: int | None) -> tuple[int, ...]:
    return () if number is None else (number,)


def _added(analysis: Analysis, node: Node) -> Analysis:
    last = max(analysis.last, node.number)
    return changed(analysis, nodes=(*analysis.nodes, node), last=last)


def _each(analysis: Analysis, of: Callable[[Node], Node]) -> Analysis:
    return changed(analysis, nodes=tuple(of(node) for node in analysis.nodes))


def _node_changed(analysis: Analysis, number: int, **fields: object) -> Analysis:
    return _each(analysis, lambda n: changed(n, **fields) if n.number == number else n)


def _joined(node: Node, under: int) -> Node:
    held = node.under or (0,)
    return node if under in held else changed(node, under=(*held, under))


def _moved(analysis: Analysis, event: e.NodeMoved) -> Analysis:
    moving = analysis.node(event.number)
    if moving is None:  # read by effective time, it may not have been added yet
        return analysis
    moved = changed(moving, under=_under(event.under), category=event.category)
    rest = [node for node in analysis.nodes if node.number != event.number]
    places = [place for place, node in enumerate(rest) if node.number == event.before]
    place = places[0] if places else len(rest)
    return changed(analysis, nodes=(*rest[:place], moved, *rest[place:]))


def _without(analysis: Analysis, number: int) -> Analysis:
    nodes = tuple(left_without(analysis, number))
    kept = {str(node.number) for node in nodes}
    tests = {key: v for key, v in analysis.tests.items() if kept.issuperset(key.split())}
    return changed(analysis, nodes=nodes, tests=tests)
