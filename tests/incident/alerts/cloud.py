"""A stand-in of Amazon SNS: it signs messages, serves its certificate, hears of confirmations."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.x509.oid import NameOID
from fastapi import FastAPI, Request, Response

from tests.support.server import running

TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"
ALARM = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:CPU high"
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = (
    *("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
)


class Cloud:
    """One region's SNS; `base` is where it stands."""

    def __init__(self) -> None:
        self.base = ""
        self.fetched = 0
        self.confirmed: list[str] = []
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.certificate = _certificate(self.key)

    def message(self, message: str, version: str = "2", **more: Any) -> dict[str, Any]:
        """A signed notification."""
        told = self._signed_fields("Notification", message) | {"Subject": "ALARM"} | more
        return self.sign({name: v for name, v in told.items() if v is not None}, version)

    def confirmation(self, **more: Any) -> dict[str, Any]:
        """What is sent to a new subscriber."""
        url = f"{self.base}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=t1"
        told = self._signed_fields("SubscriptionConfirmation", "You have chosen to subscribe")
        return self.sign(told | {"Token": "t1", "SubscribeURL": url} | more, "1")

    def sign(self, told: dict[str, Any], version: str) -> dict[str, Any]:
        """With a signature of this version."""
        names = _NOTIFICATION if told["Type"] == "Notification" else _CONFIRMATION
        text = "".join(f"{name}\n{told[name]}\n" for name in names if name in told).encode()
        algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()
        signature = base64.b64encode(self.key.sign(text, PKCS1v15(), algorithm)).decode()
        url = f"{self.base}/SimpleNotificationService-0123abcd.pem"
        more = {"SignatureVersion": version, "Signature": signature, "SigningCertURL": url}
        return more | told | {"Signature": signature, "SignatureVersion": version}

    def _signed_fields(self, kind: str, message: str) -> dict[str, Any]:
        self.sent = getattr(self, "sent", 0) + 1
        return {
            "Type": kind,
            "MessageId": f"22b80b92-fdea-4c2c-8f9d-{self.sent:012d}",
            "TopicArn": TOPIC,
            "Message": message,
            "Timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        }


def alarm(state: str, at: str = "2026-11-22T09:58:00.123+0000", **more: Any) -> str:
    """What CloudWatch writes into the message."""
    told = {
        "AlarmName": "CPU high",
        "AlarmDescription": "CPU of the shop above 90 %",
        "AWSAccountId": "123456789012",
        "AlarmConfigurationUpdatedTimestamp": "2026-11-01T00:00:00.000+0000",
        "NewStateValue": state,
        "NewStateReason": "Threshold Crossed: 1 datapoint was greater than the threshold",
        "StateChangeTime": at,
        "Region": "EU (Ireland)",
        "AlarmArn": ALARM,
        "OldStateValue": "OK",
        "OKActions": [TOPIC],
        "AlarmActions": [TOPIC],
        "InsufficientDataActions": [],
        "Trigger": {
            "MetricName": "CPUUtilization",
            "Namespace": "AWS/EC2",
            "StatisticType": "Statistic",
            "Statistic": "AVERAGE",
            "Unit": None,
            "Dimensions": [{"value": "i-0123", "name": "InstanceId"}],
            "Period": 300,
            "EvaluationPeriods": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 90.0,
        },
    }
    return json.dumps(told | more)


@asynccontextmanager
async def open_cloud() -> AsyncIterator[Cloud]:
    """Listening on loopback."""
    cloud, app = Cloud(), FastAPI()

    @app.get("/{name}.pem")
    async def certificate(name: str) -> Response:
        cloud.fetched += 1
        return Response(cloud.certificate)

    @app.get("/")
    async def confirm(request: Request) -> Response:
        cloud.confirmed.append(request.query_params["TopicArn"])
        return Response("<ConfirmSubscriptionResponse/>")

    async with running(app) as base:
        cloud.base = base
        yield cloud


def _certificate(key: rsa.RSAPrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.PEM)
