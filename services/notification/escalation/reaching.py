"""From the step of a policy to the people it means, and from people to their notifications."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid5

from services.notification import notification
from services.notification.contacts import Contacts
from services.notification.escalation.events import Missed, Occasion, Paged, Step, Target
from services.notification.events import Channel, Delivery
from services.notification.keyed.keyed import stream_of
from services.notification.notification import notification_stream
from services.notification.notifications import Notifications
from services.notification.schedules.on_call import on_call
from services.notification.schedules.schedules import Schedules
from services.notification.teams.team import team_stream
from services.notification.teams.teams import Teams
from shared.work import Work

_MOST_PEOPLE = 50
_CONTACTS = """select id from contacts where person = $1 and to_position is null and not retired
    order by created_at, id limit 10"""
_TOO_MANY = f"a step pages {_MOST_PEOPLE} people at most"
_NO_METHOD = "no verified way to reach this person"
_RESTRICTED = "may not know of what is restricted"

Admits = Callable[[str], Awaitable[bool]]


class Page(NamedTuple):
    """Of which escalation it is, for what, when, and in which unit of work it is planned."""

    escalation: UUID
    occasion: Occasion
    at: datetime
    work: Work


class Told(NamedTuple):
    """Who was paged by a step, and who was not."""

    paged: list[Paged]
    missed: list[Missed]


class Reaching:
    """Finds people and plans their pages."""

    def __init__(
        self,
        notifications: Notifications,
        contacts: Contacts,
        teams: Teams,
        schedules: Schedules,
    ) -> None:
        self._notifications = notifications
        self._contacts = contacts
        self._teams = teams
        self._schedules = schedules

    async def told(self, page: Page, step: Step, admits: Admits) -> Told:
        """Plan a page for everybody this step means, by every way that is relied on."""
        people, missed = await self._everybody(step, page)
        paged = []
        for person in people[:_MOST_PEOPLE]:
            if not await admits(person):
                missed.append(Missed(target=person, reason=_RESTRICTED))
            elif planned := await self._pages(person, page):
                paged.append(Paged(person=person, notifications=tuple(planned)))
            else:
                missed.append(Missed(target=person, reason=_NO_METHOD))
        missed += [Missed(target=each, reason=_TOO_MANY) for each in people[_MOST_PEOPLE:]]
        return Told(paged, missed)

    async def _everybody(self, step: Step, page: Page) -> tuple[list[str], list[Missed]]:
        people: dict[str, None] = {}
        missed: list[Missed] = []
        for target in step.targets:
            found, why_not = await self._people(target, page)
            people |= dict.fromkeys(found)
            if why_not is not None:
                missed.append(Missed(target=named(target), reason=why_not))
        return list(people), missed

    async def _people(self, target: Target, page: Page) -> tuple[tuple[str, ...], str | None]:
        if target.schedule is not None:
            return await self._by_schedule(target.schedule, page)
        if target.team is not None:
            return await self._of_team(target.team, page)
        return ((target.person,), None) if target.person else ((), "nobody is named")

    async def _by_schedule(self, key: str, page: Page) -> tuple[tuple[str, ...], str | None]:
        found = await page.work.current(self._schedules, stream_of("schedule", key))
        duty = on_call(found.state, page.at)
        return ((), str(duty.gap)) if duty.person is None else ((duty.person,), None)

    async def _of_team(self, key: str, page: Page) -> tuple[tuple[str, ...], str | None]:
        team = (await page.work.current(self._teams, team_stream(key))).state
        if not team.key or team.retired:
            return (), "there is no such team"
        return team.members, None if team.members else "nobody is in the team"

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
            values=occasion.values,
            subject=occasion.subject,
            text=occasion.text,
            urgent=True,
            escalation=page.escalation,
        )
        return stream


def named(target: Target) -> str:
    """What people call a target."""
    if target.schedule is not None:
        return f"on call by {target.schedule}"
    return f"team {target.team}" if target.team is not None else target.person or "nobody"
