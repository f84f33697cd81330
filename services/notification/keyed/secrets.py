"""The past of what holds secrets: those events are left out that would show one."""

from fastapi import Response

from services.notification.keyed.asking import Kept
from shared.event_view import event_views
from shared.http.asked import Asked
from shared.http.past import Events, PastQuery, paged, past_page
from shared.http.waiting import has_seen


async def versions_without(
    asked: Asked, kept: Kept, reference: str, query: PastQuery, secret: str
) -> Response:
    """Everything that was said of one, but for events of this topic. Raises NotFound."""
    await has_seen(asked.service, query.wait_for)
    stream = kept.find(reference)
    await kept.ledger.current(stream)
    page = await past_page(asked, query, (stream,))
    shown = [each for each in page.events if each.topic != secret]
    return paged(Events, await event_views(asked.service.store, shown), page)
