"""From the step of a policy to the pages of the people it means."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid5

from services.notification import notification
from services.notification.contacts import Contacts
from services.notification.escalation.events import Missed, Occasion, Paged, Step
from services.notification.escalation.people import People
from services.notification.events import Channel, Delivery
from services.notification.notification import notification_stream
from services.notification.notifications import Notifications
from services.notification.said import Words
from shared.work import Work

_MOST_PEOPLE = 50
_CONTACTS = """select id from contacts where person = $1 and to_position is null and not retired
    order by created_at, id limit 10"""
TOO_MANY = f"a step pages {_MOST_PEOPLE} people at most"
NO_METHOD = "no verified way to reach this person"
RESTRICTED = "may not know of what is restricted"

Admits = Callable[[str], Awaitable[bool]]


class Page(NamedTuple):
    """Of which escalation it is, for what, when, and in which unit of work it is planned."""

    escalation: UUID
    occasion: Occasion
    words: Words
    at: datetime
    work: Work


class Told(NamedTuple):
    """Who was paged by a step, and who was not."""

    paged: list[Paged]
    missed: list[Missed]


class Reaching:
    """Plans the pages of a step."""

    def __init__(self, notifications: Notifications, contacts: Contacts, people: People) -> None:
        self._notifications = notifications
        self._contacts = contacts
        self._people = people

    async def told(self, page: Page, step: Step, admits: Admits) -> Told:
        """Plan a page for everybody this step means, by every way that is relied on."""
        found, missed = await self._people.meant(step.targets, page.at, page.work)
        people, paged = list(found), []
        for person in people[:_MOST_PEOPLE]:
            if not await admits(person):
                missed.append(Missed(target=person, reason=RESTRICTED))
            elif planned := await self._pages(person, page):
                paged.append(Paged(person=person, notifications=tuple(planned)))
            else:
                missed.append(Missed(target=person, reason=NO_METHOD))
        missed += [Missed(target=each, reason=TOO_MANY) for each in people[_MOST_PEOPLE:]]
        return Told(paged, missed)

    async def _pages(self, person: str, page: Page) -> list[UUID]:
        planned = []
        for row in await page.work.store.pool.fetch(_CONTACTS, person):
            contact = (await page.work.current(self._contacts, row["id"])).state
            for channel in (each for each in Channel if contact.relies_on(each)):
                delivery = Delivery(
                    cause=page.occasion.cause,
                    fact=page.occasion.fact,
                    about=page.occasion.about,
                    contact=row["id"],
                    person=person,
                    channel=channel,
                )
                planned.append(await self._plan(delivery, page))
        return planned

    async def _plan(self, delivery: Delivery, page: Page) -> UUID:
        stream, occasion = notification_stream(delivery), page.occasion
        if (await page.work.current(self._notifications, stream)).version > 0:
            stream = uuid5(stream, f"{page.escalation} {page.at.isoformat()}")  # once more
        await page.work.execute(
            self._notifications,
            stream,
            notification.plan,
            delivery=delivery,
            happened_at=occasion.happened_at,
            words=page.words,
            urgent=True,
            escalation=page.escalation,
        )
        return stream
