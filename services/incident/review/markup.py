"""HTML put together such that nothing gets in unescaped: a text is a text unless it is `Markup`."""

import re
from collections.abc import Iterable
from html import escape as escaped

_VOID = frozenset({"meta", "line", "rect", "circle", "br"})


_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")  # nor is it XML


class Markup(str):
    """A piece of HTML; only `tag`, `join` and our own constants make it."""

    __slots__ = ()


Child = str | Markup | None


def tag(name: str, /, *children: Child, **attributes: object) -> Markup:
    """An element. `class_` is class, `_` in an attribute's name a hyphen; None is left out."""
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID and not children:
        return Markup(f"<{name}{told}/>")
    return Markup(f"<{name}{told}>{join(children)}</{name}>")


def join(children: Iterable[Child]) -> Markup:
    """One after the other, texts escaped."""
    return Markup("".join(map(_in_html, children)))


def paragraphs(text: str) -> Markup:
    """A text of several lines: blank lines part paragraphs, the others stay lines."""
    blocks = [block.strip("\n") for block in text.replace("\r\n", "\n").split("\n\n")]
    return join(tag("p", block, class_="said") for block in blocks if block.strip())


def escape(text: str) -> str:
    """A text in HTML, SVG or an attribute; characters that no text may hold become a question."""
    return escaped(_NO_TEXT.sub("\ufffd", text))


def _in_html(child: Child) -> str:
    if child is None:
        return ""
    return child if isinstance(child, Markup) else escape(child)
