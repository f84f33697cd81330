"""An incident's past over HTTP: its timeline for people, its events for machines."""

from collections.abc import Sequence
from typing import Annotated, NamedTuple
from uuid import UUID

from fastapi import Query, Response
from msgspec.structs import replace

from services.incident.access import seen
from services.incident.relations.past import family_at, with_facts
from services.incident.routes import ByReader, Reference
from services.incident.timeline import TELLER
from shared.event_view import event_views
from shared.http.app import routes
from shared.http.asked import Asked
from shared.http.openapi import answers
from shared.http.past import Events, PastPage, PastQuery, Timeline, paged, past_page
from shared.http.waiting import has_seen
from shared.store.reader import Recorded
from shared.timeline import Entry, entries

router = routes("incidents", "/v1/incidents")


class _Past(NamedTuple):
    page: PastPage
    merged: dict[UUID, UUID]  # each merged one's streams, and whose they are

    def marked(self, recorded: Recorded, entry: Entry) -> Entry:
        """With a link to the incident that it happened to, where that is another one."""
        of = self.merged.get(recorded.originator_id)
        if of is None:
            return entry
        return replace(entry, links=entry.links | {"merged": f"/v1/incidents/{of}"})


@router.get("/{id}/timeline", **answers(Timeline))
async def timeline(
    id: Reference, query: Annotated[PastQuery, Query()], asked: ByReader
) -> Response:
    """What happened, told in sentences, each with the event that proves it.

    What happened to the incidents merged into it is told too, with the link `merged` to each.
    """
    past = await _page(id, query, asked)
    told = await entries(asked.service.store, past.page.events, TELLER)
    marked = map(past.marked, past.page.events, told)
    return paged(Timeline, list(marked), past.page)


@router.get("/{id}/events", **answers(Events))
async def events(id: Reference, query: Annotated[PastQuery, Query()], asked: ByReader) -> Response:
    """The events themselves, with their envelopes; personal texts are opened for the reader."""
    page = (await _page(id, query, asked)).page
    return paged(Events, await event_views(asked.service.store, page.events), page)


async def _page(reference: str, query: PastQuery, asked: Asked) -> _Past:
    """Of the incident's own events and the machines' facts beside them, as one sequence."""
    await has_seen(asked.service, query.wait_for)
    found = await seen(asked, reference)
    merged: dict[UUID, UUID] = {}

    async def streams(position: int) -> Sequence[UUID]:
        family = await family_at(asked, found, position)
        merged.update((each, of) for of in family[1:] for each in with_facts([of]))
        return with_facts(family)

    return _Past(await past_page(asked, query, streams), merged)
