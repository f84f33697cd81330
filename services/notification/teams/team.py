"""The team: a group of people that incidents are assigned to, as managed data."""

from collections.abc import Sequence
from typing import assert_never
from uuid import NAMESPACE_URL, UUID, uuid5

from services.notification.teams.events import TeamEvent, TeamRetired, TeamSet
from shared.domain import State, changed
from shared.errors import Refused


class Team(State, frozen=True):
    """A team as its events tell it."""

    key: str = ""
    name: str = ""
    members: tuple[str, ...] = ()
    retired: bool = False


def team_stream(key: str) -> UUID:
    """Where a team's events stand: of one key there is one."""
    return uuid5(NAMESPACE_URL, f"tocsin:team:{key}")


def add(team: Team, *, key: str, name: str, members: Sequence[str] = ()) -> Sequence[TeamEvent]:
    """A team of this key, new or one that is taken up again."""
    if team.key and not team.retired:
        raise Refused(f"there is a team {team.key} already; change that one")
    return [_said(key, name, members)]


def change(team: Team, *, key: str, name: str, members: Sequence[str] = ()) -> Sequence[TeamEvent]:
    """Say the whole team anew."""
    if team.retired:
        raise Refused("the team is retired; add it again to take it up")
    if team.key != key:
        raise Refused(f"the team is {team.key}; its key stays, add {key} beside it")
    wanted = _said(key, name, members)
    return [] if _as_set(wanted) == team else [wanted]


def retire(team: Team) -> Sequence[TeamEvent]:
    return [] if team.retired else [TeamRetired(key=team.key)]


def evolve(team: Team, event: TeamEvent) -> Team:
    """Never refuses: this has already happened, whatever today's rules say."""
    match event:
        case TeamSet():
            return _as_set(event)
        case TeamRetired():
            return changed(team, retired=True)
        case _:
            assert_never(event)


def _said(key: str, name: str, members: Sequence[str]) -> TeamSet:
    return TeamSet(key=key, name=name, members=tuple(dict.fromkeys(members)))


def _as_set(event: TeamSet) -> Team:
    return Team(**event.fields())
