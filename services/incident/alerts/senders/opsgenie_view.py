"""What Opsgenie's clients read: what became of a request."""

from datetime import datetime

import msgspec

from services.incident.access import incidents_of, on_record
from services.incident.alerts.senders.opsgenie_found import group_of, is_ours
from services.incident.alerts.senders.opsgenie_requests import Action, Outcome, Request, read
from services.incident.alerts.taking import intake_of
from services.incident.visibility import is_visible
from shared.errors import NotFound
from shared.http.asked import Asked
from shared.store.reader import Recorded

_STATUS = {
    Action.CREATE: "Created alert",
    Action.ACKNOWLEDGE: "Alert acknowledged",
    Action.CLOSE: "Alert closed",
    Action.ADD_NOTE: "Note added",
}
_NOT_DONE = {
    Outcome.UNKNOWN: "Alert does not exist",
    Outcome.REFUSED: "The alert is not in a state that allows this",
}


class OpsgenieStatus(msgspec.Struct, rename="camel", kw_only=True):
    """What became of a request."""

    success: bool
    is_success: bool
    action: str
    status: str
    processed_at: datetime | None
    integration_id: str
    alert_id: str = ""
    alias: str = ""


class OpsgenieRequest(msgspec.Struct, rename="camel"):
    """A request's status."""

    data: OpsgenieStatus
    took: float
    request_id: str


async def status_of(asked: Asked, request_id: str) -> OpsgenieStatus:
    """What this id tells, and what the log has at its position. Raises NotFound."""
    request = read(request_id)
    if request is None:
        raise NotFound("there is no such request")
    recorded = await _at(asked, request)
    if recorded is None and request.outcome is Outcome.DONE:
        raise NotFound("there is no such request")
    is_done = request.outcome is Outcome.DONE
    status = OpsgenieStatus(
        success=is_done,
        is_success=is_done,
        action=request.action.title,
        status=_NOT_DONE.get(request.outcome, _STATUS[request.action]),
        processed_at=recorded and recorded.recorded_at,
        integration_id=recorded.actor.removeprefix("key:") if recorded else "",
    )
    return await _about(asked, recorded, status)


async def _at(asked: Asked, request: Request) -> Recorded | None:
    if request.position == 0:
        return None
    page = await asked.service.store.log.page(request.position - 1, limit=1)
    return page[0] if page and page[0].position == request.position else None


async def _about(asked: Asked, recorded: Recorded | None, status: OpsgenieStatus) -> OpsgenieStatus:
    """With the alert that the event at that position is about."""
    stream = recorded and recorded.originator_id
    if recorded is not None and recorded.topic.startswith("incident."):
        held = await incidents_of(asked).current(recorded.originator_id)
        if is_visible(held.state, asked.caller):
            await on_record(asked, held)
            stream = group_of(held.state.external_ref)
    if stream is None:
        return status
    group = await intake_of(asked).group(stream)
    if not is_ours(group):
        raise NotFound("there is no such request")
    alias = group.state.group_key
    return msgspec.structs.replace(status, alert_id=str(group.stream), alias=alias)
