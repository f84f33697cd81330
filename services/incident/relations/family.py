"""An incident with all that is merged into it, and what stands above it."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

from services.incident.incident import Incident
from shared.aggregate import Folded
from shared.errors import Refused

Read = Callable[[UUID], Awaitable[Folded[Incident]]]

MOST_ABOVE = 50


async def with_merged(read: Read, incident: Folded[Incident]) -> list[Folded[Incident]]:
    """The incident first, then what was merged into it, and into that."""
    found, level = [incident], list(incident.state.absorbed)
    while level:
        merged = await asyncio.gather(*map(read, level))
        found += merged
        level = [each for folded in merged for each in folded.state.absorbed]
    return found


async def survivor(read: Read, incident: Folded[Incident]) -> Folded[Incident]:
    """The one that speaks for it now: itself, unless it was merged."""
    while (into := incident.state.merged_into) is not None:
        incident = await read(into)
    return incident


async def above(read: Read, incident: UUID) -> set[UUID]:
    """Itself, its parent, what it is merged into, and so on upwards. Raises Refused if too many.

    A merged one keeps its parent: it will stand there again when it is unmerged.
    """
    found: set[UUID] = set()
    waiting = [incident]
    while waiting:
        stream = waiting.pop()
        if stream in found:
            continue
        found.add(stream)
        if len(found) > MOST_ABOVE:
            raise Refused(f"no more than {MOST_ABOVE} incidents may stand above one another")
        state = (await read(stream)).state
        waiting += [each for each in (state.parent, state.merged_into) if each is not None]
    return found
