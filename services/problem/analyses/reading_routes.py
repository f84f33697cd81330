"""Reading root cause analyses over HTTP, at any moment: as JSON, as a drawing, as a document."""

from collections.abc import Callable, Sequence
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from fastapi import Path, Query, Response
from pydantic import Field

from services.problem.access import known_problem, problems_of
from services.problem.analyses.drawing.svg import drawn
from services.problem.analyses.markdown import written
from services.problem.analyses.reading import Document, documents
from services.problem.analyses.view import Analyses, AnalysisView, analysis_view
from services.problem.answering import ByReader, Reference
from shared.effective import happened_by
from shared.errors import NotFound
from shared.http.app import routes
from shared.http.asked import Asked
from shared.http.managed import Moments
from shared.http.moments import AsOf, EffectiveAt, moment_of, position_of
from shared.http.openapi import answers
from shared.http.pages import Cursor, ListQuery, filters_of, read_cursor, write_cursor
from shared.http.waiting import has_seen
from shared.store.reader import Recorded

router = routes("analyses", "/v1/problems")
Named = Annotated[str, Path(max_length=40, description="Its id, perhaps with .svg or .md")]


Form = Literal["json", "svg", "md"]


class FormQuery(Moments):
    """Also in which form."""

    format: Annotated[Form | None, Field(description="As Accept says where it is left out")] = None


class AnalysesQuery(ListQuery):
    """A page of a problem's analyses, oldest first."""

    as_of: AsOf = None
    effective_at: EffectiveAt = None


_NONE = "this problem has no such analysis, or had none then"
_KINDS = {"svg": "image/svg+xml", "md": "text/markdown; charset=utf-8"}
_MADE: dict[str, Callable[[Document], str]] = {"svg": drawn, "md": written}
_SEALED = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "x-content-type-options": "nosniff",
}
_ANY = answers(AnalysisView)
_ANY["openapi_extra"]["responses"]["200"]["content"] |= {
    "image/svg+xml": {"schema": {"type": "string"}},
    "text/markdown": {"schema": {"type": "string"}},
}


@router.get("/{id}/analyses", **answers(Analyses))
async def list_analyses(
    id: Reference, query: Annotated[AnalysesQuery, Query()], asked: ByReader
) -> Response:
    """Its analyses with all their entries, oldest first."""
    await has_seen(asked.service, query.wait_for)
    filters = filters_of(query)
    cursor = read_cursor(query.cursor, asked, filters)
    stream = await known_problem(asked, id)
    at = cursor.position if cursor else await position_of(query.as_of, asked.service.store.log)
    events, position = await _events(asked, stream, at, query.effective_at)
    found = await documents(asked.service.store, events)
    start = int(cursor.value) if cursor else 0
    shown, following = found[start : start + query.limit], None
    if len(found) > start + query.limit:
        place = Cursor(position, str(start + query.limit), str(stream))
        following = write_cursor(place, asked, filters)
    page = Analyses([analysis_view(stream, d) for d in shown], following, len(found), position)
    return Response(msgspec.json.encode(page), media_type="application/json")


@router.get("/{id}/analyses/{analysis}", **_ANY)
async def read_analysis(
    id: Reference, analysis: Named, query: Annotated[FormQuery, Query()], asked: ByReader
) -> Response:
    """One analysis with all its entries; as a drawing or a document where that is asked for.

    By `Accept`, by `format`, or by `.svg` or `.md` behind its id. The SVG needs nothing else: no
    font, no script, no other file.
    """
    name, suffix = _parts(analysis)
    stream, document = await _document(asked, id, name, query)
    form = suffix or query.format or _accepted(asked.request.headers.get("accept", ""))
    if form != "json":
        return _form(document, form)
    content = msgspec.json.encode(analysis_view(stream, document))
    return Response(content, media_type="application/json")


def _form(document: Document, form: Form) -> Response:
    name = f"analysis-{document.id}.{form}"
    headers = _SEALED | {"content-disposition": f'inline; filename="{name}"'}
    return Response(_MADE[form](document), headers=headers, media_type=_KINDS[form])


def _parts(named: str) -> tuple[UUID, Form | None]:
    """The id and, behind it, the form. Raises NotFound."""
    name, _, suffix = named.partition(".")
    forms: dict[str, Form | None] = {"": None, "svg": "svg", "md": "md"}
    try:
        return UUID(name), forms[suffix]
    except (ValueError, KeyError):
        raise NotFound(_NONE) from None


def _accepted(header: str) -> Form:
    first = header.split(",", maxsplit=1)[0].split(";", maxsplit=1)[0].strip().lower()
    found: dict[str, Form] = {"image/svg+xml": "svg", "text/markdown": "md"}
    return found.get(first, "json")


async def _document(
    asked: Asked, reference: str, analysis: UUID, query: Moments
) -> tuple[UUID, Document]:
    await has_seen(asked.service, query.wait_for)
    stream = await known_problem(asked, reference)
    position = await position_of(query.as_of, asked.service.store.log)
    events, _ = await _events(asked, stream, position, query.effective_at)
    for document in await documents(asked.service.store, events):
        if document.id == analysis:
            return stream, document
    raise NotFound(_NONE)


async def _events(
    asked: Asked, stream: UUID, position: int | None, effective_at: str | None
) -> tuple[Sequence[Recorded], int]:
    """The problem's events, and the position they are shown at. Raises NotFound."""
    problems, moment = problems_of(asked), moment_of(effective_at)
    if position is None:
        folded = await problems.current(stream)
    else:
        folded = await problems.past(stream, position=position)
    events: Sequence[Recorded]
    events = await asked.service.store.log.stream(stream, until=folded.version)
    if moment is not None:
        events = happened_by(events, moment)
    return events, folded.position if position is None else position
