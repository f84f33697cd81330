"""The labelled set: known errors, and questions that each have one of them as their answer."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

KINDS = {"p": "other words", "s": "slips", "c": "codes"}
_TEXTS = {"T": "title", "S": "symptom", "C": "cause", "W": "workaround"}


class Labelled(NamedTuple):
    """What is asked, in which way, and the title of what answers it."""

    kind: str
    asked: str
    answer: str
    held_out: bool


def known_errors() -> list[dict[str, Any]]:
    """The bodies by which they are drafted."""
    return [_body(block) for block in _blocks()]


def questions() -> list[Labelled]:
    """All questions; every third is held out."""
    told = [(line, _body(block)["title"]) for block in _blocks() for line in block[1:]]
    asked = [(KINDS[line[0]], line[2:], title) for line, title in told if line[0] in KINDS]
    return [Labelled(*each, held_out=n % 3 == 2) for n, each in enumerate(asked)]


def _blocks() -> Iterator[list[str]]:
    for path in sorted(Path(__file__).parent.glob("set_*.txt")):
        for block in path.read_text().split("\n\n"):
            yield block.strip().splitlines()


def _body(block: list[str]) -> dict[str, Any]:
    head = [cell.strip() or None for cell in block[0].removeprefix("@").split("|")]
    code, service, item, product, version = head + [None] * (5 - len(head))
    texts = {_TEXTS[line[0]]: line[2:] for line in block[1:] if line[0] in _TEXTS}
    named = {"services": [service] if service else [], "items": [item] if item else []}
    return {"error_code": code, "product": product, "product_version": version} | texts | named
