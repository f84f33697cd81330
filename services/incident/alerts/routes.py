"""What people see of the alerts of an incident."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import asyncpg
import msgspec
from fastapi import Query, Response
from pydantic import Field

from services.incident.access import seen
from services.incident.facts import Alert, facts_stream
from services.incident.relations.past import family_at
from services.incident.routes import ByReader, Reference
from shared.http.app import routes
from shared.http.lists import CHANGED, WHEN, TimedQuery, given, listed
from shared.http.moments import position_of
from shared.http.openapi import answers
from shared.listing import Condition, Listing

_LISTING = Listing("incident_alerts", CHANGED)
_CONDITIONS = WHEN | {"status": "t.status = {}::text"}
_PAST = """select id, count(*) as times, min(updated_at) as first_told_at
    from incident_alerts where id = any($1::uuid[]) and from_position <= $2 group by id"""


class AlertItem(Alert, frozen=True, kw_only=True):
    """An alert as it was told last, and how often something new was told of it."""

    id: UUID
    receiver: str
    group_key: str
    times: int
    first_told_at: datetime
    last_told_at: datetime


class AlertPage(msgspec.Struct):
    """A page of an incident's alerts."""

    items: list[AlertItem]
    next_cursor: str | None
    total_estimate: int | None
    position: int


class AlertQuery(TimedQuery):
    """Which alerts."""

    status: Literal["firing", "resolved"] | None = None
    sort: Annotated[
        Literal["-updated_at", "updated_at", "-created_at", "created_at"],
        Field(description="By when something new was told"),
    ] = "-updated_at"


router = routes("incidents", "/v1/incidents")


@router.get("/{id}/alerts", **answers(AlertPage))
async def alerts(id: Reference, query: Annotated[AlertQuery, Query()], asked: ByReader) -> Response:
    """Its alerts, each with its latest state and how often it was told, the newest first.

    Those of the incidents that are merged into it are among them.
    The log of the incident (`/events`) holds every telling whole.
    """
    found = await seen(asked, id)
    position = await position_of(query.as_of, asked.service.store.log)
    family = await family_at(asked, found, found.position if position is None else position)
    conditions: list[Condition] = [
        ("t.incident_facts = any({}::uuid[])", [facts_stream(each) for each in family]),
        *given(query, _CONDITIONS),
    ]
    page = await listed(asked, _LISTING, query, query.sort, conditions)
    ids = [row["id"] for row in page.rows]
    past = await asked.service.store.pool.fetch(_PAST, ids, page.position)
    beside = {row["id"]: row for row in past}
    items = [_item(row, beside[row["id"]]) for row in page.rows]
    content = AlertPage(items, page.next_cursor, page.total_estimate, page.position)
    return Response(msgspec.json.encode(content), media_type="application/json")


def _item(row: asyncpg.Record, past: Mapping[str, Any]) -> AlertItem:
    told = msgspec.convert(row["told"], Alert, strict=False)
    return AlertItem(
        **{name: getattr(told, name) for name in Alert.__struct_fields__},
        id=row["id"],
        receiver=row["receiver"],
        group_key=row["group_key"],
        times=past["times"],
        first_told_at=past["first_told_at"],
        last_told_at=row["updated_at"],
    )
