"""Analyses that are tables: Kepner and Tregoe's facts and tests, hypotheses."""

from collections.abc import Sequence
from typing import NamedTuple

from services.problem.analyses.drawing.canvas import MARGIN, PAD, Canvas
from services.problem.analyses.drawing.lettering import LINE, wrapped
from services.problem.analyses.events import Standing, Verdict
from services.problem.analyses.reading import Document

_MOST_LINES = 8
_SIGNS = {
    Verdict.EXPLAINS: "+",
    Verdict.EXPLAINS_IF: "(+)",
    Verdict.CONTRADICTS: "\u2212",
    None: "",
}
_SIGN_KINDS = {
    Verdict.EXPLAINS: "n",
    Verdict.EXPLAINS_IF: "u",
    Verdict.CONTRADICTS: "y",
    None: "",
}
_STANDINGS = {Standing.PROPOSED: "u", Standing.SUPPORTED: "n", Standing.REFUTED: "y", None: ""}


class Cell(NamedTuple):
    """A text in a table, and how its box looks."""

    text: str
    kind: str = ""


def kepner_tregoe(canvas: Canvas, document: Document) -> None:
    """What is and is not, then each possible cause against each fact."""
    shape = document.shape
    facts = [node.number for node in shape.nodes if node.is_fact]
    causes = [node.number for node in shape.nodes if not node.is_fact]
    y = _question(canvas, document, 960)
    head = ["", "Is", "Is not", "Distinction", "Change"]
    rows = [[_dimension(document, n), *_fact(document, n)] for n in facts]
    y = _table(canvas, y, [120, 210, 210, 210, 210], head, rows)
    if causes and facts:
        head = ["Possible cause", *map(str, facts)]
        tested = [[Cell(f"{n}. {_text(document, n)}"), *_tests(document, n, facts)] for n in causes]
        _table(canvas, y + LINE, [330, *([56] * len(facts))], head, tested)


def hypotheses(canvas: Canvas, document: Document) -> None:
    """Each hypothesis, how it stands, and because of what."""
    y = _question(canvas, document, 880)
    rows = [
        [
            Cell(str(node.number)),
            Cell(document.said[node.number].text),
            Cell(node.standing.value if node.standing else "", _STANDINGS[node.standing]),
            Cell(_evidence(document, node.number)),
        ]
        for node in document.shape.nodes
    ]
    _table(canvas, y, [44, 380, 100, 356], ["", "Hypothesis", "Standing", "Evidence"], rows)


def _question(canvas: Canvas, document: Document, width: float) -> float:
    height = canvas.said((MARGIN, MARGIN), width, document.question, kind="q")
    return MARGIN + height + LINE


def _text(document: Document, number: int) -> str:
    return document.said[number].text


def _dimension(document: Document, number: int) -> Cell:
    said = document.said[number].more["dimension"] or ""
    return Cell(f"{number}. {said.capitalize()}", "h")


def _fact(document: Document, number: int) -> list[Cell]:
    more = document.said[number].more
    others = (more["not_observed"], more["distinction"], more["change"])
    return [Cell(_text(document, number)), *(Cell(each or "") for each in others)]


def _tests(document: Document, cause: int, facts: Sequence[int]) -> list[Cell]:
    verdicts = (document.shape.verdict(cause, fact) for fact in facts)
    return [Cell(_SIGNS[verdict], _SIGN_KINDS[verdict]) for verdict in verdicts]


def _evidence(document: Document, number: int) -> str:
    said = document.said[number]
    named = "; ".join((*said.evidence, *said.because))
    return "\n".join(each for each in (named, said.reason) if each)


def _table(
    canvas: Canvas,
    y: float,
    widths: Sequence[float],
    head: Sequence[str],
    rows: Sequence[Sequence[Cell]],
) -> float:
    """Draw it from here down; answers where it ends."""
    for row in ([Cell(text, "h") for text in head], *rows):
        y += _row(canvas, y, widths, row)
    return y


def _row(canvas: Canvas, y: float, widths: Sequence[float], row: Sequence[Cell]) -> float:
    lettered = [
        wrapped(cell.text, width - 2 * PAD, _MOST_LINES)
        for cell, width in zip(row, widths, strict=True)
    ]
    height = max(map(len, lettered)) * LINE + PAD
    x = float(MARGIN)
    for cell, width, lines in zip(row, widths, lettered, strict=True):
        canvas.box((x, y), (width, height), kind=cell.kind, round=0, tells=cell.text)
        canvas.lines((x + PAD, y + PAD / 2), lines)
        x += width
    return height
