"""Amazon SNS with CloudWatch alarms: signatures checked, subscriptions confirmed."""

import hashlib
from typing import Any
from uuid import UUID

import structlog
from fastapi import Response

from services.incident.alerts.decision import Taken
from services.incident.alerts.senders import sns
from services.incident.alerts.senders.sns_signature import SnsSignatures
from services.incident.alerts.taking import BySecret, answer, intake_of
from shared.errors import Forbidden, Invalid
from shared.http.app import routes
from shared.http.asked import Asked
from shared.http.body import UnreadableBody
from shared.http.openapi import answers
from shared.ledger import Key, Order

SIGNATURES = "sns_signatures"
"""Among a service's parts, what checks the signatures of SNS."""

_log = structlog.get_logger("tocsin.alerts.sns")
_MESSAGE = {
    "type": "object",
    "required": ["Type", "MessageId", "TopicArn", "Timestamp", "Message", "Signature"],
    "properties": {
        "Type": {"enum": list(sns.TYPES)},
        "Message": {"type": "string", "description": "A CloudWatch alarm, as JSON"},
    },
    "additionalProperties": {"type": "string"},
}
_BODY = {"required": True, "content": {"text/plain": {"schema": _MESSAGE}}}

router = routes("alerts", "/v1/alerts", large_bodies=True)


def _described() -> dict[str, Any]:
    told = answers(Taken)
    told["openapi_extra"]["requestBody"] = _BODY
    return told


@router.post("/sns/{secret}", **_described())
async def sns_message(asked: BySecret) -> Response:
    """A subscription of Amazon SNS that carries CloudWatch alarms; the API key is in the address.

    The signature (version 1 or 2) is checked, a subscription is confirmed by itself, an alarm in
    ALARM fires, OK ends it, INSUFFICIENT_DATA does neither. A message told again is answered alike.
    """
    return answer(await _take(asked))


@router.post("/by-key/{secret}/sns", **_described())
async def sns_message_by_key(asked: BySecret) -> Response:
    """The same where the other senders' addresses are."""
    return answer(await _take(asked))


async def _take(asked: Asked) -> Taken:
    told = sns.envelope(await _body(asked))
    signatures: SnsSignatures = asked.service.parts[SIGNATURES]
    _require_expected(asked, told["TopicArn"])
    sns.check_age(told, asked.now)
    await signatures.check(told, asked.now)
    if told["Type"] == sns.CONFIRMATION:
        await signatures.confirm(told)
        _log.info("sns_subscribed", topic=told["TopicArn"])
        return Taken(outcome="subscribed")
    if told["Type"] != sns.NOTIFICATION:
        _log.warning("sns_unsubscribed", topic=told["TopicArn"])
        return Taken(outcome="unsubscribed")
    news = sns.notification(told["TopicArn"], sns.alarm_of(told))
    if news is None:
        return Taken(outcome="heard", reason="INSUFFICIENT_DATA neither begins nor ends an alert")
    order = _order(asked, news.stream, told["MessageId"])
    return await intake_of(asked).take(news._replace(integration=asked.caller.name), order)


async def _body(asked: Asked) -> Any:
    if asked.request.headers.get("x-amz-sns-rawdelivery") == "true":
        raise Invalid(("", "raw delivery carries no signature: switch it off at the subscription"))
    raw = await asked.request.body()
    if not raw:
        raise UnreadableBody("a message of Amazon SNS is missing")
    return await asked.request.json()


def _require_expected(asked: Asked, topic: str) -> None:
    expected = asked.service.settings.sns_topics
    if expected and topic not in expected:
        raise Forbidden("TOCSIN_SNS_TOPICS does not name this topic")


def _order(asked: Asked, stream: UUID, message: str) -> Order:
    """The id of the message is its idempotency key: SNS keeps it over its retries."""
    digest = hashlib.sha256(message.encode()).digest()
    key = Key(f"{asked.caller.id} POST /v1/alerts/sns", message[:255], digest)
    return Order(stream=stream, actor=asked.caller.id, key=key)
