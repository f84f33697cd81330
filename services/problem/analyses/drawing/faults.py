"""A fault tree: the top event above, what it follows from below, through gates.

An event that is an input of several gates is drawn under the first; elsewhere its number stands.
"""

from dataclasses import dataclass, field

from services.problem.analyses.drawing.canvas import MARGIN, PAD, Canvas
from services.problem.analyses.drawing.lettering import LINE, wrapped
from services.problem.analyses.events import Gate
from services.problem.analyses.follows import Occurred, follows, inputs
from services.problem.analyses.reading import Document

_WIDTH, _GAP, _GATE, _DROP = 190, 20, 34, 26
_KINDS = {True: "y", False: "n", None: "u"}
_WORDS = {True: "occurred", False: "did not occur", None: "unknown"}


@dataclass
class _Event:
    """An event as it is drawn; `again`: it is drawn elsewhere, only its number stands here."""

    number: int
    lines: list[str]
    gate: Gate | None
    occurred: Occurred
    text: str
    again: bool = False
    inputs: list["_Event"] = field(default_factory=list)
    middle: float = 0.0

    @property
    def height(self) -> float:
        """Of its box."""
        return (len(self.lines) + 1) * LINE + PAD


def draw(canvas: Canvas, document: Document) -> None:
    """The tree from its top event down."""
    drawn: set[int] = set()
    top = _event(document, 0, follows(document.shape), drawn)
    _place(top, MARGIN)
    _draw(canvas, top, MARGIN)


def _event(
    document: Document, number: int, occurred: dict[int, Occurred], drawn: set[int]
) -> _Event:
    node = document.shape.node(number)
    text = document.said[number].text if node else document.question
    gate = node.gate if node else document.shape.gate or Gate.OR
    if number in drawn:
        again = [f"see {number}"]
        return _Event(number, again, None, occurred[number], text, again=True)
    drawn.add(number)
    lines = wrapped(text, _WIDTH - 2 * PAD, 5)
    event = _Event(number, lines, gate, occurred[number], text)
    event.inputs = [_event(document, n, occurred, drawn) for n in inputs(document.shape, number)]
    return event


def _place(event: _Event, left: float) -> float:
    """Give everything its middle, from this left edge on; answers the right edge."""
    right = left
    for each in event.inputs:
        right = _place(each, right) + _GAP
    if event.inputs:
        event.middle = (event.inputs[0].middle + event.inputs[-1].middle) / 2
        return max(right - _GAP, event.middle + _WIDTH / 2)
    event.middle = left + _WIDTH / 2
    return left + _WIDTH


def _draw(canvas: Canvas, event: _Event, top: float) -> None:
    left, bottom = event.middle - _WIDTH / 2, top + event.height
    round = 4 if event.gate else 16
    kind = _KINDS[event.occurred]
    canvas.box((left, top), (_WIDTH, event.height), kind=kind, round=round, tells=event.text)
    label = "Top event" if event.number == 0 else str(event.number)
    canvas.lines((left + PAD, top + 4), [f"{label}: {_WORDS[event.occurred]}"], kind="s")
    canvas.lines((left + PAD, top + 4 + LINE), event.lines)
    if event.gate is None:
        return
    canvas.line((event.middle, bottom), (event.middle, bottom + _DROP / 2))
    _gate(canvas, event.gate, (event.middle, bottom + _DROP / 2))
    below = bottom + _DROP / 2 + _GATE
    rail, next_top = below + _DROP / 2, below + _DROP
    for each in event.inputs:
        points = ((event.middle, below), (event.middle, rail), (each.middle, rail))
        canvas.line(*points, (each.middle, next_top))
        _draw(canvas, each, next_top)


def _gate(canvas: Canvas, gate: Gate, at: tuple[float, float]) -> None:
    """The usual signs: AND a closed arch with a flat foot, OR one with a hollow foot."""
    x, y = at
    foot = y + _GATE
    arch = f"M{x - 17:.0f} {foot:.0f}V{y + 16:.0f}Q{x - 17:.0f} {y:.0f} {x:.0f} {y:.0f}"
    arch += f"Q{x + 17:.0f} {y:.0f} {x + 17:.0f} {y + 16:.0f}V{foot:.0f}"
    hollow = f"Q{x:.0f} {foot - 12:.0f} {x - 17:.0f} {foot:.0f}" if gate is Gate.OR else ""
    canvas.shape(f"{arch}{hollow}Z", kind="h")
    canvas.lines((x, y + 5), [gate.value.upper()], kind="s", anchor="middle")
