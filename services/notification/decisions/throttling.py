"""How much somebody is told in a while: a policy. What is more is held, and goes as one."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID
from weakref import WeakKeyDictionary

import asyncpg
from pydantic import Field

from services.notification.events import Channel
from shared.http.body import Body, Whole
from shared.work import Work

THROTTLING = "throttling"
Way = tuple[UUID, str]
"""A contact and a channel."""

_SENT = """select contact, channel, count(*) as sent from notifications
    where to_position is null and contact = any($1::uuid[]) and channel = $2
      and created_at > $3 and not urgent
    group by contact, channel"""


class Limit(Body):
    """So many messages in so many minutes to one contact by one channel."""

    channel: Channel
    most: Annotated[Whole, Field(ge=1, le=10_000)]
    minutes: Annotated[Whole, Field(ge=1, le=1_440)]


class ThrottlingDocument(Body):
    """Limits of what somebody is told; what is above them waits and goes as one message.

    What is urgent is never held back.
    """

    limits: Annotated[list[Limit], Field(max_length=20)] = [
        Limit(channel=Channel.EMAIL, most=60, minutes=10)
    ]

    def of(self, channel: Channel) -> Limit | None:
        """The limit for a channel; None where there is none."""
        return next((limit for limit in self.limits if limit.channel == channel), None)


class Sent:
    """What contacts have been sent lately, this work included."""

    def __init__(self) -> None:
        self._counts: WeakKeyDictionary[Work, dict[Way, int]] = WeakKeyDictionary()

    async def look(
        self,
        pool: asyncpg.Pool,
        document: ThrottlingDocument,
        contacts: Collection[UUID],
        work: Work,
        now: datetime,
    ) -> Counter[Way]:
        """How much each of these contacts has had by each limited channel."""
        found: Counter[Way] = Counter(self._counts.get(work, {}))
        for limit in document.limits if contacts else ():
            since = now - timedelta(minutes=limit.minutes)
            rows = await pool.fetch(_SENT, list(contacts), limit.channel, since)
            found.update({(row["contact"], row["channel"]): row["sent"] for row in rows})
        return found

    def count(self, way: Way, work: Work) -> None:
        """One more is on its way."""
        counts = self._counts.setdefault(work, {})
        counts[way] = counts.get(way, 0) + 1
