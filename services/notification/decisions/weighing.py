"""Whether somebody whom a fact concerns is told of it, at once or later, or why not."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from services.notification.decisions.events import Reason
from services.notification.decisions.quiet import quiet_until
from services.notification.decisions.throttling import ThrottlingDocument, Way
from services.notification.subscriptions import Concerned

REASONS = {
    Reason.QUIET_HOURS: "quiet hours",
    Reason.THROTTLE: "so much was sent lately that this waits",
}
"""What a notification that is held says of itself."""


class Verdict(NamedTuple):
    """Told at once (no reason), later (until then), or not at all."""

    reason: Reason | None = None
    until: datetime | None = None

    @property
    def is_told(self) -> bool:
        """Whether it is told at some time."""
        return self.reason is None or self.until is not None


class Moment(NamedTuple):
    """What is weighed by."""

    at: datetime
    priority: int | None
    document: ThrottlingDocument
    sent: Mapping[Way, int]


def weigh(concerned: Concerned, moment: Moment, *, known: bool, admitted: bool) -> Verdict:
    """`known`: it is told to this contact by this channel already; `admitted`: it may know."""
    if not admitted:
        return Verdict(Reason.RESTRICTED)
    if not concerned.usable:
        return Verdict(Reason.NO_METHOD)
    if known:
        return Verdict(Reason.DUPLICATE)
    quiet = quiet_until(concerned.quiet_hours, moment.at, moment.priority)
    if quiet is not None:
        return Verdict(Reason.QUIET_HOURS, quiet)
    limit = moment.document.of(concerned.channel)
    if limit and moment.sent.get((concerned.contact, concerned.channel), 0) >= limit.most:
        return Verdict(Reason.THROTTLE, moment.at + timedelta(minutes=limit.minutes))
    return Verdict()
