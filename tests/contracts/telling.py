"""Scenes of the notification service: a fact of another service, told, and given up."""

from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from services.notification import notification
from services.notification.endpoints import endpoint
from services.notification.endpoints.endpoint import endpoint_of_webhook
from services.notification.endpoints.endpoints import PARTS, Endpoints
from services.notification.escalation import escalation
from services.notification.escalation.events import Occasion, Step, Target
from services.notification.escalation.lists import RUNNING
from services.notification.escalation.running import Running
from services.notification.events import Channel
from services.notification.notifications import Notifications
from services.notification.policies import Planner
from services.notification.said import Words
from services.notification.subscriptions import Subscriptions
from services.notification.verification import verifying
from services.notification.verification.routes import digest_of
from shared.clock import new_id, now
from shared.follower import Fact
from shared.http.service import Service
from shared.ledger import Order
from shared.store.store import Store
from shared.work import Work

BY = "system:follower"


def declared_elsewhere(kind: str = "tocsin.incident.declared.v1") -> Fact:
    """An incident of the incident service."""
    data = {"number": "INC-7", "title": "Slow", "service": "checkout", "priority": 1}
    identifier = new_id()
    return Fact(
        id=identifier,
        type=kind,
        subject=new_id(),
        time=now(),
        position=identifier.int % 2**40,
        actor="ada",
        correlation_id=new_id(),
        data=msgspec.Raw(msgspec.json.encode(data)),
    )


async def tell(store: Store, fact: Fact) -> None:
    """Notifications for those who subscribed to it."""
    planner, work = Planner(Notifications(store), Subscriptions(store)), Work(store, BY)
    await planner.hear(fact, work)
    await work.append()


async def page(service: Service) -> UUID:
    """An escalation for somebody who is asked to come."""
    running: Running = service.parts[RUNNING]
    occasion = Occasion(
        cause=new_id(),
        fact="incident.responder_requested",
        about=new_id(),
        happened_at=now(),
    )
    step = Step(targets=(Target(person="ada"),), wait_minutes=5)
    order = Order(stream=new_id(), actor=BY, creates=True)
    words = Words("You are needed", "Come", {})
    said: dict[str, Any] = {"occasion": occasion, "words": words, "steps": [step], "at": now()}
    await running.escalations.execute(order, escalation.begin, **said)
    return order.stream


async def send_code(service: Service, contact: UUID) -> str:
    """A code has gone out to its mail address."""
    code, channel = "ABCD2345", Channel.EMAIL
    digest = digest_of(service.cursor_key, contact, channel, code)
    order, ledger = Order(stream=contact, actor=BY), service.parts["contacts"]
    await ledger.execute(order, verifying.send, channel=channel, digest=digest, at=now())
    return code


async def left_alone(service: Service) -> UUID:
    """The endpoint of another system's webhook that does not answer."""
    endpoints: Endpoints = service.parts[PARTS]
    webhook, at = new_id(), now()
    command = partial(
        endpoint.leave_alone, webhook=webhook, at=at, reason="answered 503", pause=900.0
    )
    await endpoints.record(endpoint_of_webhook(webhook), BY, command)
    return endpoint_of_webhook(webhook)


async def give_up(store: Store, told: UUID) -> None:
    """An attempt that the receiver refuses for good; the sender's own comes too late."""
    ledger, order = Notifications(store), Order(stream=told, actor=BY)
    begun = await ledger.execute(order, notification.begin, at=now())
    await ledger.execute(
        order,
        notification.fail,
        attempt=len(begun.state.attempts),
        at=now(),
        reason="Mailbox is gone",
        permanent=True,
        jitter=1.0,
    )
