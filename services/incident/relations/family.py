"""An incident with all that is merged into it, and what stands above it."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

from services.incident.incident import Incident
from shared.aggregate import Folded

Read = Callable[[UUID], Awaitable[Folded[Incident]]]


async def with_merged(read: Read, incident: Folded[Incident]) -> list[Folded[Incident]]:
    """The incident first, then what was merged into it, and into that."""
    found, level = [incident], list(incident.state.absorbed)
    while level:
        merged = await asyncio.gather(*map(read, level))
        found += merged
        level = [each for folded in merged for each in folded.state.absorbed]
    return found
