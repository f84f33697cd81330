"""The endpoint: what a contact's messages of one channel go to, and whether it answers at all.

A webhook of another system has one of its own, whose probes are its courier's further attempts.

Its circuit breaker: after some failures in a row nothing is sent there but a probe now and then,
until one succeeds. Failures are counted by each process for itself; what follows is an event.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never
from uuid import NAMESPACE_URL, UUID, uuid5

from services.notification.endpoints.events import (
    EndpointEvent,
    ProbeAsked,
    ProbeFailed,
    Restored,
    ShutOff,
)
from services.notification.events import Channel, Delivery
from shared.domain import State, changed
from shared.errors import Refused

FAILURES = 5
"""So many in a row, and it is shut off."""
NOT_SHUT_OFF = "the endpoint is not shut off: whatever is due goes there at once"
_FIRST_PROBE = 30.0
_LONGEST = 15 * 60.0
_MAIL_SERVER = uuid5(NAMESPACE_URL, "tocsin:mail-server")


class Standing(StrEnum):
    CLOSED = "closed"  # messages go there
    OPEN = "open"  # none does before the next probe
    HALF_OPEN = "half_open"  # a probe is on its way, or about to be


class Endpoint(State, frozen=True):
    """An endpoint as its events tell it."""

    contact: UUID | None = None
    webhook: UUID | None = None
    channel: Channel | None = None
    shut_off_at: datetime | None = None
    reason: str | None = None
    probes: int = 0
    probe_at: datetime | None = None

    @property
    def is_shut_off(self) -> bool:
        """Whether nothing is sent there but probes."""
        return self.shut_off_at is not None


def endpoint_of(delivery: Delivery) -> UUID:
    """Where this goes to; all mail goes to one server."""
    if delivery.channel is Channel.EMAIL:
        return _MAIL_SERVER
    return uuid5(delivery.contact, delivery.channel)


def endpoint_of_webhook(webhook: UUID) -> UUID:
    """Where the events go that another system is told of."""
    return uuid5(webhook, "endpoint")


def standing(shut_off_at: datetime | None, probe_at: datetime | None, at: datetime) -> Standing:
    """How its breaker stands at a moment."""
    if shut_off_at is None:
        return Standing.CLOSED
    return Standing.OPEN if probe_at is not None and at < probe_at else Standing.HALF_OPEN


def shut_off(
    endpoint: Endpoint, *, delivery: Delivery, at: datetime, reason: str
) -> Sequence[EndpointEvent]:
    """Send nothing there until a probe succeeds."""
    if endpoint.is_shut_off:
        return []
    contact = None if delivery.channel is Channel.EMAIL else delivery.contact
    return [
        ShutOff(
            channel=delivery.channel, contact=contact, at=at, reason=reason, probe_in=_FIRST_PROBE
        )
    ]


def fail_probe(endpoint: Endpoint, *, at: datetime, reason: str) -> Sequence[EndpointEvent]:
    """It does not answer yet: the next probe comes later than this one did."""
    if not endpoint.is_shut_off:
        return []
    pause = min(_FIRST_PROBE * 2.0 ** min(endpoint.probes + 1, 10), _LONGEST)
    return [ProbeFailed(at=at, reason=reason, probe_in=pause)]


def leave_alone(
    endpoint: Endpoint, *, webhook: UUID, at: datetime, reason: str, pause: float
) -> Sequence[EndpointEvent]:
    """The webhook of another system does not answer; its courier tries again after this pause."""
    if endpoint.is_shut_off:
        return [ProbeFailed(at=at, reason=reason, probe_in=pause)]
    return [ShutOff(channel=Channel.WEBHOOK, webhook=webhook, at=at, reason=reason, probe_in=pause)]


def ask_probe(endpoint: Endpoint, *, at: datetime) -> Sequence[EndpointEvent]:
    """Make the next probe now; if it succeeds, all that waits follows."""
    if not endpoint.is_shut_off:
        raise Refused(NOT_SHUT_OFF)
    is_due = standing(endpoint.shut_off_at, endpoint.probe_at, at) is Standing.HALF_OPEN
    return [] if is_due else [ProbeAsked(at=at)]


def restore(endpoint: Endpoint, *, at: datetime, reason: str) -> Sequence[EndpointEvent]:
    """Call it as before."""
    return [Restored(at=at, reason=reason)] if endpoint.is_shut_off else []


def evolve(endpoint: Endpoint, event: EndpointEvent) -> Endpoint:
    """Never refuses: this has already happened, whatever today's rules say."""
    match event:
        case ShutOff():
            return Endpoint(
                contact=event.contact,
                webhook=event.webhook,
                channel=event.channel,
                shut_off_at=event.at,
                reason=event.reason,
                probe_at=event.at + timedelta(seconds=event.probe_in),
            )
        case ProbeFailed():
            return changed(
                endpoint,
                reason=event.reason,
                probes=endpoint.probes + 1,
                probe_at=event.at + timedelta(seconds=event.probe_in),
            )
        case ProbeAsked():
            return changed(endpoint, probe_at=event.at)
        case Restored():
            return Endpoint(
                contact=endpoint.contact, webhook=endpoint.webhook, channel=endpoint.channel
            )
        case _:
            assert_never(event)
