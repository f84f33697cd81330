"""HTML put together such that nothing gets in unescaped: a text is a text unless it is `Markup`."""

from collections.abc import Iterable
from html import escape

_VOID = frozenset({"meta", "line", "rect", "circle", "br"})


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


def _in_html(child: Child) -> str:
    if child is None:
        return ""
    return child if isinstance(child, Markup) else escape(child)
