"""An analysis as a Markdown document; what people wrote stays text, whatever it looks like."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from services.problem.analyses.drawing.lettering import plain
from services.problem.analyses.events import Category, Gate, Method, Verdict
from services.problem.analyses.follows import follows, inputs
from services.problem.analyses.reading import Document
from services.problem.analyses.timeline import NAMES

_SIGNS = re.compile(r"([\\`*_{}\[\]<>#|~&$!])")
_BEGINNING = re.compile(r"^(\s*\d*)([-+=.)])", re.MULTILINE)
_OCCURRED = {True: "occurred", False: "did not occur", None: "unknown"}
_VERDICTS = {
    Verdict.EXPLAINS: "explains it",
    Verdict.EXPLAINS_IF: "explains it if",
    Verdict.CONTRADICTS: "contradicts it",
}


def written(document: Document) -> str:
    """The analysis as Markdown."""
    shape = document.shape
    begun = f"Begun by {inline(document.actor)} on {document.recorded_at:%Y-%m-%d %H:%M} UTC"
    lines = [
        f"# {NAMES[shape.method]}: {inline(document.question)}",
        "",
        f"{begun}, {'concluded' if shape.concluded else 'open'}.",
        "",
        *_OF_METHOD[shape.method](document),
    ]
    if (concluded := document.conclusion) is not None:
        named = ", ".join(map(str, concluded.nodes))
        because = f" ({named})" if named else ""
        lines += ["", "## Conclusion", "", f"{escaped(concluded.conclusion)}{because}"]
    return "\n".join(lines).rstrip() + "\n"


def escaped(text: str) -> str:
    """With every sign that means something to Markdown or HTML taken as it stands."""
    return _BEGINNING.sub(r"\1\\\2", _SIGNS.sub(r"\\\1", plain(text)))


def inline(text: str) -> str:
    """The same in one line."""
    return escaped(" ".join(plain(text).split()))


def _item(depth: int, head: str, text: str, evidence: Sequence[str] = ()) -> str:
    indent = "  " * depth
    proof = f" (evidence: {'; '.join(map(inline, evidence))})" if evidence else ""
    body = escaped(text).replace("\n", f"  \n{indent}  ")
    return f"{indent}- {head}{body}{proof}"


def _whys(document: Document) -> Iterator[str]:
    yield from _tree(document, None, 0, lambda number: f"**{number}.** ")


def _tree(
    document: Document, under: int | None, depth: int, head: Callable[[int], str]
) -> Iterator[str]:
    for node in document.shape.below(under):
        said = document.said[node.number]
        yield _item(depth, head(node.number), said.text, said.evidence)
        yield from _tree(document, node.number, depth + 1, head)


def _ishikawa(document: Document) -> Iterator[str]:
    for category in Category:
        top = [node for node in document.shape.below(None) if node.category is category]
        if not top:
            continue
        yield from ("", f"## {category.value.capitalize()}", "")
        for node in top:
            said = document.said[node.number]
            yield _item(0, f"**{node.number}.** ", said.text, said.evidence)
            yield from _tree(document, node.number, 1, lambda number: f"**{number}.** ")


def _fault_tree(document: Document) -> Iterator[str]:
    shape, occurred = document.shape, follows(document.shape)
    said = {True: "follows", False: "does not follow", None: "is open"}[occurred[0]]
    gate = shape.gate or Gate.OR
    yield f"The top event {said} ({gate.value.upper()} of {_numbers(inputs(shape, 0))})."
    yield ""
    for node in shape.nodes:
        below = _numbers(inputs(shape, node.number))
        how = f"{node.gate.value.upper()} of {below}, " if node.gate else ""
        told = document.said[node.number]
        head = f"**{node.number}.** ({how}{_OCCURRED[occurred[node.number]]}) "
        yield _item(0, head, told.text, (*told.evidence, *told.because))


def _numbers(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers)) or "nothing yet"


def _kepner_tregoe(document: Document) -> Iterator[str]:
    shape = document.shape
    facts = [node.number for node in shape.nodes if node.is_fact]
    head = ("", "Dimension", "Is", "Is not", "Distinction", "Change", "Evidence")
    yield from _table(head, (_fact(document, number) for number in facts))
    for node in shape.nodes:
        if node.is_fact:
            continue
        said = document.said[node.number]
        yield from ("", f"## Possible cause {node.number}: {inline(said.text)}", "")
        if said.evidence:
            yield from (f"Evidence: {'; '.join(map(inline, said.evidence))}", "")
        for fact in facts:
            yield _test(document, node.number, fact)


def _fact(document: Document, number: int) -> list[str]:
    said = document.said[number]
    more = (said.more[name] or "" for name in ("not_observed", "distinction", "change"))
    dimension = (said.more["dimension"] or "").capitalize()
    return [str(number), dimension, said.text, *more, "; ".join(said.evidence)]


def _test(document: Document, cause: int, fact: int) -> str:
    verdict = document.shape.verdict(cause, fact)
    said = "not tested" if verdict is None else _VERDICTS[verdict]
    note = document.notes.get((cause, fact))
    return f"- Fact {fact}: {said}" + (f": {inline(note)}" if note else "")


def _hypotheses(document: Document) -> Iterator[str]:
    head = ("", "Hypothesis", "Standing", "Evidence", "Reason")
    rows = []
    for node in document.shape.nodes:
        said = document.said[node.number]
        standing = node.standing.value if node.standing else ""
        evidence = "; ".join((*said.evidence, *said.because))
        rows.append([str(node.number), said.text, standing, evidence, said.reason or ""])
    yield from _table(head, rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for row in rows:
        yield f"| {' | '.join(map(inline, row))} |"


_OF_METHOD: dict[Method, Callable[[Document], Iterator[str]]] = {
    Method.FIVE_WHYS: _whys,
    Method.ISHIKAWA: _ishikawa,
    Method.FAULT_TREE: _fault_tree,
    Method.KEPNER_TREGOE: _kepner_tregoe,
    Method.HYPOTHESES: _hypotheses,
}
