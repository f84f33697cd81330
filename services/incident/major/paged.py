"""Who has seen the pages of an incident's requests: machine facts, read beside its own events."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from services.incident.facts import FACTS, facts_stream
from services.incident.incident import Incident
from shared.aggregate import Folded
from shared.errors import NotFound
from shared.ledger import Ledger
from shared.store.store import Store

Seen = Mapping[UUID, Mapping[str, datetime]]
"""By request, who acknowledged its page, and when."""


async def pages_seen(store: Store, incident: Folded[Incident], position: int | None) -> Seen:
    """As known at a position, or now; nothing is asked where nobody was."""
    if not incident.state.major.requests:
        return {}
    ledger, stream = Ledger(store, FACTS), facts_stream(incident.stream)
    try:
        if position is None:
            return (await ledger.current(stream)).state.pages_seen
        return (await ledger.past(stream, position=position)).state.pages_seen
    except NotFound:
        return {}
