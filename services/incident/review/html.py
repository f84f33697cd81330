"""A document as one page of HTML: nothing is loaded from anywhere, nothing runs, all is escaped."""

from collections.abc import Iterable
from pathlib import Path
from typing import assert_never
from uuid import UUID

from services.incident.review.markup import Markup, paragraphs, tag
from services.incident.review.outline import (
    Block,
    Card,
    Cards,
    Heading,
    Line,
    Lines,
    Note,
    Outline,
    Picture,
    Said,
    Table,
)
from services.incident.review.picture import picture
from services.incident.review.words import moment

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""The page's Content-Security-Policy: it needs nothing but its own style."""

_STYLE = Markup(Path(__file__).with_name("page.css").read_text(encoding="utf-8"))
_STRONG = frozenset({"major", "completed", "accepted"})
_BAD = frozenset({"overdue"})


def as_html(outline: Outline) -> str:
    """The whole page."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{outline.kind}: {outline.title}"),
        tag("style", _STYLE),
    )
    top = tag(
        "header",
        tag("small", outline.kind),
        tag("h1", outline.title),
        *(tag("span", each, class_=_pill(each)) for each in outline.marks),
    )
    body = tag("body", tag("main", top, *map(_block, outline.blocks)))
    return "<!DOCTYPE html>\n" + tag("html", head, body, lang="en") + "\n"


def _pill(mark: str) -> str:
    kind = " strong" if mark in _STRONG else " bad" if mark in _BAD else ""
    return f"pill{kind}"


def _block(block: Block) -> Markup:
    match block:
        case Heading(text=text, level=level):
            return tag(f"h{level}", text)
        case Said(text=text):
            return paragraphs(text)
        case Note(text=text):
            return tag("p", text, class_="quiet")
        case Cards(cards=cards):
            return tag("div", *map(_card, cards), class_="cards")
        case Table():
            return _table(block)
        case Lines(lines=lines):
            return tag("ol", *map(_line, lines), class_="events")
        case Picture():
            return tag("div", picture(*block), class_="scroll", tabindex="0")
        case _:
            assert_never(block)


def _card(card: Card) -> Markup:
    proofs = (_proof(each) for each in dict.fromkeys(card.proofs))
    return tag("div", tag("small", card.label), tag("b", card.value), *proofs, class_="card")


def _table(table: Table) -> Markup:
    heads = [*table.heads, "Event"] if any(proof for _, proof in table.rows) else table.heads
    head = tag("thead", tag("tr", *(tag("th", each) for each in heads)))
    rows = (tag("tr", *_cells(heads, cells, proof)) for cells, proof in table.rows)
    return tag("table", head, tag("tbody", *rows))


def _cells(heads: Iterable[str], cells: Iterable[str], proof: UUID | None) -> Iterable[Markup]:
    named = zip(heads, (*cells, None), strict=False)
    for head, cell in named:
        if cell is not None:
            yield tag("td", cell, data_label=head)
        else:
            yield tag("td", None if proof is None else _proof(proof))


def _line(line: Line) -> Markup:
    detail = None if line.detail is None else paragraphs(line.detail)
    what = tag("div", tag("b", line.title), detail, tag("small", line.by), _proof(line.proof))
    return tag("li", tag("time", moment(line.at), datetime=line.at.isoformat()), what)


def _proof(event: UUID) -> Markup:
    return tag("span", str(event), class_="proof")
