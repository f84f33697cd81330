"""An alert as Opsgenie's clients read it: what was told last, and how its incident stands."""

from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from services.incident.access import seen
from services.incident.alerts.senders.opsgenie import SOURCE
from services.incident.alerts.senders.opsgenie_found import Found
from services.incident.alerts.taking import intake_of
from services.incident.facts import Alert, alert_id
from services.incident.incident import Incident
from shared.errors import NotFound
from shared.http.asked import Asked

_TOLD = """select told, status, updated_at,
        (select min(updated_at) from incident_alerts where id = $1) as created_at,
        (select count(*) from incident_alerts where id = $1) as times
    from incident_alerts where id = $1 and to_position is null"""


class OpsgenieIntegration(msgspec.Struct, rename="camel"):
    """Through which integration it came."""

    id: str
    name: str
    type: str = "API"


class OpsgenieAlertView(msgspec.Struct, rename="camel", kw_only=True):
    """An alert; its tiny id is the number of its incident."""

    id: str
    tiny_id: str
    alias: str
    message: str
    status: str
    acknowledged: bool
    is_seen: bool
    tags: list[str]
    snoozed: bool = False
    count: int
    last_occurred_at: datetime
    created_at: datetime
    updated_at: datetime
    source: str
    owner: str
    priority: str
    teams: list[Any] = []
    responders: list[Any]
    integration: OpsgenieIntegration
    actions: list[Any]
    entity: str
    description: str
    details: dict[str, Any]


class OpsgenieAlertFound(msgspec.Struct, rename="camel"):
    """The alert that was asked for."""

    data: OpsgenieAlertView
    took: float
    request_id: str


class _Told(NamedTuple):
    alert: Alert
    status: str
    updated_at: datetime
    created_at: datetime
    times: int


async def alert_of(asked: Asked, found: Found) -> OpsgenieAlertView:
    """The alert as it stands. Raises NotFound where nothing is known of it."""
    group = (await intake_of(asked).group(found.stream)).state
    if group.incident is None:
        raise NotFound("there is no such alert")
    held = await seen(asked, str(group.incident))
    row = alert_id(held.stream, SOURCE, found.alias, found.alias)
    told = await asked.service.store.pool.fetchrow(_TOLD, row)
    if told is None:
        raise NotFound("there is no such alert")
    content, status, updated_at, created_at, times = told
    known = _Told(msgspec.convert(content, Alert), status, updated_at, created_at, times)
    integration = OpsgenieIntegration(held.state.reporter, group.integration or "")
    return _view(found, known, held.state, integration)


def _view(
    found: Found, told: _Told, incident: Incident, integration: OpsgenieIntegration
) -> OpsgenieAlertView:
    labels, more, said = told.alert.labels, told.alert.more, told.alert.annotations
    return OpsgenieAlertView(
        id=str(found.stream),
        tiny_id=str(incident.number),
        alias=found.alias,
        message=said.get("summary", incident.title),
        status="open" if told.status == "firing" else "closed",
        acknowledged=incident.acknowledged_at is not None,
        is_seen=incident.acknowledged_at is not None,
        tags=more.get("tags", []),
        count=told.times,
        last_occurred_at=told.updated_at,
        created_at=told.created_at,
        updated_at=told.updated_at,
        source=labels.get("source", ""),
        owner=incident.assigned_to or "",
        priority=labels.get("priority", ""),
        responders=more.get("responders", []),
        integration=integration,
        actions=more.get("actions", []),
        entity=labels.get("entity", ""),
        description=said.get("description", ""),
        details=more.get("details", {}),
    )
