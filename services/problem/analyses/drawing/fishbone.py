"""An Ishikawa diagram: a spine towards the effect, and a bone for each category of causes."""

from services.problem.analyses.drawing.canvas import MARGIN, Canvas
from services.problem.analyses.drawing.lettering import LINE, wrapped
from services.problem.analyses.events import Category
from services.problem.analyses.reading import Document

_COLUMN, _SLANT, _TEXT, _HEAD = 310, 56, 228, 240
_UPPER = (Category.PEOPLE, Category.PROCESS, Category.TECHNOLOGY)
_LOWER = (Category.PARTNER, Category.ENVIRONMENT, Category.MEASUREMENT)
_LEAST = 4 * LINE


def draw(canvas: Canvas, document: Document) -> None:
    """The effect at the head, three categories above the spine and three below."""
    lettered = {category: _lettered(document, category) for category in Category}
    above = max(_LEAST, *(len(lettered[each]) * LINE for each in _UPPER)) + 2 * LINE
    below = max(_LEAST, *(len(lettered[each]) * LINE for each in _LOWER)) + 2 * LINE
    spine = MARGIN + above
    right = MARGIN + _SLANT + 3 * _COLUMN
    canvas.line((MARGIN, spine), (right, spine), arrow=True)
    canvas.said((right, spine - 40), _HEAD, document.question, kind="q", label="Effect")
    for place in range(3):
        foot = MARGIN + _SLANT + place * _COLUMN + _COLUMN * 0.2
        _bone(canvas, _UPPER[place], lettered[_UPPER[place]], (foot, spine), -above)
        _bone(canvas, _LOWER[place], lettered[_LOWER[place]], (foot, spine), below)


def _bone(
    canvas: Canvas, category: Category, lines: list[str], foot: tuple[float, float], reach: float
) -> None:
    """From its foot on the spine up (or down), its causes to the right of it."""
    x, spine = foot
    tip = (x - _SLANT, spine + reach)
    canvas.line(tip, foot)
    if reach < 0:
        canvas.lines((tip[0] + 10, tip[1]), [category.value.capitalize()], kind="b")
        start = tip[1] + LINE * 1.5
    else:
        canvas.lines((tip[0] + 10, tip[1] - LINE), [category.value.capitalize()], kind="b")
        start = spine + LINE * 0.4
    for number, line in enumerate(lines):
        y = start + number * LINE
        along = abs(y + LINE / 2 - spine) / abs(reach)
        canvas.lines((x - _SLANT * along + 10, y), [line])


def _lettered(document: Document, category: Category) -> list[str]:
    """The causes of a category, line by line, each below what it explains."""
    lines: list[str] = []
    for node in document.shape.below(None):
        if node.category is category:
            lines += _with_below(document, node.number, 0)
    return lines


def _with_below(document: Document, number: int, depth: int) -> list[str]:
    indent = "\u2003" * min(depth, 6)
    width = _TEXT - 14 * min(depth, 6)
    first, *rest = wrapped(f"{number}. {document.said[number].text}", width, 3)
    lines = [indent + first, *(f"{indent}\u2003{line}" for line in rest)]
    for node in document.shape.below(number):
        lines += _with_below(document, node.number, depth + 1)
    return lines
