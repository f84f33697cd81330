"""How endpoints look to a caller, and how much waits for them."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from services.notification.access import about_visible
from services.notification.endpoints.endpoint import Endpoint, Standing, standing
from services.notification.endpoints.revival import KEPT, WAITS
from shared.aggregate import Folded
from shared.http.actions import Action
from shared.http.asked import Asked
from shared.http.managed import Item, head_of
from shared.listing import moments, where_of


class EndpointItem(Item, kw_only=True):
    """What messages of a channel to a contact go to, the one mail server, or where another
    system's webhook leads.

    `open`: nothing goes there before `next_try_at`; `half_open`: that attempt is on its way;
    `closed` since it answered again. `failures` counts the attempts in vain since it was shut off.
    `waiting`: so many deliveries follow when it is back, of those that the reader may know of; null
    of a webhook of another system, which stands at a place of its source's log instead.
    """

    contact: UUID | None
    webhook: UUID | None
    channel: str
    state: Standing
    since: datetime | None
    reason: str | None
    failures: int
    next_try_at: datetime | None
    waiting: int | None


class EndpointView(EndpointItem, kw_only=True):
    """An endpoint alone. `actions` only where it was read, not in a command's answer."""

    actions: list[Action] | msgspec.UnsetType = msgspec.UNSET


class EndpointPage(msgspec.Struct, kw_only=True):
    items: list[EndpointItem]
    next_cursor: str | None
    total_estimate: int | None
    position: int


class Seen(NamedTuple):
    """The moment that endpoints are looked at: now (without a position), or a past one."""

    at: datetime
    position: int | None = None


def endpoint_item(row: asyncpg.Record, seen: Seen, waiting: dict[UUID, int]) -> EndpointItem:
    """The item of a list's row."""
    told = dict(row) | {"position": row["from_position"], "failures": row["probes"]}
    return EndpointItem(**_named(Item, told), **_of(told, row["id"], seen, waiting))


def endpoint_view(folded: Folded[Endpoint], seen: Seen, waiting: dict[UUID, int]) -> EndpointView:
    """One alone."""
    state = folded.state
    told = {name: getattr(state, name) for name in state.__struct_fields__}
    told |= {"failures": state.probes, "updated_at": folded.updated_at}
    return EndpointView(**head_of(folded), **_of(told, folded.stream, seen, waiting))


def _of(told: dict[str, Any], id: UUID, seen: Seen, waiting: dict[UUID, int]) -> dict[str, Any]:
    return {
        **{name: told[name] for name in ("contact", "webhook", "channel", "reason", "failures")},
        "state": standing(told["shut_off_at"], told["probe_at"], seen.at),
        "since": told["shut_off_at"] or told["updated_at"],
        "next_try_at": told["probe_at"],
        "waiting": None if told["webhook"] is not None else waiting.get(id, 0),
    }


def _named(kind: type[msgspec.Struct], told: dict[str, Any]) -> dict[str, Any]:
    return {name: told[name] for name in kind.__struct_fields__}


async def waiting_for(asked: Asked, ids: Collection[UUID], seen: Seen) -> dict[UUID, int]:
    """How many deliveries follow when these are back, of those that the caller may know of."""
    arguments: list[Any] = [list(ids), seen.at - KEPT]
    where = where_of(about_visible(asked), arguments, seen.position)
    waits = WAITS.format("$2")
    counted = " union all ".join(
        f"select t.endpoint from notifications t "
        f"where t.endpoint = any($1::uuid[]) and {waits} and {moment}{where}"
        for moment in moments(seen.position)
    )
    sql = f"select w.endpoint, count(*) as waiting from ({counted}) w group by w.endpoint"
    rows = await asked.service.store.pool.fetch(sql, *arguments) if ids else []
    return {row["endpoint"]: row["waiting"] for row in rows}
