"""Five whys as a tree: what explains an answer stands below it, further to the right."""

from services.problem.analyses.drawing.canvas import MARGIN, Canvas
from services.problem.analyses.reading import Document

_WIDTH, _INDENT, _GAP = 460, 36, 14


def draw(canvas: Canvas, document: Document) -> None:
    """The question and the tree of its answers."""
    place = (float(MARGIN), float(MARGIN))
    bottom = MARGIN + canvas.said(place, _WIDTH, document.question, kind="q", label="Why?")
    _below(canvas, document, None, (MARGIN, bottom))


def _below(
    canvas: Canvas, document: Document, number: int | None, under: tuple[float, float]
) -> float:
    """Draw what stands below the box that ends here; answers where that ends."""
    x, bottom = under
    y = bottom
    for node in document.shape.below(number):
        said, top = document.said[node.number], y + _GAP
        at = (x + _INDENT, top)
        height = canvas.said(
            at, _WIDTH, said.text, label=f"{node.number}", small=evidence(said.evidence)
        )
        middle = top + min(height / 2, 20)
        canvas.line((x + _INDENT / 2, bottom), (x + _INDENT / 2, middle), (x + _INDENT, middle))
        y = _below(canvas, document, node.number, (x + _INDENT, top + height))
    return y


def evidence(named: tuple[str, ...]) -> str:
    """What proves it, in a line."""
    return f"Evidence: {'; '.join(named)}" if named else ""
