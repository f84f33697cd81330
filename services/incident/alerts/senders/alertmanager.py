"""What Alertmanager posts (webhook version 4): lenient in what is unknown, exact in what counts."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from services.incident.alerts.notification import Notification
from services.incident.facts import Alert


def _moment(value: Any) -> Any:
    """To the microsecond: Alertmanager sends nanoseconds, and the year 1 for no time at all."""
    if value is None or value == "":
        return None
    moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    if moment is None or moment.tzinfo is None:
        raise ValueError("must be an RFC 3339 time with its zone")
    return moment.astimezone(UTC) if 1971 <= moment.year <= 9997 else None


def _texts(value: Any) -> Any:
    return {} if value is None else value


MonitorTime = Annotated[datetime | None, BeforeValidator(_moment)]
Texts = Annotated[dict[str, str], BeforeValidator(_texts)]
Told = Annotated[str, Field(min_length=1, max_length=100_000)]


class _Posted(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


class PostedAlert(_Posted):
    """One alert; its fingerprint is that of its labels where an old version sends none."""

    status: Literal["firing", "resolved"]
    labels: Texts = {}
    annotations: Texts = {}
    starts_at: MonitorTime = Field(default=None, alias="startsAt")
    ends_at: MonitorTime = Field(default=None, alias="endsAt")
    generator_url: str | None = Field(default=None, alias="generatorURL")
    fingerprint: Annotated[str | None, Field(max_length=200)] = None

    def alert(self) -> Alert:
        """As it is stored."""
        return Alert(
            fingerprint=self.fingerprint or _fingerprint(self.labels),
            status=self.status,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            labels=self.labels,
            annotations=self.annotations,
            generator_url=self.generator_url,
            more=self.model_extra or {},
        )


class Webhook(_Posted):
    """One notification about one group of alerts."""

    receiver: Told
    group_key: Told = Field(alias="groupKey")
    alerts: Annotated[list[PostedAlert], Field(max_length=50_000)]

    def notification(self) -> Notification:
        """As it is taken in."""
        alerts = [alert.alert() for alert in self.alerts]
        more = self.model_extra or {}
        return Notification(
            "alertmanager", self.receiver, self.group_key, alerts, more, repeats=True
        )


def _fingerprint(labels: Mapping[str, str]) -> str:
    named = "\0".join(f"{name}\0{value}" for name, value in sorted(labels.items()))
    return hashlib.sha256(named.encode()).hexdigest()[:16]
