"""What Amazon SNS posts, and the CloudWatch alarms within it, as alerts."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from services.incident.alerts.notification import Notification
from services.incident.facts import Alert
from shared.errors import Invalid

SOURCE = "sns"
NOTIFICATION = "Notification"
CONFIRMATION = "SubscriptionConfirmation"
TYPES = (NOTIFICATION, CONFIRMATION, "UnsubscribeConfirmation")
_REQUIRED = ("Type", "MessageId", "TopicArn", "Timestamp", "Message")
_KNOWN = frozenset(
    ("AlarmName", "AlarmArn", "NewStateValue", "StateChangeTime", "AlarmDescription")
)
_OLDEST = timedelta(hours=2)  # SNS itself gives up after an hour of retries
_NEWEST = timedelta(minutes=15)
_UNDECIDED = "INSUFFICIENT_DATA"


def envelope(body: Any) -> dict[str, str]:
    """The fields of a message, all of them texts. Raises Invalid."""
    if not isinstance(body, dict):
        raise Invalid(("", "must be a message of Amazon SNS: a JSON object"))
    told = {name: value for name, value in body.items() if isinstance(value, str)}
    missing = [(f"/{name}", "is missing") for name in _REQUIRED if not told.get(name)]
    if missing:
        raise Invalid(*missing)
    if told["Type"] not in TYPES:
        raise Invalid(("/Type", f"must be one of {', '.join(TYPES)}"))
    return told


def check_age(told: Mapping[str, str], now: datetime) -> None:
    """An old message told again is refused, however well signed. Raises Invalid."""
    sent = moment_of(told["Timestamp"], "/Timestamp")
    if not now - _OLDEST <= sent <= now + _NEWEST:
        raise Invalid(("/Timestamp", "lies too far from the present: an old message told again?"))


def alarm_of(told: Mapping[str, str]) -> dict[str, Any]:
    """The alarm in a notification's message. Raises Invalid."""
    try:
        alarm = msgspec.json.decode(told["Message"])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        alarm = None
    if not isinstance(alarm, dict):
        raise Invalid(("/Message", "is not the JSON of a CloudWatch alarm"))
    for name in ("AlarmName", "NewStateValue", "StateChangeTime"):
        if not isinstance(alarm.get(name), str) or not alarm[name]:
            raise Invalid((f"/Message/{name}", "is missing"))
    return alarm


def notification(topic: str, alarm: Mapping[str, Any]) -> Notification | None:
    """The alarm's change of state; None where the new state tells nothing (INSUFFICIENT_DATA)."""
    state, at = alarm["NewStateValue"], moment_of(alarm["StateChangeTime"], "/StateChangeTime")
    if state == _UNDECIDED:
        return None
    if state not in ("ALARM", "OK"):
        raise Invalid(("/Message/NewStateValue", "must be ALARM, OK or INSUFFICIENT_DATA"))
    name, fires = str(alarm["AlarmName"]), state == "ALARM"
    key = str(alarm.get("AlarmArn") or f"{alarm.get('AWSAccountId')}:{alarm.get('Region')}:{name}")
    alert = Alert(
        fingerprint=key,
        status="firing" if fires else "resolved",
        starts_at=at if fires else None,
        ends_at=None if fires else at,
        labels=_labels(alarm),
        annotations=_annotations(alarm),
        more={n: v for n, v in alarm.items() if n not in _KNOWN},
    )
    return Notification(SOURCE, topic, key, [alert], {})


def moment_of(text: str, pointer: str) -> datetime:
    """ISO 8601 as CloudWatch and SNS write it. Raises Invalid."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid((pointer, "is not an ISO 8601 time")) from None
    if moment.tzinfo is None or not 1971 <= moment.year <= 9997:
        raise Invalid((pointer, "must be a time with its zone"))
    return moment.astimezone(UTC)


def _labels(alarm: Mapping[str, Any]) -> dict[str, str]:
    trigger = alarm.get("Trigger")
    trigger = trigger if isinstance(trigger, dict) else {}
    told = {
        "alertname": alarm["AlarmName"],
        "account": alarm.get("AWSAccountId"),
        "region": alarm.get("Region"),
        "namespace": trigger.get("Namespace"),
        "metric": trigger.get("MetricName"),
        **_dimensions(trigger.get("Dimensions")),
    }
    return {name: value for name, value in told.items() if isinstance(value, str) and value}


def _dimensions(told: Any) -> dict[str, Any]:
    pairs = [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []
    return {f"dimension_{each['name']}": each.get("value") for each in pairs if "name" in each}


def _annotations(alarm: Mapping[str, Any]) -> dict[str, str]:
    told = {
        "summary": alarm["AlarmName"],
        "description": alarm.get("AlarmDescription") or alarm.get("NewStateReason"),
        "reason": alarm.get("NewStateReason"),
    }
    return {name: value for name, value in told.items() if isinstance(value, str) and value}
