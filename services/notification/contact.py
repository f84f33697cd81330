"""The contact: a person (or a receiver of theirs) and the ways to reach them, as managed data."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, assert_never

from services.notification.contact_events import (
    CodeRefused,
    CodeSent,
    ContactEvent,
    ContactRetired,
    ContactSet,
    MethodVerified,
    QuietHours,
    QuietHoursSet,
    SecretSet,
)
from services.notification.events import Channel
from shared.domain import Personal, State, changed
from shared.errors import Refused


class Code(State, frozen=True):
    """A code that went out and has not been told yet."""

    digest: str
    sent_at: datetime
    expires_at: datetime
    refused: int = 0


class Contact(State, frozen=True):
    """A contact as its events tell it. Names, addresses and the secret are sealed."""

    person: str = ""
    name: Personal = ""
    email: Personal | None = None
    webhook_url: Personal | None = None
    chat: str | None = None
    secret: Personal | None = None
    secret_before: Personal | None = None  # signs as well until `both_until`
    both_until: datetime | None = None
    quiet_hours: QuietHours | None = None
    verified: dict[str, datetime] = {}
    codes: dict[str, Code] = {}
    retired: bool = False

    def reach(self, channel: Channel) -> Personal | None:
        """Its address for a channel; None where it cannot be reached that way."""
        if self.retired:
            return None
        match channel:
            case Channel.EMAIL:
                return self.email
            case Channel.WEBHOOK:
                return self.webhook_url
            case Channel.CHAT:
                return self.chat
            case Channel.INBOX:
                return self.person or None

    def relies_on(self, channel: Channel) -> bool:
        """Whether a page may count on this way to reach it: once it was shown to."""
        return self.reach(channel) is not None and channel in self.verified


def put(
    contact: Contact,
    *,
    person: str,
    name: str,
    email: str | None = None,
    webhook_url: str | None = None,
    chat: str | None = None,
    secret: str | None = None,
    quiet_hours: QuietHours | None = None,
    same: Collection[Channel] = (),
) -> Sequence[ContactEvent]:
    """Say the whole contact, new or changed; without a secret the one it has stays.

    What leads to the `same` address as before stays verified.
    """
    if contact.retired:
        raise Refused("the contact is retired; add a new one")
    if contact.person not in ("", person):
        raise Refused(f"the contact is {contact.person}'s; add another one for {person}")
    if email is None and webhook_url is None and chat is None:
        raise Refused("a contact needs an e-mail address, a webhook or a chat")
    if webhook_url is not None and secret is None and contact.secret is None:
        raise Refused("a webhook needs a secret to be signed with")
    said = ContactSet(person=person, name=name, email=email, webhook_url=webhook_url, chat=chat)
    events: list[ContactEvent] = [said]
    if secret is not None:
        events.append(SecretSet(person=person, secret=secret))
    stays = [channel for channel in Channel if channel in same and channel in contact.verified]
    events += [MethodVerified(channel=each, at=contact.verified[each]) for each in stays]
    if quiet_hours != contact.quiet_hours:
        events.append(QuietHoursSet(hours=quiet_hours))
    return events


def rotate(
    contact: Contact, *, secret: str, until: datetime | None, same: bool = False
) -> Sequence[ContactEvent]:
    """Sign with another secret, and with the present one as well until then.

    The `same` one again, as a repeated request has it, does not put out the one before.
    """
    if contact.retired:
        raise Refused("the contact is retired; add a new one")
    if contact.webhook_url is None:
        raise Refused("the contact has no webhook; add one, with its secret")
    if same and (until is not None or contact.both_until is None):
        return []
    return [SecretSet(person=contact.person, secret=secret, until=until)]


def retire(contact: Contact) -> Sequence[ContactEvent]:
    return [] if contact.retired else [ContactRetired()]


def evolve(contact: Contact, event: ContactEvent) -> Contact:
    """Never refuses: this has already happened, whatever today's rules say."""
    match event:
        case ContactSet():
            return Contact(
                person=event.person,
                name=event.name,
                email=event.email,
                webhook_url=event.webhook_url,
                chat=event.chat,
                quiet_hours=contact.quiet_hours,
                **(_signing(contact) if event.webhook_url is not None else {}),
            )
        case QuietHoursSet():
            return changed(contact, quiet_hours=event.hours)
        case CodeSent() | CodeRefused() | MethodVerified():
            return _verifying(contact, event)
        case SecretSet():
            before = contact.secret if event.until is not None else None
            return changed(
                contact, secret=event.secret, secret_before=before, both_until=event.until
            )
        case ContactRetired():
            return changed(contact, retired=True)
        case _:
            assert_never(event)


def _signing(contact: Contact) -> dict[str, Any]:
    """What its webhook is signed with."""
    kept = ("secret", "secret_before", "both_until")
    return {name: getattr(contact, name) for name in kept}


def _verifying(contact: Contact, event: CodeSent | CodeRefused | MethodVerified) -> Contact:
    codes, channel = dict(contact.codes), event.channel.value
    match event:
        case CodeSent(digest=digest, at=at, expires_at=expires_at):
            codes[channel] = Code(digest=digest, sent_at=at, expires_at=expires_at)
        case CodeRefused():
            codes[channel] = changed(codes[channel], refused=codes[channel].refused + 1)
        case MethodVerified(at=at):
            codes.pop(channel, None)
            return changed(contact, verified=contact.verified | {channel: at}, codes=codes)
    return changed(contact, codes=codes)
