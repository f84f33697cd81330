"""Contacts and subscriptions over HTTP: managed data; nothing is deleted, all of it has a past."""

from typing import Annotated, Any

from fastapi import Depends, Response

from services.notification import contact, subscription
from services.notification.answer import (
    ByAnybody,
    ByPerson,
    ByReader,
    Id,
    Nothing,
    require_visible,
)
from services.notification.bodies import ContactDocument, Rotation, SubscriptionDocument
from services.notification.contacts import Contacts
from services.notification.events import Channel, Template
from services.notification.references import Errors, faults, without
from services.notification.rules import ADMINS
from services.notification.subscriptions import Subscriptions
from services.notification.view import (
    ContactView,
    SubscriptionView,
    contact_view,
    subscription_view,
)
from shared.clock import new_id
from shared.destination import OutgoingRefused, check_url
from shared.errors import Forbidden, Invalid
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.managed import When, command_answer, folded_at, managed_actions, read_answer
from shared.http.openapi import answers

contacts_router = routes("contacts", "/v1/contacts")
subscriptions_router = routes("subscriptions", "/v1/subscriptions")

ByAdmin = Annotated[Asked, Depends(allowed(*ADMINS))]
_NOT_YOURS = "a contact is its person's to change; for others this needs notification_admin"


def contacts_of(asked: Asked) -> Contacts:
    """The contacts of the service that was asked."""
    found: Contacts = asked.service.parts["contacts"]
    return found


def subscriptions_of(asked: Asked) -> Subscriptions:
    """The subscriptions of the service that was asked."""
    found: Subscriptions = asked.service.parts["subscriptions"]
    return found


@contacts_router.post("", **answers(ContactView, 201, "Added"))
async def add_contact(body: ContactDocument, asked: ByPerson) -> Response:
    """Add a contact: one's own, or as an admin anybody's."""
    said = _contact(body, asked, body.person or asked.caller.id)
    put = without(await faults(asked.service.store.pool, body.named()), contact.put)
    order = await asked.order(new_id(), creates=True)
    after = await contacts_of(asked).execute(order, put, **said)
    return command_answer(await contact_view(asked.service.store, after), after, "/v1/contacts")


@contacts_router.get("/{id}", **answers(ContactView))
async def read_contact(id: Id, when: When, asked: ByAnybody) -> Response:
    """One contact, now or as it was; its secret is never shown."""
    found = await folded_at(asked, contacts_of(asked), id, when)
    require_visible(asked, found.state.person, "contact")
    view = await contact_view(asked.service.store, found)
    why_not = None if _is_own(asked, found.state.person) else _NOT_YOURS
    view.actions = managed_actions(f"/v1/contacts/{id}", why_not, retired=found.state.retired)
    return read_answer(view, found.version)


@contacts_router.put("/{id}", **answers(ContactView))
async def change_contact(id: Id, body: ContactDocument, asked: ByPerson) -> Response:
    """Say the whole contact anew; without a secret the webhook keeps the one it has."""
    held = await contacts_of(asked).current(id)
    person = held.state.person
    require_visible(asked, person, "contact")
    said = _contact(body, asked, person) | {"person": body.person or person}
    put = without(await faults(asked.service.store.pool, body.named()), contact.put)
    told = {Channel.EMAIL: body.email, Channel.WEBHOOK: said["webhook_url"]}
    told[Channel.CHAT] = said["chat"]
    said["same"] = await contacts_of(asked).leading_to(held, told)
    after = await contacts_of(asked).execute(await asked.order(id), put, **said)
    return command_answer(await contact_view(asked.service.store, after), after)


@contacts_router.post("/{id}/rotate-secret", **answers(ContactView))
async def rotate_contact_secret(id: Id, body: Rotation, asked: ByPerson) -> Response:
    """Sign its webhook with another secret, and with the present one as well for some hours."""
    ledger = contacts_of(asked)
    held = await ledger.current(id)
    require_visible(asked, held.state.person, "contact")
    _require_own(asked, held.state.person)
    said = body.said(asked.now)
    said["same"] = await ledger.signs_with(held, said["secret"])
    after = await ledger.execute(await asked.order(id), contact.rotate, **said)
    return command_answer(await contact_view(asked.service.store, after), after)


