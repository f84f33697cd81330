"""What people wrote, cut into lines that fit, and harmless in XML."""

import re
import unicodedata
from html import escape

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
CELL = 7.2
"""Width of a Latin letter, in pixels; a sign of a script without spaces has two of them."""
LINE = 17
_LONGEST_TITLE = 1_000


def plain(text: str) -> str:
    """Without what XML does not know, and without what turns the direction of other words."""
    return _TURNING.sub("", _ILLEGAL.sub("", text))


def in_xml(text: str) -> str:
    """As content or attribute of an element."""
    return escape(plain(text), quote=True)


def title(text: str) -> str:
    """As an element that tells the whole text, where only a part of it is drawn."""
    return f"<title>{in_xml(text[:_LONGEST_TITLE])}</title>"


def wrapped(text: str, width: float, most: int) -> list[str]:
    """At most so many lines of this width in pixels; what does not fit ends in an ellipsis."""
    cells = max(int(width / CELL), 4)
    lines: list[str] = []
    for paragraph in plain(text[: cells * (most + 1) * 2]).split("\n"):
        lines += _filled(paragraph.split(), cells)
        if len(lines) > most:
            return [*lines[: most - 1], _cut(lines[most - 1], cells)]
    return lines or [""]


def cells_of(text: str) -> int:
    """How many cells a text is wide."""
    return sum(map(_cells, text))


def _cells(sign: str) -> int:
    if unicodedata.combining(sign) or unicodedata.category(sign) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in ("W", "F") else 1


def _filled(words: list[str], cells: int) -> list[str]:
    lines, line = [], ""
    for word in (part for each in words for part in _broken(each, cells)):
        if line and cells_of(line) + 1 + cells_of(word) > cells:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line] if line else lines


def _broken(word: str, cells: int) -> list[str]:
    parts, part, used = [], "", 0
    for sign in word:
        wide = _cells(sign)
        if used + wide > cells:
            parts.append(part)
            part, used = "", 0
        part, used = part + sign, used + wide
    return [*parts, part]


def _cut(line: str, cells: int) -> str:
    while cells_of(line) > cells - 1:
        line = line[:-1]
    return line.rstrip() + "…"
