"""The audiences of this service: their ledger, and who is in one at a moment."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.notification.audiences import audience
from services.notification.audiences.audience import Audience
from services.notification.audiences.events import AudienceEvent
from services.notification.contact_events import QuietHours
from services.notification.contacts import Contacts
from services.notification.escalation.events import Target
from services.notification.escalation.people import People
from services.notification.events import Channel
from services.notification.keyed.rows import keyed_rows
from shared.aggregate import Aggregate
from shared.ledger import Ledger
from shared.store.store import Store
from shared.work import Work

AUDIENCES = "audiences"
"""Among a service's parts, its `Audiences`."""

AUDIENCE = Aggregate("audience", Audience(), audience.evolve, rows=keyed_rows)

_NAMED = "named"
_OF_PERSON = """select id from contacts
    where person = $1 and to_position is null and not retired order by created_at, id limit 10"""
_SUBSCRIBED = """select distinct contact from subscriptions
    where to_position is null and not retired and facts ?| $1::text[]"""


class Member(NamedTuple):
    """Somebody in an audience; `because` names the rule, `channel` is how they are told."""

    person: str
    contact: UUID
    channel: Channel | None
    because: str
    wanted: Channel  # where none reaches: what would have been tried first
    quiet_hours: QuietHours | None = None


class Found(NamedTuple):
    """Who is in an audience, and what of it led to nobody."""

    members: list[Member]
    missing: list[tuple[str, str]]


class Audiences(Ledger[Audience, AudienceEvent]):
    """The ledger of audiences."""

    def __init__(self, store: Store, contacts: Contacts, people: People) -> None:
        super().__init__(store, AUDIENCE)
        self._contacts = contacts
        self._people = people

    async def members(
        self, audience: Audience, channels: Sequence[Channel], at: datetime, work: Work
    ) -> Found:
        """Its members then, by the first of these channels (else its own) that reaches each."""
        meant = await self._people.meant(_targets(audience), at, work)
        wanted = tuple(channels) or audience.channels or tuple(Channel)
        found: dict[UUID, Member] = {}
        missing = [(each.target, each.reason) for each in meant.missed]
        for contact, because in await self._addresses(audience, work):
            member = await self._member(contact, because, wanted, work)
            if member is not None:
                found.setdefault(contact, member)
            elif because == _NAMED:
                missing.append((f"contact {contact}", "there is no such contact"))
        for person, because in meant.people.items():
            member = await self._of_person(person, because, wanted, work)
            if member is None:
                missing.append((person, "has no contact"))
            else:
                found.setdefault(member.contact, member)
        return Found(list(found.values()), missing)

    async def _addresses(self, audience: Audience, work: Work) -> list[tuple[UUID, str]]:
        """Contacts that are meant themselves, whosever they are."""
        named_ones = [(contact, _NAMED) for contact in audience.contacts]
        if not audience.subscribed_to:
            return named_ones
        rows = await work.store.pool.fetch(_SUBSCRIBED, list(audience.subscribed_to))
        return named_ones + [(row["contact"], "subscribes") for row in rows]

    async def _of_person(
        self, person: str, because: str, wanted: Sequence[Channel], work: Work
    ) -> Member | None:
        """By the first of their contacts that can be reached; by any, unreachable, else."""
        rows = await work.store.pool.fetch(_OF_PERSON, person)
        found = [await self._member(row["id"], because, wanted, work) for row in rows]
        known = [each for each in found if each is not None]
        return next((each for each in known if each.channel), next(iter(known), None))

    async def _member(
        self, contact: UUID, because: str, wanted: Sequence[Channel], work: Work
    ) -> Member | None:
        state = (await work.current(self._contacts, contact)).state
        if not state.person or state.retired:
            return None
        channel = next((each for each in wanted if state.reach(each) is not None), None)
        return Member(state.person, contact, channel, because, wanted[0], state.quiet_hours)


def _targets(audience: Audience) -> Iterator[Target]:
    for person in audience.people:
        yield Target(person=person)
    for team in audience.teams:
        yield Target(team=team)
    for schedule in audience.schedules:
        yield Target(schedule=schedule)
