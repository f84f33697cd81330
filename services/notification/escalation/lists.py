"""Escalations over HTTP: who is being paged, who was, and how it ended."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Response
from pydantic import BeforeValidator, Field

from services.notification.access import about_visible, on_record
from services.notification.answer import ByReader, Id
from services.notification.escalation.escalation import Status
from services.notification.escalation.running import Running
from services.notification.escalation.view import (
    EscalationPage,
    EscalationView,
    escalation_item,
    escalation_view,
)
from shared.errors import NotFound
from shared.http.access_log import record_access
from shared.http.app import routes
from shared.http.lists import CHANGED, WHEN, TimedQuery, given, listed
from shared.http.managed import When, folded_at, list_answer, read_answer
from shared.http.openapi import answers
from shared.http.pages import Words, split
from shared.listing import Listing
from shared.restrictions import restricted_among

RUNNING = "escalations"
"""Among a service's parts, its `Running`."""

Ids = Annotated[list[UUID], BeforeValidator(split), Field(max_length=50)]
_LISTING = Listing("escalations", CHANGED)
_ESCALATION = WHEN | {
    "status": "t.status = any({}::text[])",
    "about": "t.about = any({}::uuid[])",
    "number": "t.number = any({}::text[])",
    "policy": "t.policy = any({}::text[])",
}

router = routes("escalation", "/v1/notification/escalations")


class EscalationQuery(TimedQuery):
    """Which escalations; several values of one filter are alternatives, filters add up."""

    status: Annotated[list[Status], BeforeValidator(split)] | None = None
    about: Ids | None = None
    number: Words | None = None
    policy: Words | None = None
    sort: Literal["-created_at", "created_at", "-updated_at", "updated_at"] = "-created_at"


@router.get("", **answers(EscalationPage))
async def list_escalations(query: Annotated[EscalationQuery, Query()], asked: ByReader) -> Response:
    """Escalations, newest first."""
    conditions = given(query, _ESCALATION) + about_visible(asked)
    found = await listed(asked, _LISTING, query, query.sort, conditions)
    await on_record(asked, found.rows)
    return list_answer(found, list(map(escalation_item, found.rows)))


@router.get("/{id}", **answers(EscalationView))
async def read_escalation(id: Id, when: When, asked: ByReader) -> Response:
    """One escalation, now or as it was: who was paged, who was missed and why."""
    running: Running = asked.service.parts[RUNNING]
    found = await folded_at(asked, running.escalations, id, when)
    about = [found.state.occasion.about] if found.state.occasion else []
    restricted, hidden = await restricted_among(asked.service.store.pool, asked.caller, about)
    if hidden:
        raise NotFound("there is no such escalation")
    await record_access(asked.request, asked.caller, restricted)
    return read_answer(escalation_view(found), found.version)
