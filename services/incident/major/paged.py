"""Who has seen the pages of an incident's requests: machine facts, read beside its own events."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from uuid import UUID

from services.incident.facts import FACTS, facts_stream
from services.incident.incident import Incident
from shared.aggregate import Folded
from shared.errors import NotFound
from shared.ledger import Ledger
from shared.store.store import Store

Seen = Mapping[UUID, Mapping[str, datetime]]
"""By request, who acknowledged its page, and when."""


async def pages_seen(
    store: Store, incident: Folded[Incident], position: int | None, moment: datetime | None
) -> Seen:
    """As known at a position or now, by a moment if one is given; free where nobody was asked."""
    if not incident.state.major.requests:
        return {}
    ledger, stream = Ledger(store, FACTS), facts_stream(incident.stream)
    is_present = position is None and moment is None
    past = partial(ledger.past, stream, position=position, effective_at=moment)
    try:
        then = await (ledger.current(stream) if is_present else past())
    except NotFound:
        return {}
    return then.state.pages_seen
