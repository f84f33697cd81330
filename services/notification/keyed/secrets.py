"""The past of what holds secrets: those events are left out that would show one."""

from typing import Any
from uuid import UUID

from fastapi import Response

from shared.event_view import event_views
from shared.http.asked import Asked
from shared.http.past import Events, PastQuery, paged, past_page
from shared.http.waiting import has_seen
from shared.ledger import Ledger


async def versions_without(
    asked: Asked, ledger: Ledger[Any, Any], stream: UUID, query: PastQuery, *secrets: str
) -> Response:
    """Everything that was said of one, but for events of these topics. Raises NotFound."""
    await has_seen(asked.service, query.wait_for)
    await ledger.current(stream)
    page = await past_page(asked, query, (stream,))
    shown = [each for each in page.events if each.topic not in secrets]
    return paged(Events, await event_views(asked.service.store, shown), page)
