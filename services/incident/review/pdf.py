"""A document as PDF, by the extra `typst`. Its texts are data to the template, never its code."""

from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from services.incident.review.outline import Block, Outline, Picture
from services.incident.review.picture import picture
from services.incident.review.words import moment
from shared.errors import Refused
from shared.extras import how_to_install

MISSING = f"PDF needs the extra typst: {how_to_install('typst')}; the HTML form prints well"
_TEMPLATE = Path(__file__).with_name("page.typ")


def as_pdf(outline: Outline) -> bytes:
    """The whole document. Raises Refused where the extra is not installed."""
    try:
        typst: Any = import_module("typst")
    except ImportError:
        raise Refused(MISSING) from None
    told = {
        "kind": outline.kind,
        "title": outline.title,
        "marks": outline.marks,
        "blocks": [_told(each) for each in outline.blocks],
    }
    data = msgspec.json.encode(told).decode()
    made: bytes = typst.compile(_TEMPLATE.read_bytes(), sys_inputs={"document": data})
    return made


def _told(block: Block) -> dict[str, Any]:
    kind = type(block).__name__.lower()
    if isinstance(block, Picture):
        return {"kind": kind, "svg": str.__str__(picture(*block))}
    return {"kind": kind, **_plain(block)}


def _plain(value: Any) -> Any:
    """Names and texts only."""
    if hasattr(value, "_asdict"):
        return {name: _plain(each) for name, each in value._asdict().items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return moment(value) if isinstance(value, datetime) else value
