"""Reading root cause analyses over HTTP, at any moment: as JSON, as a drawing, as a document."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from services.problem.access import problems_of, seen
from services.problem.analyses.reading import Document, documents
from services.problem.analyses.view import Analyses, AnalysisView, analysis_view
from services.problem.answering import ByReader, Reference
from shared.errors import NotFound
from shared.http.app import routes
from shared.http.asked import Asked
from shared.http.moments import AsOf, EffectiveAt, moment_of, position_of
from shared.http.openapi import answers
from shared.http.pages import Cursor, ListQuery, filters_of, read_cursor, write_cursor
from shared.http.waiting import has_seen
from shared.ledger import happened_by
from shared.store.reader import Recorded

router = routes("analyses", "/v1/problems")
Id = Annotated[UUID, Path(description="Of the analysis")]


class MomentQuery(BaseModel):
    """At which moment."""

    model_config = ConfigDict(extra="forbid")

    as_of: AsOf = None
    effective_at: EffectiveAt = None
    wait_for: Annotated[str | None, Field(max_length=64, description="service:position")] = None


class AnalysesQuery(ListQuery):
    """A page of a problem's analyses, oldest first."""

    as_of: AsOf = None
    effective_at: EffectiveAt = None


@router.get("/{id}/analyses", **answers(Analyses))
async def list_analyses(
    id: Reference, query: Annotated[AnalysesQuery, Query()], asked: ByReader
) -> Response:
    """Its analyses with all their entries, oldest first."""
    await has_seen(asked.service, query.wait_for)
    filters = filters_of(query)
    cursor = read_cursor(query.cursor, asked, filters)
    stream = await seen(asked, id)
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


@router.get("/{id}/analyses/{analysis}", **answers(AnalysisView))
async def read_analysis(
    id: Reference, analysis: Id, query: Annotated[MomentQuery, Query()], asked: ByReader
) -> Response:
    """One analysis with all its entries."""
    stream, document = await _document(asked, id, analysis, query)
    content = msgspec.json.encode(analysis_view(stream, document))
    return Response(content, media_type="application/json")


async def _document(
    asked: Asked, reference: str, analysis: UUID, query: MomentQuery
) -> tuple[UUID, Document]:
    await has_seen(asked.service, query.wait_for)
    stream = await seen(asked, reference)
    position = await position_of(query.as_of, asked.service.store.log)
    events, _ = await _events(asked, stream, position, query.effective_at)
    for document in await documents(asked.service.store, events):
        if document.id == analysis:
            return stream, document
    raise NotFound("this problem has no such analysis, or had none then")


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
