"""Words with values in them: substitution and nothing else, so a template can compute nothing.

A value is put in as it is: what looks like a placeholder inside of it stays text.
"""

import re
import unicodedata
from collections.abc import Mapping

from services.notification.events import Template
from services.notification.said import Words

NAMES = (
    "number", "title", "status", "priority", "service", "fact", "happened", "happened_at", "id",
)  # fmt: skip
"""What a template may name."""

DEFAULT = Template(
    subject="[{{number}}] {{title}}: {{happened}}",
    text="{{number}} {{title}}\n\n{{happened}} at {{happened_at}}\n\n"
    "Status: {{status}}\nPriority: {{priority}}\nService: {{service}}\n",
)

_PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_MOST_IN_SUBJECT, _MOST_IN_TEXT = 250, 100_000
_LAYOUT = frozenset("\n\t")
_BREAKING = frozenset({"Cc", "Zl", "Zp"})
_UNSEEN = frozenset({"Cf", "Cs"})
_JOINERS = "\u200c\u200d"  # words of some languages need them


def unknown_names(words: str) -> list[str]:
    """What these words name that no fact has."""
    return sorted(set(_PLACE.findall(words)) - set(NAMES))


def line(words: str, values: Mapping[str, str]) -> str:
    """One line, fit for a mail header: no line breaks, nothing invisible, of bounded length."""
    return " ".join(_visible(_filled(words, values), " ").split())[:_MOST_IN_SUBJECT]


def text(words: str, values: Mapping[str, str]) -> str:
    """Several lines, of bounded length; values bring none of their own."""
    shown = {name: _visible(value, " ") for name, value in values.items()}
    filled = _filled(words, shown)[:_MOST_IN_TEXT]
    return _visible(filled.replace("\r\n", "\n"), "", keep=_LAYOUT)


def said(words: Template, values: Mapping[str, str]) -> Words:
    """The message that these words are with these values."""
    return Words(line(words.subject, values), text(words.text, values), dict(values))


def _filled(words: str, values: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda place: values.get(place[1], ""), words)


def _visible(words: str, instead: str, keep: frozenset[str] = frozenset()) -> str:
    """Without control characters and line separators, nor what turns the direction of text."""
    return "".join(c if c in keep else _shown(c, instead) for c in words)


def _shown(character: str, instead: str) -> str:
    kind = unicodedata.category(character)
    if kind in _BREAKING:
        return instead
    return "" if kind in _UNSEEN and character not in _JOINERS else character
