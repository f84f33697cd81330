"""Full text among many incidents: what few have is looked up first, what many have is tried last.

PostgreSQL cannot know how many texts hold the beginning of a word; guessing wrong, it tries every
incident in the list's order. So one look tells which texts hold it, as far as they are few.
"""

import asyncpg

from services.incident.lists.conditions import INCIDENTS
from shared.http.conditions import search_of
from shared.listing import Condition

_FEW = 1_000
_HOLD = """with x as materialized (
        select id from incident_texts where document @@ to_tsquery('simple', $1)),
    found as (select id from x limit $2)
    select id from found union
    select n.id from incidents n where n.number = $3 and n.to_position is null"""


async def instead(pool: asyncpg.Pool, q: str, otherwise: list[Condition]) -> list[Condition]:
    """The condition for a search: of those ids if they are few, else as it was."""
    rows = await pool.fetch(_HOLD, search_of(q).tsquery(), _FEW + 1, INCIDENTS.number(q))
    if len(rows) > _FEW:
        return otherwise
    return [("t.id = any({}::uuid[])", [row["id"] for row in rows])]
