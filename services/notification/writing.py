"""A message by hand: somebody tells a contact something in words of their own."""

from typing import Annotated, NamedTuple
from uuid import UUID

from fastapi import Depends, Response
from pydantic import Field

from services.notification import copies, notification, template
from services.notification.access import notifications_of
from services.notification.bodies import TemplateDocument
from services.notification.contact import Contact
from services.notification.contacts import Contacts
from services.notification.copies import Copy
from services.notification.events import Channel, Delivery, Template
from services.notification.keeping import in_few_words, may_know
from services.notification.notification import notification_stream
from services.notification.references import Errors, without
from services.notification.rules import ADMINS
from services.notification.view import NotificationView, notification_view
from shared.clock import new_id
from shared.errors import Invalid, NotFound
from shared.http.access_log import record_access
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.body import Name
from shared.http.managed import command_answer
from shared.http.openapi import answers
from shared.restrictions import restricted_among

ByAdmin = Annotated[Asked, Depends(allowed(*ADMINS))]
router = routes("notifications", "/v1/notifications")


class Message(TemplateDocument):
    """Words for a contact. What is urgent keeps no quiet hours, and takes another channel too."""

    contact: UUID
    channel: Annotated[
        Channel | None, Field(description="Left out: the first that there is, e-mail first")
    ] = None
    about: Annotated[
        Name | None,
        Field(description="An incident or a problem, by number or id", examples=["INC-1"]),
    ] = None
    urgent: bool = False


class _About(NamedTuple):
    """What a message is about, and whether that is restricted; a message alone is about itself."""

    copy: Copy
    restricted: bool = False


@router.post("", **answers(NotificationView, 201, "Planned"))
async def write(body: Message, asked: ByAdmin) -> Response:
    """Tell a contact something in words of one's own: planned, sent and retried as any other."""
    about, contact = await _about(body, asked), await _contact(body, asked)
    delivery = _delivery(body, contact, about.copy)
    values = copies.values(about.copy, delivery.fact, asked.now)
    words = Template(subject=body.subject, text=body.text)
    after = await notifications_of(asked).execute(
        await asked.order(notification_stream(delivery), creates=True),
        without(await _against(asked, contact, delivery), notification.plan),
        delivery=delivery,
        happened_at=asked.now,
        words=template.said(words, in_few_words(values) if about.restricted else values),
        urgent=body.urgent,
    )
    view = await notification_view(asked.service.store, after)
    return command_answer(view, after, "/v1/notifications")


async def _about(body: Message, asked: Asked) -> _About:
    """What it is about. Raises Invalid for what is not known to the caller."""
    if body.about is None:
        return _About(Copy(new_id()))
    pool = asked.service.store.pool
    copy = await copies.named(pool, body.about)
    ids = [copy.id] if copy else []
    restricted, hidden = await restricted_among(pool, asked.caller, ids)
    if copy is None or hidden:
        raise Invalid(("/about", f"there is no incident or problem {body.about}"))
    await record_access(asked.request, asked.caller, restricted)
    return _About(copy, bool(restricted))


async def _contact(body: Message, asked: Asked) -> Contact:
    contacts: Contacts = asked.service.parts["contacts"]
    try:
        return (await contacts.current(body.contact)).state
    except NotFound:
        raise Invalid(("/contact", f"there is no contact {body.contact}; add it first")) from None


def _delivery(body: Message, contact: Contact, copy: Copy) -> Delivery:
    ways = [channel for channel in Channel if contact.reach(channel) is not None]
    return Delivery(
        cause=new_id(),
        fact=copies.by_hand(copy),
        about=copy.id,
        contact=body.contact,
        person=contact.person,
        channel=body.channel or next(iter(ways), Channel.INBOX),
    )


async def _against(asked: Asked, contact: Contact, delivery: Delivery) -> Errors:
    """Why it may not go there."""
    if contact.retired:
        return [("/contact", "is retired; name another one")]
    if contact.reach(delivery.channel) is None:
        return [("/channel", f"the contact has no address for {delivery.channel}")]
    if not await may_know(asked.service.store.pool, delivery.about, delivery.person):
        return [("/contact", f"{delivery.person} may not know of it: it is restricted")]
    return []
