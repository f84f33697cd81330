"""Refusals name no known error that is hidden from the caller."""

import re
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from services.problem.access import hidden_from
from shared.errors import Refused
from shared.http.asked import Asked

ANOTHER = "another known error"
_NAMED = re.compile(r"(?:the known error )?\bKE-(\d+)\b")
_IDS = """select id, number from known_errors
    where number = any($1::bigint[]) and to_position is null"""


@asynccontextmanager
async def discreetly(asked: Asked) -> AsyncIterator[None]:
    """Refuse without naming known errors that are hidden from the caller."""
    try:
        yield
    except Refused as refusal:
        hidden = await _hidden(asked, [refusal.detail, *(each for _, each in refusal.unmet)])
        if not hidden:
            raise
        unmet = [(condition, _unnamed(detail, hidden)) for condition, detail in refusal.unmet]
        raise Refused(_unnamed(refusal.detail, hidden), unmet) from None


async def _hidden(asked: Asked, texts: Collection[str]) -> Collection[int]:
    """The numbers in these texts of what the caller may not know of."""
    numbers = {int(found) for text in texts for found in _NAMED.findall(text)}
    if not numbers:
        return ()
    rows = await asked.service.store.pool.fetch(_IDS, list(numbers))
    hidden = await hidden_from(asked, [row["id"] for row in rows])
    return {row["number"] for row in rows if row["id"] in hidden}


def _unnamed(text: str, hidden: Collection[int]) -> str:
    return _NAMED.sub(lambda found: ANOTHER if int(found[1]) in hidden else found[0], text)
