"""The contact: a person (or a receiver of theirs) and the ways to reach them, as managed data."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import assert_never

from services.notification.events import (
    Channel,
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
                secret=contact.secret if event.webhook_url is not None else None,
                quiet_hours=contact.quiet_hours,
            )
        case QuietHoursSet():
            return changed(contact, quiet_hours=event.hours)
        case CodeSent() | CodeRefused() | MethodVerified():
            return _verifying(contact, event)
        case SecretSet():
            return changed(contact, secret=event.secret)
        case ContactRetired():
            return changed(contact, retired=True)
        case _:
            assert_never(event)


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
