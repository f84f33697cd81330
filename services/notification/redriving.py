"""Dead letters redriven in bulk: all that fit some filters, some hundreds a call."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import Depends, Response
from pydantic import Field

from services.notification import notification
from services.notification.access import about_visible, notifications_of
from services.notification.copies import STATUS_AFTER
from services.notification.events import Channel
from services.notification.rules import RULES, Status
from shared.clock import new_id
from shared.errors import Refused, Unavailable
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.body import Body, Name
from shared.http.openapi import answers
from shared.ledger import Order
from shared.work import MOST_STREAMS, Work

MOST = 5 * MOST_STREAMS
ByAdmin = Annotated[Asked, Depends(allowed(*RULES["redrive"].roles))]
_FILTERS = {
    "facts": "t.fact = any({}::text[])",
    "about": "t.about = any({}::uuid[])",
    "contacts": "t.contact = any({}::uuid[])",
    "people": "t.person = any({}::text[])",
    "channels": "t.channel = any({}::text[])",
}
_DEAD = """select t.id, count(*) over () as found from notifications t
    where t.to_position is null and t.status = 'exhausted'{} order by t.created_at, t.id limit {}"""

router = routes("notifications", "/v1/dead-letters")


class Redriving(Body):
    """Which dead letters; a filter left empty lets everything pass, filters add up."""

    facts: Annotated[list[Name], Field(max_length=50, examples=[[next(iter(STATUS_AFTER))]])] = []
    about: Annotated[list[UUID], Field(max_length=50)] = []
    contacts: Annotated[list[UUID], Field(max_length=50)] = []
    people: Annotated[list[Name], Field(max_length=50)] = []
    channels: Annotated[list[Channel], Field(max_length=4)] = []


class RedrivenView(msgspec.Struct):
    """How many are tried again now, and how many are left: ask again for those."""

    redriven: int
    left: int
    notifications: list[UUID]


@router.post("/redrive", **answers(RedrivenView))
async def redrive_dead_letters(body: Redriving, asked: ByAdmin) -> Response:
    """Try all of these again, oldest first, up to 500 a call.

    It can be repeated: what is on its way again is a dead letter no more.
    """
    order = await asked.order(new_id())  # refuses headers that cannot be read
    ids, found = await _dead(body, asked)
    done: list[UUID] = []
    for start in range(0, len(ids), MOST_STREAMS):
        done += await _redriven(ids[start : start + MOST_STREAMS], asked, order)
    view = RedrivenView(len(done), found - len(done), done)
    return Response(msgspec.json.encode(view), media_type="application/json")


async def _dead(body: Redriving, asked: Asked) -> tuple[list[UUID], int]:
    conditions: list[tuple[str, Any]] = [
        (sql, values) for name, sql in _FILTERS.items() if (values := getattr(body, name))
    ]
    conditions += about_visible(asked)
    numbered = (sql.format(f"${n}") for n, (sql, _) in enumerate(conditions, 1))
    where = "".join(f" and {each}" for each in numbered)
    values = [value for _, value in conditions]
    rows = await asked.service.store.pool.fetch(_DEAD.format(where, MOST), *values)
    return [row["id"] for row in rows], rows[0]["found"] if rows else 0


async def _redriven(ids: list[UUID], asked: Asked, order: Order) -> list[UUID]:
    """Those that still were dead letters. Raises Unavailable."""
    ledger, done = notifications_of(asked), list[UUID]()
    work = Work(ledger.store, order.actor, correlation_id=order.correlation_id)
    await work.look(ledger, ids)
    for id in ids:
        held = await work.current(ledger, id)
        if held.state.status is not Status.EXHAUSTED:
            continue
        try:
            await work.execute(ledger, id, notification.redrive, at=asked.now)
        except Refused:
            continue
        done.append(id)
    if done and (await work.append()).outcome not in ("appended", "already"):
        raise Unavailable("they are being changed at this moment; ask again")
    return done
