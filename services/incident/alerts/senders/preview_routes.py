"""What a payload would do, without doing it: for those who write rules and connect monitors."""

from typing import Annotated, Any

import msgspec
from fastapi import Depends, Response
from pydantic import Field

from services.incident.alerts.intake import Foreseen
from services.incident.alerts.rules import AlertRulesDocument, check_rules
from services.incident.alerts.senders.preview import Format, read
from services.incident.alerts.taking import intake_of
from services.incident.timeline import explained
from services.incident.visibility import is_visible
from shared.auth.roles import Role
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.body import Body
from shared.http.openapi import answers

_ALARM = {"labels": {"severity": "critical", "service": "shop"}, "status": "firing"}

ByAnybodyConcerned = Annotated[
    Asked, Depends(allowed(Role.RESPONDER, Role.INCIDENT_MANAGER, Role.SERVICE))
]


class AlertPreview(Body):
    """A sender's payload as it would post it, and rules to try in the place of those in force."""

    format: Format
    payload: Annotated[
        Any, Field(examples=[{"receiver": "tocsin", "groupKey": "g", "alerts": [_ALARM]}])
    ]
    rules: AlertRulesDocument | None = None


class ForeseenAlerts(msgspec.Struct, kw_only=True):
    """One group of the payload; the incident is named where there is one that the caller may know.

    `version` is that of the rules in force, or 0 of those that were sent to be tried.
    """

    outcome: str
    receiver: str
    group_key: str
    attached: int
    withheld: int
    duplicates: int
    rule: str | None
    version: int | None
    reason: str | None
    number: str | None
    status: str | None
    title: str | None
    service: str | None
    item: str | None
    impact: int | None
    urgency: int | None
    priority: int | None
    group: str | None


class AlertPreviewView(msgspec.Struct):
    """What each group of the payload would lead to."""

    items: list[ForeseenAlerts]


router = routes("alerts", "/v1/alerts", large_bodies=True)


@router.post("/preview", **answers(AlertPreviewView))
async def preview_alerts(body: AlertPreview, asked: ByAnybodyConcerned) -> Response:
    """Tell what a payload would do now: which rule, which incident, and why not. Writes nothing.

    With `rules` it tells what it would do if these were in force. At most 100 groups are shown.
    """
    intake = intake_of(asked)
    if body.rules is not None:
        check_rules(body.rules)
    rules = body.rules or await intake.rules()
    told = read(body.format, body.payload, rules, asked.caller.id)
    named = [each._replace(integration=asked.caller.name) for each in told]
    foreseen = await intake.foresee(named, asked.caller.id, body.rules)
    view = AlertPreviewView([_view(each, asked) for each in foreseen])
    return Response(msgspec.json.encode(view), media_type="application/json")


def _view(foreseen: Foreseen, asked: Asked) -> ForeseenAlerts:
    taken, decided, incident = foreseen.taken, foreseen.decided, foreseen.incident
    shown = incident if incident is not None and is_visible(incident, asked.caller) else None
    of = {name: getattr(shown, name, None) for name in _OF_INCIDENT}
    return ForeseenAlerts(
        outcome=taken.outcome,
        receiver=foreseen.told.receiver,
        group_key=foreseen.told.group_key,
        attached=taken.attached,
        withheld=taken.withheld,
        duplicates=taken.duplicates,
        rule=decided.rule if decided else None,
        version=decided.version if decided else None,
        reason=explained(decided) if decided else None,
        number=taken.number if shown is not None and shown.number else None,
        **of,
    )


_OF_INCIDENT = ("status", "title", "service", "item", "impact", "urgency", "priority", "group")