@contacts_router.post("/{id}/retire", **answers(ContactView))
async def retire_contact(id: Id, asked: ByPerson, body: Nothing = None) -> Response:
    """Reach it no more; what was sent to it stays on record."""
    person = (await contacts_of(asked).current(id)).state.person
    require_visible(asked, person, "contact")
    _require_own(asked, person)
    after = await contacts_of(asked).execute(await asked.order(id), contact.retire)
    return command_answer(await contact_view(asked.service.store, after), after)


@subscriptions_router.post("", **answers(SubscriptionView, 201, "Added"))
async def add_subscription(body: SubscriptionDocument, asked: ByAdmin) -> Response:
    """Tell a contact of certain facts from now on."""
    put = without(await _in_vain(body, asked), subscription.put)
    order = await asked.order(new_id(), creates=True)
    after = await subscriptions_of(asked).execute(order, put, **_subscription(body))
    return command_answer(subscription_view(after), after, "/v1/subscriptions")


@subscriptions_router.get("/{id}", **answers(SubscriptionView))
async def read_subscription(id: Id, when: When, asked: ByReader) -> Response:
    """One subscription, now or as it was."""
    found = await folded_at(asked, subscriptions_of(asked), id, when)
    view = subscription_view(found)
    why_not = asked.caller.lacks(*ADMINS)
    view.actions = managed_actions(f"/v1/subscriptions/{id}", why_not, retired=found.state.retired)
    return read_answer(view, found.version)


@subscriptions_router.put("/{id}", **answers(SubscriptionView))
async def change_subscription(id: Id, body: SubscriptionDocument, asked: ByAdmin) -> Response:
    """Say the whole subscription anew."""
    put, order = without(await _in_vain(body, asked), subscription.put), await asked.order(id)
    after = await subscriptions_of(asked).execute(order, put, **_subscription(body))
    return command_answer(subscription_view(after), after)


@subscriptions_router.post("/{id}/retire", **answers(SubscriptionView))
async def retire_subscription(id: Id, asked: ByAdmin, body: Nothing = None) -> Response:
    """End it; what was planned under it stays planned."""
    order = await asked.order(id)
    after = await subscriptions_of(asked).execute(order, subscription.retire)
    return command_answer(subscription_view(after), after)


def _is_own(asked: Asked, person: str) -> bool:
    return person == asked.caller.id or asked.caller.has(*ADMINS)


def _require_own(asked: Asked, person: str) -> None:
    if not _is_own(asked, person):
        raise Forbidden(_NOT_YOURS)


def _contact(body: ContactDocument, asked: Asked, person: str) -> dict[str, Any]:
    """The contact as its command takes it. Raises Forbidden, Invalid."""
    _require_own(asked, person)
    hook, secret = body.webhook, None
    if hook is not None:
        _check_webhook(hook.url, asked)
        secret = hook.secret.get_secret_value() if hook.secret else None
    return {
        "person": person,
        "name": body.name,
        "email": body.email,
        "webhook_url": hook and hook.url,
        "chat": body.chat,
        "secret": secret,
        "quiet_hours": body.quiet_hours and body.quiet_hours.said(),
    }


def _check_webhook(url: str, asked: Asked) -> None:
    try:
        check_url(url, asked.service.settings.outbound_allow)
    except OutgoingRefused as refused:
        raise Invalid(("/webhook/url", str(refused))) from None


def _subscription(body: SubscriptionDocument) -> dict[str, Any]:
    """The subscription as its command takes it."""
    words = body.template and Template(subject=body.template.subject, text=body.template.text)
    return body.arguments() | {"template": words}


async def _in_vain(body: SubscriptionDocument, asked: Asked) -> Errors:
    """What is wrong with whom it names: nobody would be told."""
    found = await faults(asked.service.store.pool, body.named())
    if found or body.contact is None or body.channel is None:
        return found
    held = await contacts_of(asked).held(body.contact, fresh=True)
    if held.state.reach(body.channel) is not None:
        return []
    return [("/channel", f"the contact has no {body.channel}; add one to it, or name another")]
