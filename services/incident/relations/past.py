"""What an incident's past consists of: its own, and that of all that is merged into it."""

from functools import partial
from uuid import UUID

from services.incident.access import incidents_of, on_record
from services.incident.facts import facts_stream
from services.incident.incident import Incident
from services.incident.relations.family import with_merged
from services.incident.visibility import is_visible
from shared.aggregate import Folded
from shared.http.asked import Asked


async def family_at(asked: Asked, found: Folded[Incident], position: int) -> list[UUID]:
    """The incident and what was merged into it at a position, if the caller may know of it."""
    incidents = incidents_of(asked)
    then = found
    if position < found.position:
        then = await incidents.held_at(found.stream, position)
    merged = (await with_merged(partial(incidents.past, position=position), then))[1:]
    streams = [found.stream]
    for each in merged:
        now = await incidents.lately(each.stream)
        if is_visible(now.state, asked.caller):
            await on_record(asked, now)
            streams.append(each.stream)
    return streams


def with_facts(family: list[UUID]) -> list[UUID]:
    """These incidents' own streams, each with that of the facts beside it."""
    return [each for stream in family for each in (stream, facts_stream(stream))]
