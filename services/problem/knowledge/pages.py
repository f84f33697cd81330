"""The knowledge base as a folder of Markdown; what people wrote stays text."""

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping

from services.problem.analyses.markdown import escaped, inline
from services.problem.knowledge.articles import KnowledgeBase, KnownErrorArticle, Lesson

_BEGINNING_OF_ZIP = (1980, 1, 1, 0, 0, 0)  # the earliest it can tell: the same bytes on any day
_READABLE = 0o644 << 16


def folder(base: KnowledgeBase) -> Mapping[str, str]:
    """Path to content, in the order of their names."""
    files = {"README.md": _contents(base)}
    files |= {f"known-errors/{each.number}.md": _known_error(each) for each in base.known_errors}
    files |= {f"lessons/{each.number}.md": _lesson(each) for each in base.lessons}
    return dict(sorted(files.items()))


def packed(files: Mapping[str, str]) -> bytes:
    """As a zip file: of the same files the same bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name, _BEGINNING_OF_ZIP)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = _READABLE
            entry.create_system = 3
            archive.writestr(entry, text.encode())
    return content.getvalue()


def _contents(base: KnowledgeBase) -> str:
    lines = ["# Knowledge base", "", f"As of position {base.position}.", ""]
    lines += ["## Known errors", ""]
    lines += [_link("known-errors", each.number, each.title) for each in base.known_errors]
    lines += ["", "## Lessons learned", ""]
    lines += [_link("lessons", each.number, each.title) for each in base.lessons]
    return _page(lines)


def _link(place: str, number: str, title: str) -> str:
    return f"- [{number}]({place}/{number}.md) {inline(title)}"


def _known_error(known: KnownErrorArticle) -> str:
    facts = {
        "Error code": known.error_code,
        "Services": ", ".join(known.services),
        "Items": ", ".join(known.items),
        "Product": " ".join(each for each in (known.product, known.product_version) if each),
        "Tags": ", ".join(known.tags),
        "Revision": str(known.revision),
        "Valid to": _day(known.valid_to),
        "Permanent fix": "exists" if known.fixed else None,
    }
    texts = {
        "Symptom": known.symptom,
        "Cause": known.cause,
        "Workaround": known.workaround,
        "Solution": known.solution,
    }
    problem = [] if known.problem is None else [f"- Problem: {known.problem}"]
    head = [f"# {known.number}: {inline(known.title)}", "", *_facts(facts), *problem]
    return _page([*head, *_texts(texts)])


def _lesson(lesson: Lesson) -> str:
    facts = {
        "Service": lesson.service,
        "Item": lesson.item,
        "Category": lesson.category,
        "Outcome": lesson.outcome.replace("_", " "),
        "Closed": _day(lesson.closed_at),
    }
    texts = {
        "What it was": lesson.description,
        "Root cause": lesson.root_cause,
        "Workaround": lesson.workaround,
        "Resolution": lesson.resolution,
        "Lessons learned": lesson.lessons_learned,
        "Review": lesson.review_outcome,
    }
    known = [f"- Known error: [{n}](../known-errors/{n}.md)" for n in lesson.known_errors]
    head = [f"# {lesson.number}: {inline(lesson.title)}", "", *_facts(facts), *known]
    return _page([*head, *_texts(texts)])


def _facts(facts: Mapping[str, str | None]) -> Iterator[str]:
    yield from (f"- {name}: {inline(value)}" for name, value in facts.items() if value)


def _texts(texts: Mapping[str, str | None]) -> Iterator[str]:
    for name, text in texts.items():
        if text:
            yield from ("", f"## {name}", "", escaped(text))


def _day(at: object) -> str | None:
    return None if at is None else f"{at:%Y-%m-%d}"


def _page(lines: Iterable[str]) -> str:
    return "\n".join(lines).rstrip() + "\n"
