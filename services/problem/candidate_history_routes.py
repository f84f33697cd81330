"""A candidate's past over HTTP: its timeline for people, its events for machines."""

from typing import Annotated

from fastapi import Query, Response

from services.problem import candidate as c
from services.problem.answering import ByReader
from services.problem.candidate_routes import Id, known_candidate
from shared.domain import Event
from shared.event_view import event_views
from shared.http.app import routes
from shared.http.asked import Asked
from shared.http.openapi import answers
from shared.http.past import Events, PastPage, PastQuery, Timeline, paged, past_page
from shared.http.waiting import has_seen
from shared.timeline import Sentence, Teller, entries

router = routes("candidates", "/v1/candidates")

_SENTENCES: dict[type[Event], Sentence] = {
    c.Raised: lambda h: (
        f"Raised by rule {h.rule}, version {h.rule_version}: {_incidents(h.matches)}",
        None,
    ),
    c.Joined: lambda h: (f"Joined by {_incidents(h.matches)}", None),
    c.Accepted: lambda h: (f"Accepted as problem PRB-{h.number}", None),
    c.Dismissed: lambda h: ("Dismissed", h.reason),
    c.Merged: lambda h: (f"Merged into problem PRB-{h.number}", None),
}


@router.get("/{id}/timeline", **answers(Timeline))
async def candidate_timeline(
    id: Id, query: Annotated[PastQuery, Query()], asked: ByReader
) -> Response:
    """What happened to it, told in sentences, each with the event that proves it."""
    page = await _page(id, query, asked)
    return paged(Timeline, await entries(asked.service.store, page.events, _TELLER), page)


@router.get("/{id}/events", **answers(Events))
async def candidate_events(
    id: Id, query: Annotated[PastQuery, Query()], asked: ByReader
) -> Response:
    """The events themselves, with their envelopes; the evidence stands in them."""
    page = await _page(id, query, asked)
    return paged(Events, await event_views(asked.service.store, page.events), page)


def _incidents(matches: tuple[c.Match, ...]) -> str:
    return "1 incident" if len(matches) == 1 else f"{len(matches)} incidents"


def _links(event: Event) -> dict[str, str]:
    match event:
        case c.Accepted() | c.Merged():
            return {"problem": f"/v1/problems/{event.problem}"}
        case _:
            return {}


_TELLER = Teller("problem", _SENTENCES, _links)


async def _page(id: Id, query: PastQuery, asked: Asked) -> PastPage:
    await has_seen(asked.service, query.wait_for)
    await known_candidate(asked, id)
    return await past_page(asked, query, (id,))
