"""How teams look to a caller, alone or in a list."""

import asyncpg
import msgspec

from services.notification.teams.team import Team
from shared.aggregate import Folded
from shared.http.actions import Action
from shared.http.managed import Item, head_of


class TeamItem(Item, kw_only=True):
    """A team; members are people by their ids in tokens."""

    key: str
    name: str
    members: tuple[str, ...]
    retired: bool


class TeamView(TeamItem, kw_only=True):
    """A team alone. `actions` only where it was read, not in a command's answer."""

    actions: list[Action] | msgspec.UnsetType = msgspec.UNSET


class TeamPage(msgspec.Struct, kw_only=True):
    items: list[TeamItem]
    next_cursor: str | None
    total_estimate: int | None
    position: int


def team_view(folded: Folded[Team]) -> TeamView:
    """A team alone."""
    said = {name: getattr(folded.state, name) for name in Team.__struct_fields__}
    return TeamView(**head_of(folded), **said)


def team_item(row: asyncpg.Record) -> TeamItem:
    """The item of a list's row."""
    return msgspec.convert(dict(row) | {"position": row["from_position"]}, TeamItem)
