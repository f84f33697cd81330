"""Showing that a way reaches a contact: a code goes out by it, and whoever tells it has it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.notification.contact import Contact
from services.notification.contact_events import CodeRefused, CodeSent, ContactEvent, MethodVerified
from services.notification.events import Channel
from shared.errors import Refused

VALID = timedelta(minutes=30)
_PAUSE = timedelta(seconds=30)
_MOST_REFUSED = 5


def send(
    contact: Contact, *, channel: Channel, digest: str, at: datetime
) -> Sequence[ContactEvent]:
    """A code has gone out; an earlier one counts no more."""
    require_may_send(contact, channel, at)
    return [CodeSent(channel=channel, digest=digest, at=at, expires_at=at + VALID)]


def require_may_send(contact: Contact, channel: Channel, at: datetime) -> None:
    """Raises Refused where it has no such address, or a code went out a moment ago."""
    if contact.reach(channel) is None:
        raise Refused(f"the contact has no address for {channel}")
    code = contact.codes.get(channel)
    if code is not None and at < code.sent_at + _PAUSE:
        raise Refused("a code went out a moment ago; wait half a minute for another")


def confirm(
    contact: Contact, *, channel: Channel, digest: str, at: datetime
) -> Sequence[ContactEvent]:
    """The code that was told verifies the channel, or is refused and counted."""
    code = contact.codes.get(channel)
    if code is None:
        if channel in contact.verified:
            return []
        raise Refused("no code has gone out; ask for one first")
    if at >= code.expires_at or code.refused >= _MOST_REFUSED:
        raise Refused("the code counts no more; ask for another one")
    if digest != code.digest:
        return [CodeRefused(channel=channel, at=at)]
    return [MethodVerified(channel=channel, at=at)]
