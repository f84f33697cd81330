"""Webhooks of other systems over HTTP: managed data, their secrets, places and deliveries."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import Query, Response

from services.notification.answer import ByReader, Nothing
from services.notification.bodies import Rotation
from services.notification.keyed import asking
from services.notification.keyed.asking import ByAdmin, Kept, Listed, Past, Reference
from services.notification.keyed.rows import view_of
from services.notification.keyed.secrets import versions_without
from services.notification.outgoing_webhooks import webhook
from services.notification.outgoing_webhooks.bodies import (
    NewWebhookDocument,
    Rewinding,
    WebhookDocument,
    clear,
)
from services.notification.outgoing_webhooks.events import (
    WebhookRetired,
    WebhookSecretSet,
    WebhookSet,
)
from services.notification.outgoing_webhooks.view import (
    DeliveryPage,
    DeliveryView,
    Progress,
    WebhookPage,
    WebhookView,
)
from services.notification.outgoing_webhooks.webhooks import WEBHOOKS, Place, Webhooks
from shared.destination import OutgoingRefused, check_url
from shared.errors import Invalid
from shared.http.app import routes
from shared.http.asked import Asked
from shared.http.managed import When, folded_at, managed_actions, read_answer
from shared.http.openapi import answers
from shared.http.pages import Cursor, ListQuery, filters_of, read_cursor, write_cursor
from shared.http.past import Events
from shared.http.waiting import has_seen

PATH = "/v1/webhooks"
_DELIVERIES = """select id, position, fact as event, type, subject, started_at, ended_at, outcome,
    answer from webhook_deliveries where webhook = $1 and ($2::uuid is null or id < $2)
    order by id desc limit $3"""

router = routes("webhooks", PATH)


def webhooks_of(asked: Asked) -> Kept:
    """The webhooks of the service that was asked."""
    return Kept("webhook", PATH, _ledger(asked), WebhookView)


def _known(position: int, newest: int, pointer: str) -> int:
    """Behind a position that the log has not reached nothing would ever be told."""
    if position > newest:
        raise Invalid((pointer, f"the log is known here up to position {newest}"))
    return position


def _ledger(asked: Asked) -> Webhooks:
    found: Webhooks = asked.service.parts[WEBHOOKS]
    return found


@router.get("", **answers(WebhookPage))
async def list_webhooks(query: Listed, asked: ByReader) -> Response:
    """Webhooks by their keys."""
    return await asking.page(asked, webhooks_of(asked), query)


@router.post("", **answers(WebhookView, 201, "Added"))
async def add_webhook(body: NewWebhookDocument, asked: ByAdmin) -> Response:
    """Tell another system of certain events from now on, or from a position on."""
    said, kept, ledger = _checked(body, asked), webhooks_of(asked), _ledger(asked)
    newest = await ledger.newest(body.source)
    after = newest if body.after is None else _known(body.after, newest, "/after")

    def add(held: webhook.Webhook, *, said: WebhookSet) -> list[Any]:
        events = webhook.add(held, said=said, secret=clear(body.secret))
        return [*events, *webhook.begin(position=after, at=asked.now)]

    return await asking.add(asked, kept, said, add)


@router.get("/{id}", **answers(WebhookView))
async def read_webhook(id: Reference, when: When, asked: ByReader) -> Response:
    """One webhook, now or as it was, and how far it has come by now."""
    kept = webhooks_of(asked)
    found = await folded_at(asked, kept.ledger, kept.find(id), when)
    shown = view_of(WebhookView, found)
    shown.progress = _progress(await _ledger(asked).place(found.stream))
    path = f"{PATH}/{found.stream}"
    shown.actions = managed_actions(path, asking.why_not(asked), found.state.retired)
    return read_answer(shown, found.version)


@router.put("/{id}", **answers(WebhookView))
async def change_webhook(id: Reference, body: WebhookDocument, asked: ByAdmin) -> Response:
    """Say it anew; it keeps its source, its secret and its place."""
    said = _checked(body, asked)
    return await asking.command(asked, webhooks_of(asked), id, webhook.change, said=said)


@router.post("/{id}/retire", **answers(WebhookView))
async def retire_webhook(id: Reference, asked: ByAdmin, body: Nothing = None) -> Response:
    """Tell it nothing more; what it was told stays on record."""
    return await asking.retire(asked, webhooks_of(asked), id, WebhookRetired)


@router.post("/{id}/rotate-secret", **answers(WebhookView))
async def rotate_webhook_secret(id: Reference, body: Rotation, asked: ByAdmin) -> Response:
    """Sign with another secret, and with the present one as well for some hours."""
    said = body.said(asked.now)
    return await asking.command(asked, webhooks_of(asked), id, webhook.rotate, **said)


@router.post("/{id}/redrive", **answers(WebhookView))
async def redrive_webhook(id: Reference, body: Rewinding, asked: ByAdmin) -> Response:
    """Tell it again of everything behind a position; receivers know repeats by `webhook-id`."""
    kept, ledger = webhooks_of(asked), _ledger(asked)
    held = await ledger.current(kept.find(id))
    position = _known(body.position, await ledger.newest(held.state.source), "/position")
    return await asking.command(asked, kept, id, webhook.rewind, position=position, at=asked.now)


@router.post("/{id}/resume", **answers(WebhookView))
async def resume_webhook(id: Reference, asked: ByAdmin, body: Nothing = None) -> Response:
    """Go on with one that said it was gone."""
    return await asking.command(asked, webhooks_of(asked), id, webhook.resume, at=asked.now)


@router.get("/{id}/versions", **answers(Events))
async def list_webhook_versions(id: Reference, query: Past, asked: ByReader) -> Response:
    """What was said of it, but for secrets, who said it and when, oldest first."""
    kept = webhooks_of(asked)
    return await versions_without(asked, kept.ledger, kept.find(id), query, WebhookSecretSet.topic)


@router.get("/{id}/deliveries", **answers(DeliveryPage))
async def list_webhook_deliveries(
    id: Reference, query: Annotated[ListQuery, Query()], asked: ByReader
) -> Response:
    """Each attempt of the last 30 days, newest first."""
    await has_seen(asked.service, query.wait_for)
    kept, store = webhooks_of(asked), asked.service.store
    held = await kept.ledger.current(kept.find(id))
    cursor = read_cursor(query.cursor, asked, filters_of(query))
    after = UUID(cursor.id) if cursor else None
    rows = await store.pool.fetch(_DELIVERIES, held.stream, after, query.limit + 1)
    items = [msgspec.convert(dict(row), DeliveryView) for row in rows[: query.limit]]
    position = cursor.position if cursor else (await store.log.head()).position
    following = None
    if len(rows) > query.limit:
        last = Cursor(position, "", str(items[-1].id))
        following = write_cursor(last, asked, filters_of(query))
    page = DeliveryPage(items=items, next_cursor=following, total_estimate=None, position=position)
    return Response(msgspec.json.encode(page), media_type="application/json")


def _checked(body: WebhookDocument, asked: Asked) -> WebhookSet:
    """As it is stored. Raises Invalid."""
    try:
        check_url(body.url, asked.service.settings.outbound_allow)
    except OutgoingRefused as refused:
        raise Invalid(("/url", str(refused))) from None
    return body.said()


def _progress(place: Place | None) -> Progress | None:
    if place is None:
        return None
    return Progress(
        position=place.position,
        ahead=len(place.done),
        tries=place.tries,
        next_at=place.next_at,
        reason=place.reason,
    )
