"""A payload of any supported sender, read as it would be taken in, for a trial."""

from collections.abc import Callable, Mapping
from typing import Any, Literal
from uuid import uuid4

from pydantic import TypeAdapter, ValidationError

from services.incident.alerts.notification import Notification
from services.incident.alerts.rules import AlertRulesDocument
from services.incident.alerts.senders import cloudevents as ce
from services.incident.alerts.senders import sns
from services.incident.alerts.senders.alertmanager import Webhook
from services.incident.alerts.senders.grafana import GrafanaWebhook
from services.incident.alerts.senders.opsgenie import OpsgenieAlert
from services.incident.alerts.senders.pagerduty import FollowUp, Trigger
from shared.errors import Invalid

Format = Literal["alertmanager", "grafana", "cloudevents", "sns", "pagerduty", "opsgenie"]
Reader = Callable[[Any, AlertRulesDocument, str], list[Notification]]

_EVENT: TypeAdapter[Trigger | FollowUp] = TypeAdapter(Trigger | FollowUp)


def read(kind: Format, payload: Any, rules: AlertRulesDocument, caller: str) -> list[Notification]:
    """What the payload tells. Raises Invalid, with the place within `/payload`."""
    try:
        return _READERS[kind](payload, rules, caller)
    except ValidationError as wrong:
        found = [("/".join(map(str, e["loc"])), str(e["msg"])) for e in wrong.errors()]
        raise Invalid(
            *((f"/payload/{at}".rstrip("/"), _plain(detail)) for at, detail in found)
        ) from None
    except Invalid as wrong:
        raise Invalid(*((f"/payload{at}", detail) for at, detail in wrong.errors)) from None


def _plain(detail: str) -> str:
    return detail.removeprefix("Value error, ")


def _webhook(kind: type[Webhook]) -> Reader:
    return lambda payload, rules, caller: [kind.model_validate(payload).notification()]


def _cloudevents(payload: Any, rules: AlertRulesDocument, caller: str) -> list[Notification]:
    many = isinstance(payload, list)
    events = ce.from_batch(payload) if many else [ce.from_structured(payload)]
    return ce.notifications(events, rules.cloudevents)


def _sns(payload: Any, rules: AlertRulesDocument, caller: str) -> list[Notification]:
    told = sns.envelope(payload)
    news = sns.notification(told["TopicArn"], sns.alarm_of(told))
    return [] if news is None else [news]


def _pagerduty(payload: Any, rules: AlertRulesDocument, caller: str) -> list[Notification]:
    event = _EVENT.validate_python(payload)
    return [event.notification(caller, event.dedup_key or uuid4().hex)]


def _opsgenie(payload: Any, rules: AlertRulesDocument, caller: str) -> list[Notification]:
    alert = OpsgenieAlert.model_validate(payload)
    return [alert.notification(alert.alias or uuid4().hex)]


_READERS: Mapping[str, Reader] = {
    "alertmanager": _webhook(Webhook),
    "grafana": _webhook(GrafanaWebhook),
    "cloudevents": _cloudevents,
    "sns": _sns,
    "pagerduty": _pagerduty,
    "opsgenie": _opsgenie,
}
