"""Composition root of the notification service."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from services.notification import (
    inbox,
    inbox_stream,
    lists,
    managed,
    redriving,
    routes,
    versions,
    writing,
)
from services.notification.channels import routes as channel_routes
from services.notification.channels.channel import CHANNEL, CHANNELS, Channels
from services.notification.contacts import CONTACT, Contacts
from services.notification.decisions import routes as why_routes
from services.notification.decisions.decision import DECISION, Decisions
from services.notification.duty import DUTY_AGGREGATES, DUTY_ROUTERS, DUTY_TABLES, duty, telling
from services.notification.endpoints import routes as endpoint_routes
from services.notification.endpoints.breaker import Breaker
from services.notification.endpoints.endpoints import (
    ENDPOINT,
    ENDPOINTS,
    PARTS,
    PROBE,
    RELEASE,
    Endpoints,
)
from services.notification.endpoints.revival import Revival
from services.notification.fallback import Fallback
from services.notification.links import LINKS, links_of
from services.notification.notifications import FALL_BACK, NOTIFICATION, SEND, Notifications
from services.notification.outgoing_webhooks import routes as webhook_routes
from services.notification.outgoing_webhooks.running import couriers
from services.notification.outgoing_webhooks.webhooks import WEBHOOK, WEBHOOKS, Webhooks
from services.notification.policies import Planner
from services.notification.published import PUBLISHED
from services.notification.sender import Sender, sending
from services.notification.subscriptions import SUBSCRIPTION, Subscriptions
from services.notification.tables import CONTACTS, NOTIFICATIONS, SUBSCRIPTIONS, TABLES
from services.notification.teams import routes as team_routes
from services.notification.teams.teams import TEAM, TEAMS, Teams
from services.notification.verification.routes import SENDER
from shared.aggregate import by_topic
from shared.auth.followed_keys import followed_keys
from shared.auth.open import KNOWN_API_KEYS
from shared.background import running
from shared.followed_restrictions import both
from shared.follower import Reaction
from shared.http.access_log import access_log_routes
from shared.http.app import Definition, build
from shared.http.feed import feed_routes
from shared.http.operations import operation_routes
from shared.http.policies import POLICIES
from shared.http.service import Service
from shared.policy import Policies
from shared.rebuild import Replayed
from shared.settings import Service as Name
from shared.settings import Settings
from shared.timers import Handler


@asynccontextmanager
async def _running(service: Service) -> AsyncIterator[None]:
    notifications = Notifications(service.store)
    contacts, subscriptions = Contacts(service.store), Subscriptions(service.store)
    webhooks, endpoints = Webhooks(service.store), Endpoints(service.store)
    service.parts |= {
        "notifications": notifications,
        "contacts": contacts,
        "subscriptions": subscriptions,
        "teams": Teams(service.store),
        WEBHOOKS: webhooks,
        PARTS: endpoints,
        CHANNELS: Channels(service.store),
        why_routes.DECISIONS: Decisions(service.store),
        POLICIES: Policies(service.store, "notification"),
    }
    keys = followed_keys(service.authenticator.forget)
    fallback = Fallback(notifications, contacts)
    breaker = Breaker(endpoints)
    planner = Planner(notifications, subscriptions, telling(service.store, contacts))
    on_duty = duty(service.store, notifications, contacts, planner)
    service.parts |= on_duty.parts
    follows: dict[Name, Mapping[str, Reaction]] = {
        "incident": {**both(planner.reactions("incident"), on_duty.reactions["incident"]), **keys},
        "problem": both(planner.reactions("problem"), on_duty.reactions["problem"]),
    }
    async with (
        sending(notifications, contacts, breaker, service.settings) as sender,
        couriers(webhooks, service.settings) as courier,
        running(
            service,
            follows=follows,
            timers=_timers(sender, fallback, breaker) | on_duty.timers,
            beside=[courier],
        ),
    ):
        service.parts |= {SENDER: sender, LINKS: links_of(service.settings)}
        yield


def _timers(sender: Sender, fallback: Fallback, breaker: Breaker) -> dict[str, Handler]:
    revival = Revival(sender.notifications, breaker, sender)
    return {
        SEND: sender.ring,
        FALL_BACK: fallback.ring,
        PROBE: revival.probe,
        RELEASE: revival.release,
    }


_AGGREGATES = DUTY_AGGREGATES | by_topic(
    DECISION, CONTACT, SUBSCRIPTION, TEAM, ENDPOINT, NOTIFICATION, CHANNEL, WEBHOOK
)

DEFINITION = Definition(
    name="notification",
    description="Who is told of what, by which channel, with every attempt on record.",
    migrations=Path(__file__).with_name("migrations"),
    routers=(
        lists.router,
        why_routes.router,
        why_routes.throttling_router,
        routes.router,
        writing.router,
        managed.contacts_router,
        managed.subscriptions_router,
        versions.contacts_router,
        versions.subscriptions_router,
        team_routes.router,
        webhook_routes.router,
        endpoint_routes.router,
        channel_routes.router,
        inbox.router,
        inbox_stream.router,
        redriving.router,
        *DUTY_ROUTERS,
        access_log_routes("notification"),
        feed_routes("notification", PUBLISHED),
        operation_routes("notification"),
    ),
    tables=(*TABLES, TEAMS, ENDPOINTS, *DUTY_TABLES, KNOWN_API_KEYS),
    running=_running,
    replayed=Replayed(
        _AGGREGATES, (CONTACTS, SUBSCRIPTIONS, NOTIFICATIONS, TEAMS, ENDPOINTS, *DUTY_TABLES)
    ),
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The notification service as an ASGI application."""
    return build(DEFINITION, settings)
