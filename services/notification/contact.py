"""The contact: a person (or a receiver of theirs) and the ways to reach them, as managed data."""

from collections.abc import Sequence
from typing import assert_never

from services.notification.events import (
    Channel,
    ContactEvent,
    ContactRetired,
    ContactSet,
    QuietHours,
    QuietHoursSet,
    SecretSet,
)
from shared.domain import Personal, State, changed
from shared.errors import Refused


class Contact(State, frozen=True):
    """A contact as its events tell it. Names, addresses and the secret are sealed."""

    person: str = ""
    name: Personal = ""
    email: Personal | None = None
    webhook_url: Personal | None = None
    secret: Personal | None = None
    quiet_hours: QuietHours | None = None
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

    def relies_on(self, channel: Channel) -> bool:
        """Whether a page may count on this way to reach it."""
        return self.reach(channel) is not None


def put(
    contact: Contact,
    *,
    person: str,
    name: str,
    email: str | None = None,
    webhook_url: str | None = None,
    secret: str | None = None,
    quiet_hours: QuietHours | None = None,
) -> Sequence[ContactEvent]:
    """Say the whole contact, new or changed; without a secret the one it has stays."""
    if contact.retired:
        raise Refused("the contact is retired; add a new one")
    if contact.person not in ("", person):
        raise Refused(f"the contact is {contact.person}'s; add another one for {person}")
    if email is None and webhook_url is None:
        raise Refused("a contact needs an e-mail address, a webhook or both")
    if webhook_url is not None and secret is None and contact.secret is None:
        raise Refused("a webhook needs a secret to be signed with")
    said = ContactSet(person=person, name=name, email=email, webhook_url=webhook_url)
    events: list[ContactEvent] = [said]
    if secret is not None:
        events.append(SecretSet(person=person, secret=secret))
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
                secret=contact.secret if event.webhook_url is not None else None,
                quiet_hours=contact.quiet_hours,
            )
        case QuietHoursSet():
            return changed(contact, quiet_hours=event.hours)
        case SecretSet():
            return changed(contact, secret=event.secret)
        case ContactRetired():
            return changed(contact, retired=True)
        case _:
            assert_never(event)
