"""A problem's past over HTTP: its timeline for people, its events for machines."""

from typing import Annotated

from fastapi import Query, Response

from services.problem.access import known_problem
from services.problem.answering import ByReader, Reference
from services.problem.facts import facts_stream
from services.problem.loop.loop import loop_stream
from services.problem.timeline import TELLER
from shared.event_view import event_views
from shared.http.app import routes
from shared.http.asked import Asked
from shared.http.openapi import answers
from shared.http.past import Events, PastPage, PastQuery, Timeline, paged, past_page
from shared.http.waiting import has_seen
from shared.timeline import entries

router = routes("problems", "/v1/problems")


@router.get("/{id}/timeline", **answers(Timeline))
async def timeline(
    id: Reference, query: Annotated[PastQuery, Query()], asked: ByReader
) -> Response:
    """What happened, told in sentences, each with the event that proves it."""
    page = await _page(id, query, asked)
    return paged(Timeline, await entries(asked.service.store, page.events, TELLER), page)


@router.get("/{id}/events", **answers(Events))
async def events(id: Reference, query: Annotated[PastQuery, Query()], asked: ByReader) -> Response:
    """The events themselves, with their envelopes; personal texts are opened for the reader."""
    page = await _page(id, query, asked)
    return paged(Events, await event_views(asked.service.store, page.events), page)


async def _page(reference: str, query: PastQuery, asked: Asked) -> PastPage:
    """Of the problem's own events and the machines' facts beside them, as one sequence."""
    await has_seen(asked.service, query.wait_for)
    stream = await known_problem(asked, reference)
    return await past_page(asked, query, (stream, facts_stream(stream), loop_stream(stream)))
