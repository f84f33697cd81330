"""Which values a fact has for words, what words may say, and what is said instead of bad ones.

Words only substitute. What looks like the markup of a template language, or of HTML, is refused
where it is saved or previewed, so that nobody is surprised by it at night; at sending, words that
name what a fact does not have give way to those that every fact has.
"""

import re
from collections.abc import Mapping, Sequence

from services.notification import template
from services.notification.copies import STATUS_AFTER
from services.notification.events import Template

ALWAYS = template.NAMES
OF_FACTS: dict[str, tuple[str, ...]] = {
    "incident.update_posted": (
        "audience", "update", "impact", "action", "workaround", "next_update_at",
    ),
    "incident.closing_notice": ("audience",),
    "incident.responder_requested": ("message",),
    "incident.role_assigned": ("role",),
    "incident.role_handed_over": ("role",),
    "incident.update_due": ("audience", "due_at"),
    "incident.update_overdue": ("audience", "due_at"),
}  # fmt: skip
"""What these facts have beside."""

FACTS = tuple(STATUS_AFTER)
KNOWN = (*ALWAYS, *dict.fromkeys(name for names in OF_FACTS.values() for name in names))
"""All that words may name."""

USUAL = {
    "incident.update_posted": Template(
        subject="[{{number}}] {{title}}: {{update}}",
        text="{{update}}\n\nImpact: {{impact}}\nCurrent action: {{action}}\n"
        "Workaround: {{workaround}}\nNext update: {{next_update_at}}\n\n{{number}} {{title}}\n",
    ),
    "incident.closing_notice": Template(
        subject="[{{number}}] Closed: {{title}}",
        text="{{number}} {{title}} is closed. There will be no further updates.\n",
    ),
}
"""What is said where no template is named, of facts that want words of their own."""

_MARKUP = re.compile(r"\{%|\{#|\{\{\{|\{\{\s*[#/^>!&=@.]|<[%#]|\$\{|</?[a-zA-Z!][^>]*>")
_LEFT_OPEN = re.compile(r"\{\{(?!\s*\w+\s*\}\})|(?<!\})\}\}(?!\})")
_PLACE = re.compile(r"\{\{\s*\w+\s*\}\}")


def usual(fact: str) -> Template:
    """The words for this fact where nobody has chosen others."""
    return USUAL.get(fact, template.DEFAULT)


def names_in(words: str) -> list[str]:
    """What these words name."""
    return sorted({place.strip("{} \t\n") for place in _PLACE.findall(words)})


def faults(words: str, known: Sequence[str] = KNOWN) -> str | None:
    """Why these words cannot be used; None where they can."""
    if found := _MARKUP.search(words):
        return f"{found[0]!r} is markup: words are plain text with {{{{names}}}} in them"
    if _LEFT_OPEN.search(_PLACE.sub("", words)):
        return "a place must look like {{title}}: a name in two pairs of braces"
    if unknown := [name for name in names_in(words) if name not in known]:
        there_are = ", ".join(known)
        return f"{', '.join(unknown)} is not known here; there are {there_are}"
    return None


def known_of(fact: str) -> tuple[str, ...]:
    """What words may name of this fact."""
    return (*ALWAYS, *OF_FACTS.get(fact, ()))


def usable(words: Template, values: Mapping[str, str]) -> str | None:
    """Why these words cannot be said of these values; None where they can."""
    return faults(words.subject, tuple(values)) or faults(words.text, tuple(values))
