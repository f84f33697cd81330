"""The way to an incident for every request: found, known to its caller, its reading on record."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

import asyncpg

from services.incident.incident import Incident
from services.incident.incidents import Incidents
from services.incident.visibility import is_visible, require_visible
from shared.aggregate import Folded
from shared.auth.caller import Caller
from shared.errors import NotFound
from shared.http.access_log import record_access
from shared.http.asked import Asked
from shared.ledger import Order
from shared.restrictions import restricted_among

_NO_SUCH = "there is no such incident"


def incidents_of(asked: Asked) -> Incidents:
    """The incidents of the service that was asked."""
    found: Incidents = asked.service.parts["incidents"]
    return found


async def seen(asked: Asked, reference: str) -> Folded[Incident]:
    """The incident that a request to read means, as it now is. Raises NotFound, Unavailable."""
    incidents = incidents_of(asked)
    held = await incidents.current(await incidents.find(reference))
    return await _known(asked, held)


async def ordered(asked: Asked, reference: str, **more: object) -> Order:
    """The order of a command on the incident that a request means.

    It is looked at as this process knows it, and again wherever the command is decided. Raises
    NotFound, Unavailable.
    """
    incidents = incidents_of(asked)
    held = await incidents.lately(await incidents.find(reference))
    if not is_visible(held.state, asked.caller):  # lifted by another process, perhaps
        held = await incidents.current(held.stream)
    await _known(asked, held)
    return await asked.order(held.stream, admits=partial(_admit, asked.caller), **more)


async def repeated(asked: Asked, reference: str) -> Folded[Incident] | None:
    """What this command on it was answered with before, by its key; None where it is new.

    Raises NotFound, KeyReused, Unavailable.
    """
    await ordered(asked, reference)
    return await asked.repeated(incidents_of(asked))


async def on_record(asked: Asked, folded: Folded[Incident]) -> None:
    """Put on record that this request reads the incident, once, if it is restricted."""
    if folded.state.restriction is not None and folded.stream not in _recorded(asked):
        await record_access(asked.request, asked.caller, [folded.stream])
        _recorded(asked).add(folded.stream)


async def items_on_record(
    asked: Asked, rows: Sequence[asyncpg.Record], *, is_present: bool
) -> None:
    """Put on record which restricted incidents a list shows; of a past one, what is so by now."""
    if is_present:
        shown = [row["id"] for row in rows if row["restricted"]]
    else:
        ids = [row["id"] for row in rows]
        shown = list((await restricted_among(asked.service.store.pool, None, ids)).restricted)
    await record_access(asked.request, asked.caller, shown)


async def _known(asked: Asked, held: Folded[Incident]) -> Folded[Incident]:
    require_visible(held, asked.caller)
    await on_record(asked, held)
    return held


def _admit(caller: Caller, incident: Incident) -> None:
    if incident.status is not None and not is_visible(incident, caller):
        raise NotFound(_NO_SUCH)


def _recorded(asked: Asked) -> set[UUID]:
    state = asked.request.state
    if not hasattr(state, "recorded"):
        state.recorded = set()
    found: set[UUID] = state.recorded
    return found
