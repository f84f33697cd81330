"""What people see of a group of alerts, with its incident or without: what it does, and why."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import Depends, Query, Response

from services.incident.access import seen
from services.incident.alerts.group import AlertGroup
from services.incident.alerts.intake import AlertIntake
from services.incident.facts import Decided
from services.incident.rules import READERS
from services.incident.timeline import explained
from shared.aggregate import Folded
from shared.errors import NotFound
from shared.event_view import event_views
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.moments import AsOf, position_of
from shared.http.openapi import answers
from shared.http.past import Events, PastQuery, paged, past_page
from shared.http.waiting import has_seen

ByReader = Annotated[Asked, Depends(allowed(*READERS))]


class AlertGroupView(msgspec.Struct, kw_only=True):
    """Alerts that share an incident; `held_back` is why nothing more was done about them yet."""

    id: UUID
    version: int
    position: int
    created_at: datetime | None
    updated_at: datetime | None
    source: str | None
    receiver: str
    group_key: str
    fires: bool
    firing: tuple[str, ...]
    incident: UUID | None
    held_back: Decided | None
    reason: str | None
    lapses_at: datetime | None


router = routes("alerts", "/v1/alerts/groups")


@router.get("/{id}", **answers(AlertGroupView))
async def read_group(id: UUID, asked: ByReader, as_of: AsOf = None) -> Response:
    """A group of alerts, now or as it was: what fires, its incident, and what is held back."""
    position = await position_of(as_of, asked.service.store.log)
    found = await _visible(asked, id)
    if position is not None:
        found = await _intake(asked).groups.past(id, position=position)
    return Response(msgspec.json.encode(_view(found)), media_type="application/json")


@router.get("/{id}/events", **answers(Events))
async def list_group_events(
    id: UUID, query: Annotated[PastQuery, Query()], asked: ByReader
) -> Response:
    """What was heard of it and what was decided each time, oldest first."""
    await has_seen(asked.service, query.wait_for)
    await _visible(asked, id)
    page = await past_page(asked, query, (id,))
    return paged(Events, await event_views(asked.service.store, page.events), page)


def _intake(asked: Asked) -> AlertIntake:
    found: AlertIntake = asked.service.parts["alerts"]
    return found


async def _visible(asked: Asked, stream: UUID) -> Folded[AlertGroup]:
    """A group whose incident the caller may know of. Raises NotFound."""
    try:
        found = await _intake(asked).groups.current(stream)
        if found.state.incident is not None:
            await seen(asked, str(found.state.incident))
    except NotFound:
        raise NotFound("there is no such group of alerts") from None
    return found


def _view(found: Folded[AlertGroup]) -> AlertGroupView:
    group = found.state
    return AlertGroupView(
        id=found.stream,
        version=found.version,
        position=found.position,
        created_at=found.created_at,
        updated_at=found.updated_at,
        source=group.source,
        receiver=group.receiver,
        group_key=group.group_key,
        fires=not group.is_silent,
        firing=tuple(sorted(name for name, told in group.alerts.items() if told.fires)),
        incident=group.incident,
        held_back=group.held_back,
        reason=explained(group.held_back) if group.held_back else None,
        lapses_at=group.lapses_at,
    )
