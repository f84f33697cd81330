"""A document as Markdown (CommonMark with tables): what people have written stays what it is."""

import re
from collections.abc import Iterable
from typing import assert_never

from services.incident.review.outline import (
    Block,
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
from services.incident.review.words import moment

_SPECIAL = re.compile(r"([\\`*_\[\]<>|~&$])")
_BEGINS = re.compile(r"^([#+=-])")
_NUMBERED = re.compile(r"^(\d+)([.)])")


def as_markdown(outline: Outline) -> str:
    """The whole document."""
    head = (f"# {escaped(outline.title)}", " · ".join(map(escaped, (outline.kind, *outline.marks))))
    blocks = [_block(each) for each in outline.blocks]
    return "\n\n".join(each for each in (*head, *blocks) if each) + "\n"


def escaped(text: str) -> str:
    """A text in one line, in which nothing is taken for Markdown or HTML."""
    line = " ".join(text.split())
    line = _BEGINS.sub(r"\\\1", _SPECIAL.sub(r"\\\1", line))
    return _NUMBERED.sub(r"\1\\\2", line)


def _block(block: Block) -> str:
    match block:
        case Heading(text=text, level=level):
            return f"{'#' * level} {escaped(text)}"
        case Said(text=text):
            return _said(text)
        case Note(text=text):
            return f"*{escaped(text)}*"
        case Cards(cards=cards):
            rows = (((each.label, each.value), each.proofs) for each in cards)
            return "\n".join(f"- {escaped(a)}: **{escaped(b)}**{_proofs(p)}" for (a, b), p in rows)
        case Table():
            return _table(block)
        case Lines(lines=lines):
            return "\n".join(map(_line, lines))
        case Picture():
            return ""
        case _:
            assert_never(block)


def _said(text: str) -> str:
    """Blank lines part paragraphs; other lines end where they ended."""
    blocks = ("\\\n".join(_lines_of(block)) for block in re.split(r"\n\s*\n", _unified(text)))
    return "\n\n".join(block for block in blocks if block)


def _lines_of(block: str) -> list[str]:
    return [escaped(line) for line in block.split("\n") if line.strip()]


def _unified(text: str) -> str:
    return "\n".join(text.splitlines())


def _table(table: Table) -> str:
    has_proof = any(proof for _, proof in table.rows)
    heads = [*table.heads, "Event"] if has_proof else list(table.heads)
    rows = (
        [*map(escaped, cells), *([_proof(proof)] if has_proof else [])]
        for cells, proof in table.rows
    )
    return "\n".join(map(_row, (heads, ["---"] * len(heads), *rows)))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _line(line: Line) -> str:
    detail = "" if not line.detail else f": {escaped(line.detail)}"
    title = f"**{escaped(line.title)}**{detail}"
    return f"- {escaped(moment(line.at))} {title} ({escaped(line.by)}){_proofs([line.proof])}"


def _proofs(proofs: Iterable[object]) -> str:
    told = ", ".join(map(_proof, dict.fromkeys(proofs)))
    return f" {told}" if told else ""


def _proof(event: object) -> str:
    return "" if event is None else f"`{event}`"
