"""The teams of this service: their ledger, and the read model behind their list."""

from collections.abc import Iterable
from uuid import UUID

import msgspec
from sqlalchemy import Boolean, Column, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from services.notification.teams import team
from services.notification.teams.events import TeamEvent
from services.notification.teams.team import Team, team_stream
from shared.aggregate import Aggregate, Folded, Row
from shared.ledger import Ledger
from shared.store.store import Store
from shared.store.tables import version_columns

TEAMS = Table(
    "teams",
    MetaData(),
    *version_columns(),
    Column("key", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("members", JSONB, nullable=False),
    Column("retired", Boolean, nullable=False),
)


def team_rows(folded: Folded[Team], event: TeamEvent) -> Iterable[Row]:
    """The list row after an event."""
    state = folded.state
    members = msgspec.json.encode(state.members).decode()
    yield Row(TEAMS, (
        folded.stream, folded.version, folded.created_at, state.key, state.name, members,
        state.retired,
    ))  # fmt: skip


TEAM = Aggregate("team", Team(), team.evolve, rows=team_rows)


class Teams(Ledger[Team, TeamEvent]):
    """The ledger of teams, found by id or key."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, TEAM)

    def find(self, reference: str) -> UUID:
        """The stream of a team named by id or key."""
        try:
            return UUID(reference)
        except ValueError:
            return team_stream(reference)
