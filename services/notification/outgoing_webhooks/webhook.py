"""The webhook of another system: which events it is told of, where, and signed with what."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, assert_never

from services.notification.keyed import keyed
from services.notification.keyed.keyed import Keyed
from services.notification.outgoing_webhooks.events import (
    Source,
    WebhookEvent,
    WebhookResumed,
    WebhookRetired,
    WebhookRewound,
    WebhookSecretSet,
    WebhookSet,
    WebhookSuspended,
)
from shared.domain import Personal, changed
from shared.errors import Refused

_SECRETS = ("secret", "secret_before")


class Webhook(Keyed, frozen=True):
    """A webhook as its events tell it. Its secrets are sealed, and never shown."""

    noun: ClassVar[str] = "webhook"

    url: str = ""
    source: Source = Source.INCIDENT
    types: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    priorities: tuple[int, ...] = ()
    secret: Personal | None = None
    secret_before: Personal | None = None
    both_until: datetime | None = None  # signed with both secrets
    rewinds: int = 0
    rewound_to: int | None = None
    suspended_at: datetime | None = None
    suspended_because: str | None = None

    def shown(self) -> dict[str, Any]:
        return {name: value for name, value in super().shown().items() if name not in _SECRETS}


def add(webhook: Webhook, *, said: WebhookSet, secret: str) -> Sequence[WebhookEvent]:
    """One of this key, new or taken up again."""
    keyed.require_free(webhook)
    return [said, _signed(said.key, secret)]


def begin(*, position: int, at: datetime) -> Sequence[WebhookEvent]:
    """Where a new one stands at first."""
    return [WebhookRewound(position=position, at=at)]


def change(webhook: Webhook, *, said: WebhookSet) -> Sequence[WebhookEvent]:
    """Say it anew; it keeps its secret and its place in the log."""
    if webhook.source != said.source:
        raise Refused(f"its source stays {webhook.source}: positions are of one log; add another")
    return keyed.change(webhook, said=said)


def rotate(webhook: Webhook, *, secret: str, until: datetime | None) -> Sequence[WebhookEvent]:
    """Sign with another secret; with the present one as well until then."""
    _require_live(webhook)
    return [_signed(webhook.key, secret, until)]


def rewind(webhook: Webhook, *, position: int, at: datetime) -> Sequence[WebhookEvent]:
    """Tell it again of everything behind this position."""
    _require_live(webhook)
    return [WebhookRewound(position=position, at=at)]


def suspend(webhook: Webhook, *, at: datetime, reason: str) -> Sequence[WebhookEvent]:
    """Send nothing there until it is resumed."""
    if webhook.retired or webhook.suspended_at is not None:
        return []
    return [WebhookSuspended(at=at, reason=reason)]


def resume(webhook: Webhook, *, at: datetime) -> Sequence[WebhookEvent]:
    """Go on where it was suspended."""
    _require_live(webhook)
    return [] if webhook.suspended_at is None else [WebhookResumed(at=at)]


def _require_live(webhook: Webhook) -> None:
    if webhook.retired:
        raise Refused("the webhook is retired; add it again to take it up")


def _signed(key: str, secret: str, until: datetime | None = None) -> WebhookSecretSet:
    return WebhookSecretSet(kept_for=f"webhook:{key}", secret=secret, until=until)


def evolve(webhook: Webhook, event: WebhookEvent) -> Webhook:
    """Never refuses: this has already happened, whatever today's rules say."""
    match event:
        case WebhookSet():
            return changed(webhook, **event.fields(), retired=False)
        case WebhookSecretSet(secret=secret, until=until):
            before = webhook.secret if until is not None else None
            return changed(webhook, secret=secret, secret_before=before, both_until=until)
        case WebhookRewound(position=position):
            return changed(webhook, rewinds=webhook.rewinds + 1, rewound_to=position)
        case WebhookSuspended(at=at, reason=reason):
            return changed(webhook, suspended_at=at, suspended_because=reason)
        case WebhookResumed():
            return changed(webhook, suspended_at=None, suspended_because=None)
        case WebhookRetired():
            return changed(webhook, retired=True)
        case _:
            assert_never(event)
