"""CloudWatch alarms over Amazon SNS: signed, confirmed, told once, and nothing else taken."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.client import Response
from tests.incident.alerts.cloud import TOPIC, Cloud, alarm, open_cloud
from tests.incident.alerts.desk import Desk
from tests.support.postgres import Databases
from tests.support.started import started

HEADERS = {"content-type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": "Notification"}


class Subscriber:
    """A service with a key for SNS."""

    def __init__(self, desk: Desk, cloud: Cloud, key: str) -> None:
        self.desk = desk
        self.cloud = cloud
        self.path = f"/v1/alerts/sns/{key}"

    async def post(self, told: Any, path: str = "", **headers: str) -> Response:
        nobody = self.desk.service.client(None)
        body = told if isinstance(told, bytes) else json.dumps(told).encode()
        return await nobody.post(path or self.path, content=body, headers=HEADERS | headers)

    async def taken(self, told: Any) -> dict[str, Any]:
        answer = await self.post(told)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    async with open_cloud() as found:
        yield found


@pytest.fixture
async def sns(databases: Databases, cloud: Cloud) -> AsyncIterator[Subscriber]:
    settings: dict[str, Any] = {
        "sns_origins": (cloud.base,),
        "sns_topics": (TOPIC,),
        "outbound_allow": ("127.0.0.0/8",),
    }
    async with started("incident", databases, **settings) as service:
        desk = Desk(service)
        made = await service.client("admin").post(
            "/v1/api-keys", json={"name": "CloudWatch", "roles": ["service"]}
        )
        yield Subscriber(desk, cloud, made.json()["key"])


@pytest.mark.parametrize("version", ["1", "2"])
async def test_an_alarm_fires_and_ends(sns: Subscriber, cloud: Cloud, version: str) -> None:
    fired = await sns.taken(cloud.message(alarm("ALARM"), version))
    shown = await sns.desk.incident(fired["number"])
    assert (shown["title"], shown["source"]) == ("CPU high", "sns")
    assert shown["description"] == "CPU of the shop above 90 %"
    assert shown["labels"]["dimension_InstanceId"] == "i-0123"
    assert shown["milestones"]["started"] == "2026-11-22T09:58:00.123000Z"
    unknown = await sns.taken(cloud.message(alarm("INSUFFICIENT_DATA"), version))
    assert unknown["outcome"] == "heard"
    over = cloud.message(alarm("OK", "2026-11-22T10:08:00.000+0000"), version)
    assert (await sns.taken(over))["status"] == "resolved"
    assert cloud.fetched == 1


async def test_a_message_told_again_is_answered_alike(sns: Subscriber, cloud: Cloud) -> None:
    told = cloud.message(alarm("ALARM"))
    first = await sns.taken(told)
    assert await sns.taken(told) == first
    assert await sns.desk.numbers() == [first["number"]]


async def test_all_that_cloudwatch_says_is_kept(sns: Subscriber, cloud: Cloud) -> None:
    fired = await sns.taken(cloud.message(alarm("ALARM", Unheard="of"), Subject=None))
    page = (await sns.desk.people.get(f"/v1/incidents/{fired['number']}/alerts")).json()
    more = page["items"][0]["more"]
    assert more["Unheard"] == "of"
    assert more["Trigger"]["Threshold"] == 90.0


async def test_a_subscription_is_confirmed(sns: Subscriber, cloud: Cloud) -> None:
    assert (await sns.taken(cloud.confirmation()))["outcome"] == "subscribed"
    assert cloud.confirmed == [TOPIC]


async def test_the_other_address_is_the_same(sns: Subscriber, cloud: Cloud) -> None:
    path = sns.path.replace("/sns/", "/by-key/") + "/sns"
    assert (await sns.post(cloud.message(alarm("ALARM")), path)).status_code == 200


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"Message": alarm("OK")}, 403),
        ({"Signature": "AAAA"}, 403),
        ({"Signature": "no Base64!"}, 422),
        ({"SignatureVersion": "3"}, 422),
        ({"SigningCertURL": "https://evil.example/SimpleNotificationService-1.pem"}, 403),
        ({"SigningCertURL": "https://sns.eu-west-1.amazonaws.com.evil.example/a.pem"}, 403),
        ({"SigningCertURL": "https://sns.x.amazonaws.com@evil.example/a.pem"}, 403),
        ({"SigningCertURL": "http://sns.eu-west-1.amazonaws.com/a.pem"}, 403),
        ({"SigningCertURL": "https://sns.eu-west-1.amazonaws.com/a.html"}, 422),
        ({"SigningCertURL": "https://[broken"}, 422),
        ({"SigningCertURL": ""}, 403),
        ({"TopicArn": "arn:aws:sns:eu-west-1:1:other"}, 403),
        ({"Timestamp": "2026-01-01T00:00:00.000Z"}, 422),
        ({"Timestamp": "soon"}, 422),
        ({"Type": "Gossip"}, 422),
        ({"MessageId": 7}, 422),
    ],
)
async def test_what_sns_did_not_sign_is_refused(
    sns: Subscriber, cloud: Cloud, changes: dict[str, Any], status: int
) -> None:
    answer = await sns.post(cloud.message(alarm("ALARM")) | changes)
    assert answer.status_code == status, answer.text
    assert await sns.desk.numbers() == []


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/?Action=ConfirmSubscription",
        "http://169.254.169.254/latest/meta-data/",
        "https://sns.eu-west-1.amazonaws.com/?Action=Subscribe",
        f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}2",
    ],
)
async def test_only_a_confirmation_of_the_same_topic_is_called(
    sns: Subscriber, cloud: Cloud, url: str
) -> None:
    answer = await sns.post(cloud.confirmation(SubscribeURL=url))
    assert answer.status_code in (403, 422), answer.text
    assert cloud.confirmed == []


@pytest.mark.parametrize(
    "message",
    ["plain text", "[]", "{}", alarm("WORSE"), alarm("ALARM", "yesterday"), alarm("ALARM", "")],
)
async def test_a_signed_message_without_an_alarm_is_refused(
    sns: Subscriber, cloud: Cloud, message: str
) -> None:
    assert (await sns.post(cloud.message(message))).status_code == 422


async def test_what_is_no_message_is_refused(sns: Subscriber, cloud: Cloud) -> None:
    for body in (b"", b"\xff", b"[]", b"{", b'"text"', b'{"Type": "Notification"}'):
        assert (await sns.post(body)).status_code == 422
    raw = await sns.post(cloud.message(alarm("ALARM")), **{"x-amz-sns-rawdelivery": "true"})
    assert "raw delivery" in raw.text
    wrong = await sns.post(cloud.message(alarm("ALARM")), "/v1/alerts/sns/tocsin_x")
    assert wrong.status_code == 401


async def test_while_sns_cannot_be_asked_it_is_to_try_again(
    databases: Databases, cloud: Cloud
) -> None:
    gone = "http://127.0.0.1:9"
    settings: dict[str, Any] = {"sns_origins": (gone,), "outbound_allow": ("127.0.0.0/8",)}
    async with started("incident", databases, **settings) as service:
        made = await service.client("admin").post(
            "/v1/api-keys", json={"name": "CloudWatch", "roles": ["service"]}
        )
        sns = Subscriber(Desk(service), cloud, made.json()["key"])
        told = cloud.message(alarm("ALARM"), SigningCertURL=f"{gone}/a.pem")
        assert (await sns.post(told)).status_code == 503


async def test_the_guard_for_outgoing_calls_holds_for_trusted_origins_too(
    databases: Databases, cloud: Cloud
) -> None:
    async with started("incident", databases, sns_origins=(cloud.base,)) as service:
        made = await service.client("admin").post(
            "/v1/api-keys", json={"name": "CloudWatch", "roles": ["service"]}
        )
        sns = Subscriber(Desk(service), cloud, made.json()["key"])
        assert (await sns.post(cloud.message(alarm("ALARM")))).status_code == 403
    assert cloud.fetched == 0
