"""What people see of the alerts of an incident."""

from collections.abc import Iterable
from typing import Annotated

import msgspec
from fastapi import Query, Response

from services.incident.access import seen
from services.incident.facts import Alert, AlertsAttached, facts_stream
from services.incident.routes import ByReader, Reference
from shared.http.app import routes
from shared.http.openapi import answers
from shared.http.past import PastQuery, paged, past_page
from shared.http.waiting import has_seen
from shared.store.reader import Recorded


class AlertPage(msgspec.Struct):
    """A page of what monitors told of an incident's alerts, oldest first."""

    items: list[Alert]
    next_cursor: str | None
    total_estimate: int
    position: int


router = routes("incidents", "/v1/incidents")


@router.get("/{id}/alerts", **answers(AlertPage))
async def alerts(id: Reference, query: Annotated[PastQuery, Query()], asked: ByReader) -> Response:
    """What monitors told of its alerts, oldest first; a page holds whole notifications."""
    await has_seen(asked.service, query.wait_for)
    found = await seen(asked, id)
    page = await past_page(asked, query, (facts_stream(found.stream),))
    return paged(AlertPage, list(_alerts(page.events)), page)


def _alerts(events: Iterable[Recorded]) -> Iterable[Alert]:
    for recorded in events:
        if isinstance(event := recorded.event, AlertsAttached):
            yield from event.alerts
