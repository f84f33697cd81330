"""One analysis by each method, as commands make it, and its document as it is read."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from services.problem import problem
from services.problem.analyses import commands
from services.problem.analyses.additions import (
    Addition,
    Cause,
    Fact,
    Fault,
    Hypothesis,
    Trial,
    Why,
)
from services.problem.analyses.events import Category, Dimension, Gate, Method, Standing, Verdict
from services.problem.analyses.reading import Document, fold
from services.problem.events import Logged
from services.problem.problem import Problem
from shared.domain import Event

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ID = UUID(int=5)
NASTY = "<script>alert('1 & 2')</script>\x0b | *bold* [x](javascript:1) `code`\n# head\n1. one"
ADDED: dict[Method, Sequence[Addition]] = {
    Method.FIVE_WHYS: (
        Why("The pool ran dry", None, ("graph of 10:04",)),
        Why("It is smaller than its callers", 1),
        Why("Nobody sized it", 2),
        Why("The driver is slow", 1),
    ),
    Method.ISHIKAWA: (
        Cause("Nobody is on call for it", Category.PEOPLE),
        Cause("Pools are never sized", Category.PROCESS),
        Cause("There is no rule for it", None, 2),
        Cause("An old driver", Category.TECHNOLOGY),
        Cause("No alert on free connections", Category.MEASUREMENT),
    ),
    Method.FAULT_TREE: (
        Fault("The pool is dry", Gate.AND),
        Fault("Many callers", None, 1),
        Fault("Connections leak", Gate.OR, 1),
        Fault("The driver forgets them", None, 3),
        Fault("The proxy drops them", None, 3),
        Fault("The host is down"),
    ),
    Method.KEPNER_TREGOE: (
        Fact(Dimension.WHAT, "The checkout is slow", "The search", "It writes", "A new driver"),
        Fact(Dimension.WHEN, "Since Monday", "Before"),
        Cause("The new driver"),
        Cause("More load"),
        Trial(3, 1, Verdict.EXPLAINS),
        Trial(3, 2, Verdict.EXPLAINS_IF, "it was rolled out on Monday"),
        Trial(4, 2, Verdict.CONTRADICTS),
    ),
    Method.HYPOTHESES: (Hypothesis("The driver leaks"), Hypothesis("The host is slow")),
}


class Told(NamedTuple):
    """What a reader needs of a recorded event."""

    event: Event
    recorded_at: datetime
    actor: str = "ada"


def begun(method: Method, question: str = "Why is the checkout slow?") -> Problem:
    """A problem with the example of this method."""
    return after(
        logged(),
        commands.analyse(
            logged(), analysis=ID, question=question, method=method, additions=ADDED[method]
        ),
    )


def logged() -> Problem:
    """A problem without analyses."""
    return after(Problem(), [Logged(number=1, title="Checkout is slow")])


def after(held: Problem, events: Sequence[Event]) -> Problem:
    """A problem after these events."""
    for each in events:
        held = problem.evolve(held, each)  # type: ignore[arg-type]
    return held


def document(events: Sequence[Event]) -> Document:
    """The one analysis that these events make, read."""

    def told() -> Iterator[Any]:
        for number, each in enumerate(events):
            yield Told(each, NOON + timedelta(minutes=number)), each

    [found] = fold(told())
    return found


def example(
    method: Method, question: str = "Why is the checkout slow?", *then: dict[str, Any]
) -> Document:
    """The document of the example of this method, after further commands on it."""
    held = logged()
    events = list(
        commands.analyse(
            held, analysis=ID, question=question, method=method, additions=ADDED[method]
        )
    )
    held = after(held, events)
    for each in then:
        arguments = dict(each)
        command = getattr(commands, arguments.pop("command"))
        more = command(held, analysis=ID, **arguments)
        events += more
        held = after(held, more)
    return document(events)


SUPPORTED = {
    "command": "judge_hypothesis",
    "node": 1,
    "standing": Standing.SUPPORTED,
    "evidence": ("heap dump",),
}
