"""Endpoints over HTTP: which of them do not answer, since when, and what waits for them."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Query, Response
from pydantic import BeforeValidator, Field

from services.notification.answer import ByReader, Id, Nothing
from services.notification.endpoints import endpoint
from services.notification.endpoints.endpoint import Standing
from services.notification.endpoints.endpoints import PARTS, Endpoints
from services.notification.endpoints.view import (
    EndpointPage,
    EndpointView,
    Seen,
    endpoint_item,
    endpoint_view,
    waiting_for,
)
from services.notification.events import Channel
from services.notification.outgoing_webhooks.webhooks import WEBHOOKS, Webhooks
from services.notification.rules import ADMINS
from shared.http.actions import action
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.lists import CHANGED, WHEN, TimedQuery, given, listed
from shared.http.managed import (
    When,
    command_answer,
    folded_at,
    list_answer,
    read_answer,
    versions_answer,
)
from shared.http.moments import moment_of, position_of, time_of
from shared.http.openapi import answers
from shared.http.pages import split
from shared.http.past import Events, PastQuery
from shared.listing import Listing

PATH = "/v1/endpoints"
ByAdmin = Annotated[Asked, Depends(allowed(*ADMINS))]
Ids = Annotated[list[UUID], BeforeValidator(split), Field(max_length=50)]
_LISTING = Listing("endpoints", CHANGED)
_ENDPOINT = WHEN | {
    "contact": "t.contact = any({}::uuid[])",
    "webhook": "t.webhook = any({}::uuid[])",
    "channel": "t.channel = any({}::text[])",
}
_STATE = """(case when t.shut_off_at is null then 'closed'
    when t.probe_at > '{at}'::timestamptz then 'open' else 'half_open' end) = any({{}}::text[])"""
_LIVE = """not exists (select 1 from keyed beside
    where beside.id = t.webhook and beside.retired and {then})"""

router = routes("endpoints", PATH)


class EndpointQuery(TimedQuery):
    """Which endpoints; several values of one filter are alternatives, filters add up."""

    state: Annotated[list[Standing], BeforeValidator(split)] | None = None
    contact: Ids | None = None
    webhook: Ids | None = None
    channel: Annotated[list[Channel], BeforeValidator(split)] | None = None
    sort: Literal["-created_at", "created_at", "-updated_at", "updated_at"] = "-updated_at"


def _ledger(asked: Asked) -> Endpoints:
    found: Endpoints = asked.service.parts[PARTS]
    return found


@router.get("", **answers(EndpointPage))
async def list_endpoints(query: Annotated[EndpointQuery, Query()], asked: ByReader) -> Response:
    """Endpoints that did not answer, now or at some time; the latest change first.

    One that never was shut off is not among them: all that is due goes there at once.
    """
    at = await time_of(query.as_of, asked.service.store.log) or asked.now
    conditions: list[tuple[str, Any]] = [*given(query, _ENDPOINT), (_LIVE, None)]
    if query.state is not None:
        conditions.append((_STATE.format(at=at.isoformat()), query.state))
    found = await listed(asked, _LISTING, query, query.sort, conditions)
    seen = Seen(at, None if query.as_of is None else found.position)
    waiting = await waiting_for(asked, [row["id"] for row in found.rows], seen)
    return list_answer(found, [endpoint_item(row, seen, waiting) for row in found.rows])


@router.get("/{id}", **answers(EndpointView))
async def read_endpoint(id: Id, when: When, asked: ByReader) -> Response:
    """One endpoint, now or as it was."""
    found = await folded_at(asked, _ledger(asked), id, when)
    log = asked.service.store.log
    then = moment_of(when.effective_at) or await time_of(when.as_of, log)
    seen = Seen(then or asked.now, await position_of(when.as_of, log))
    view = endpoint_view(found, seen, await waiting_for(asked, [id], seen))
    why_not = asked.caller.lacks(*ADMINS)
    closed = None if found.state.is_shut_off else endpoint.NOT_SHUT_OFF
    view.actions = [action("probe", f"{PATH}/{id}/probe", closed, why_not)]
    return read_answer(view, found.version)


@router.post("/{id}/probe", **answers(EndpointView))
async def probe_endpoint(id: Id, asked: ByAdmin, body: Nothing = None) -> Response:
    """Try it now instead of at `next_try_at`; where it answers, all that waits follows."""
    order, webhooks = await asked.order(id), _webhooks(asked)
    after = await _ledger(asked).execute(order, endpoint.ask_probe, at=asked.now)
    if after.state.webhook is not None:
        await webhooks.hurry(after.state.webhook)
    seen = Seen(asked.now)
    return command_answer(endpoint_view(after, seen, await waiting_for(asked, [id], seen)), after)


@router.get("/{id}/versions", **answers(Events))
async def list_endpoint_versions(
    id: Id, query: Annotated[PastQuery, Query()], asked: ByReader
) -> Response:
    """When it was shut off, probed and restored, and why, oldest first."""
    return await versions_answer(asked, _ledger(asked), id, query)


def _webhooks(asked: Asked) -> Webhooks:
    found: Webhooks = asked.service.parts[WEBHOOKS]
    return found
