"""Verifying the ways of a contact over HTTP, before anybody needs them."""

import hashlib
import hmac
import secrets
from typing import Annotated, Any
from uuid import UUID

from fastapi import Response
from pydantic import Field

from services.notification.answer import ByPerson, Id, require_visible
from services.notification.contact import Contact
from services.notification.contacts import Contacts
from services.notification.events import Channel, Delivery
from services.notification.outcome import Reached
from services.notification.rules import ADMINS, Status
from services.notification.sender import Sender
from services.notification.state import Notification
from services.notification.verification import verifying
from services.notification.verification.allowance import Allowance
from services.notification.view import ContactView, contact_view
from shared.aggregate import Folded
from shared.clock import new_id
from shared.errors import Forbidden, Refused
from shared.http.app import routes
from shared.http.asked import Asked
from shared.http.body import Body
from shared.http.managed import command_answer
from shared.http.openapi import answers

ALLOWANCE = "allowance"
"""Among a service's parts, its `Allowance` of codes."""
SENDER = "sender"
"""Among a service's parts, its `Sender`."""

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that is taken for another
_LENGTH = 8
_FACT = "contact.verification"

router = routes("contacts", "/v1/contacts")


class Way(Body):
    """By which channel."""

    channel: Channel


class Confirmation(Way):
    """The code as it arrived; small letters and spaces do not matter."""

    code: Annotated[str, Field(min_length=1, max_length=20, examples=["7QK4-MZP2"])]


@router.post("/{id}/send-code", **answers(ContactView))
async def send_code(id: Id, body: Way, asked: ByPerson) -> Response:
    """Send a code by this channel; told within half an hour, it shows that the channel works.

    Refused where the receiver does not take it. Who is no notification_admin asks for ten within
    ten minutes at most.
    """
    held, order, contacts = await _own(asked, id), await asked.order(id), _contacts(asked)
    if order.key is not None and (prior := await contacts.answered(order.key)) is not None:
        return command_answer(await contact_view(asked.service.store, prior), prior)
    verifying.require_may_send(held.state, body.channel, asked.now)
    _take_one(asked)
    code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    await _send(asked, held, body.channel, code)
    digest = digest_of(asked.service.cursor_key, id, body.channel, code)
    said: dict[str, Any] = {"channel": body.channel, "digest": digest, "at": asked.now}
    after = await contacts.execute(order, verifying.send, **said)
    return command_answer(await contact_view(asked.service.store, after), after)


@router.post("/{id}/verify", **answers(ContactView))
async def verify_method(id: Id, body: Confirmation, asked: ByPerson) -> Response:
    """Tell the code that arrived: from then on pages rely on this channel."""
    await _own(asked, id)
    told = "".join(c for c in body.code.upper() if c in _LETTERS)
    digest = digest_of(asked.service.cursor_key, id, body.channel, told)
    said: dict[str, Any] = {"channel": body.channel, "digest": digest, "at": asked.now}
    after = await _contacts(asked).execute(await asked.order(id), verifying.confirm, **said)
    if body.channel not in after.state.verified:
        raise Refused("that is not the code that went out")
    return command_answer(await contact_view(asked.service.store, after), after)


def _take_one(asked: Asked) -> None:
    """Raises TooMany."""
    allowance: Allowance = asked.service.parts[ALLOWANCE]
    if not asked.caller.has(*ADMINS):
        allowance.take(asked.caller.id, asked.now)


def _contacts(asked: Asked) -> Contacts:
    found: Contacts = asked.service.parts["contacts"]
    return found


async def _own(asked: Asked, id: UUID) -> Folded[Contact]:
    """The caller's own contact, or an admin's to see to. Raises NotFound, Forbidden."""
    held = await _contacts(asked).current(id)
    require_visible(asked, held.state.person, "contact")
    if held.state.person != asked.caller.id and not asked.caller.has(*ADMINS):
        raise Forbidden("a contact is its person's to verify; this needs notification_admin")
    return held


async def _send(asked: Asked, held: Folded[Contact], channel: Channel, code: str) -> None:
    """Nothing of it is kept: the code stands in the message alone. Raises Refused."""
    sender: Sender = asked.service.parts[SENDER]
    message, delivery = _message(asked, held, channel, f"{code[:4]}-{code[4:]}")
    result = await sender.call(message, delivery)
    if not isinstance(result, Reached):
        raise Refused(f"the code could not be sent: {result.reason}")


def _message(
    asked: Asked, held: Folded[Contact], channel: Channel, code: str
) -> tuple[Folded[Notification], Delivery]:
    id = new_id()
    delivery = Delivery(
        cause=id,
        fact=_FACT,
        about=held.stream,
        contact=held.stream,
        person=held.state.person,
        channel=channel,
    )
    state = Notification(
        status=Status.SENDING,
        delivery=delivery,
        happened_at=asked.now,
        values={"fact": _FACT, "code": code},
        subject="Your code for Tocsin",
        text=f"{code}\n\nTell it within half an hour, and pages will reach you this way.\n",
    )
    return Folded(id, state), delivery


def digest_of(key: bytes, id: UUID, channel: Channel, code: str) -> str:
    """What is kept of a code: enough to know it by."""
    told = f"verification|{id}|{channel}|{code}".encode()
    return hmac.digest(key, told, hashlib.sha256).hex()
