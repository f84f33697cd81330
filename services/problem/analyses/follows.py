"""What follows in a fault tree: whether an event occurred, by the states of the basic ones."""

from collections.abc import Callable, Iterable

from services.problem.analyses.analysis import Analysis
from services.problem.analyses.events import Gate

Occurred = bool | None
"""True, false, or nobody knows."""


def follows(analysis: Analysis) -> dict[int, Occurred]:
    """Whether each event occurred, by number; 0 is the top event."""
    found: dict[int, Occurred] = {}
    of = _reader(analysis, found)
    for node in analysis.nodes:
        of(node.number)
    found[0] = through(analysis.gate or Gate.OR, map(of, inputs(analysis, 0)))
    return found


def inputs(analysis: Analysis, number: int) -> list[int]:
    """The numbers of the events that a gate depends on; 0 is the top event's."""
    return [node.number for node in analysis.below(number or None)]


def through(gate: Gate, states: Iterable[Occurred]) -> Occurred:
    """What comes out of a gate: AND of all, OR of any; of nothing nothing is known."""
    given = list(states)
    decides = gate is Gate.OR
    if decides in given:
        return decides
    return None if not given or None in given else not decides


def _reader(analysis: Analysis, found: dict[int, Occurred]) -> Callable[[int], Occurred]:
    nodes = {node.number: node for node in analysis.nodes}

    def of(number: int) -> Occurred:
        if number not in found:
            node = nodes[number]
            below = inputs(analysis, number)
            found[number] = through(node.gate, map(of, below)) if node.gate else node.occurred
        return found[number]

    return of
