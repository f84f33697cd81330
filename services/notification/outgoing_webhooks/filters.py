"""Which events a webhook is told of."""

import asyncpg

from services.notification.outgoing_webhooks.webhook import Webhook
from shared.follower import Fact


def passes(webhook: Webhook, fact: Fact, about: asyncpg.Record | None) -> bool:
    """Whether this webhook is told of this; never of what is restricted."""
    return not fact.restricted and _is_named(webhook, fact) and _is_about(webhook, about)


def _is_named(webhook: Webhook, fact: Fact) -> bool:
    name = fact.type.removeprefix("tocsin.").removesuffix(".v1")
    return not webhook.types or any(_fits(each, name) for each in webhook.types)


def _fits(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith(".*") else name == pattern


def _is_about(webhook: Webhook, about: asyncpg.Record | None) -> bool:
    service = about["service"] if about else None
    priority = about["priority"] if about else None
    fits_service = not webhook.services or service in webhook.services
    return fits_service and (not webhook.priorities or priority in webhook.priorities)
