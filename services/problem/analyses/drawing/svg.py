"""An analysis as one SVG document: its picture by its method, and what came out of it."""

from collections.abc import Callable

from services.problem.analyses.drawing import faults, fishbone, tables, whys
from services.problem.analyses.drawing.canvas import MARGIN, Canvas
from services.problem.analyses.events import Method
from services.problem.analyses.reading import Document
from services.problem.analyses.timeline import NAMES

_LEAST, _MOST = 480.0, 960.0
_DRAWN: dict[Method, Callable[[Canvas, Document], None]] = {
    Method.FIVE_WHYS: whys.draw,
    Method.ISHIKAWA: fishbone.draw,
    Method.FAULT_TREE: faults.draw,
    Method.KEPNER_TREGOE: tables.kepner_tregoe,
    Method.HYPOTHESES: tables.hypotheses,
}


def drawn(document: Document) -> str:
    """The analysis as SVG."""
    canvas = Canvas()
    method = document.shape.method
    _DRAWN[method](canvas, document)
    if document.conclusion is not None:
        width = min(max(canvas.width - MARGIN, _LEAST), _MOST)
        at = (float(MARGIN), canvas.height + MARGIN)
        canvas.said(at, width, document.conclusion.conclusion, kind="q", label="Conclusion")
    return canvas.document(f"{NAMES[method]}: {document.question}")
