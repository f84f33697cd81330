"""From targets to people: whoever is named, is in a team, or is on call at that moment."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from services.notification.escalation.events import Missed, Target
from services.notification.keyed.keyed import stream_of
from services.notification.schedules.on_call import on_call
from services.notification.schedules.schedules import Schedules
from services.notification.teams.team import team_stream
from services.notification.teams.teams import Teams
from shared.work import Work


class Meant(NamedTuple):
    """People, each with the first target that means them; and targets that mean nobody."""

    people: dict[str, str]
    missed: list[Missed]


class People:
    """Finds the people that targets mean."""

    def __init__(self, teams: Teams, schedules: Schedules) -> None:
        self._teams = teams
        self._schedules = schedules

    async def meant(self, targets: Iterable[Target], at: datetime, work: Work) -> Meant:
        """Everybody these targets mean at this moment, in their order."""
        found = Meant({}, [])
        for target in targets:
            people, why_not = await self._by(target, at, work)
            for person in people:
                found.people.setdefault(person, named(target))
            if why_not is not None:
                found.missed.append(Missed(target=named(target), reason=why_not))
        return found

    async def _by(
        self, target: Target, at: datetime, work: Work
    ) -> tuple[tuple[str, ...], str | None]:
        if target.schedule is not None:
            return await self._by_schedule(target.schedule, at, work)
        if target.team is not None:
            return await self._of_team(target.team, work)
        return ((target.person,), None) if target.person else ((), "nobody is named")

    async def _by_schedule(
        self, key: str, at: datetime, work: Work
    ) -> tuple[tuple[str, ...], str | None]:
        found = await work.current(self._schedules, stream_of("schedule", key))
        if not found.state.key:
            return (), "there is no such schedule"
        duty = on_call(found.state, at)
        return ((), str(duty.gap)) if duty.person is None else ((duty.person,), None)

    async def _of_team(self, key: str, work: Work) -> tuple[tuple[str, ...], str | None]:
        team = (await work.current(self._teams, team_stream(key))).state
        if not team.key or team.retired:
            return (), "there is no such team"
        return team.members, None if team.members else "nobody is in the team"


def named(target: Target) -> str:
    """What people call a target."""
    if target.schedule is not None:
        return f"on call by {target.schedule}"
    return f"team {target.team}" if target.team is not None else target.person or "nobody"
