"""Teams over HTTP: managed data; nothing is deleted, all of it has a past."""

from typing import Annotated, Literal

from fastapi import Depends, Path, Query, Response
from pydantic import Field

from services.notification.answer import ByReader, Nothing
from services.notification.rules import ADMINS
from services.notification.teams import team
from services.notification.teams.teams import Teams
from services.notification.teams.view import TeamPage, TeamView, team_item, team_view
from shared.errors import Refused
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.body import Body, Line, Name
from shared.http.lists import CHANGED, WHEN, TimedQuery, given, listed
from shared.http.managed import (
    When,
    command_answer,
    folded_at,
    is_known,
    list_answer,
    managed_actions,
    read_answer,
    versions_answer,
)
from shared.http.openapi import answers
from shared.http.pages import Words
from shared.http.past import Events, PastQuery
from shared.ledger import GuardMoved
from shared.listing import Listing, Sort

PATH = "/v1/teams"
ByAdmin = Annotated[Asked, Depends(allowed(*ADMINS))]
Reference = Annotated[str, Path(max_length=100, description="Its id, or its key")]
_TEAMS = Listing("teams", CHANGED | {"key": Sort("t.key", "text", False)})
_TEAM = WHEN | {
    "key": "t.key = any({}::text[])",
    "member": "t.members ?| {}::text[]",
    "retired": "t.retired = {}::boolean",
}


class TeamDocument(Body):
    """A team. Its key is what incidents are assigned to, and stays."""

    key: Annotated[Name, Field(examples=["payments"])]
    name: Annotated[Line, Field(examples=["Payments"])]
    members: Annotated[
        list[Name], Field(max_length=500, description="People, by their ids in tokens")
    ] = []


class TeamQuery(TimedQuery):
    """Which teams; several values of one filter are alternatives, filters add up."""

    key: Words | None = None
    member: Words | None = None
    retired: bool | None = None
    sort: Literal["key", "-created_at", "created_at", "-updated_at", "updated_at"] = "key"


router = routes("teams", PATH)


def teams_of(asked: Asked) -> Teams:
    """The teams of the service that was asked."""
    found: Teams = asked.service.parts["teams"]
    return found


@router.get("", **answers(TeamPage))
async def list_teams(query: Annotated[TeamQuery, Query()], asked: ByReader) -> Response:
    """Teams by their keys."""
    found = await listed(asked, _TEAMS, query, query.sort, given(query, _TEAM))
    return list_answer(found, list(map(team_item, found.rows)))


@router.post("", **answers(TeamView, 201, "Added"))
async def add_team(body: TeamDocument, asked: ByAdmin) -> Response:
    """Add a team; a retired one of the same key is taken up again."""
    teams, stream = teams_of(asked), team.team_stream(body.key)
    order = await asked.order(stream, creates=not await is_known(teams, stream))
    try:
        after = await teams.execute(order, team.add, **body.arguments())
    except GuardMoved:
        raise Refused(f"somebody has just added {body.key}; change that one") from None
    return command_answer(team_view(after), after, PATH)


@router.get("/{id}", **answers(TeamView))
async def read_team(id: Reference, when: When, asked: ByReader) -> Response:
    """One team, now or as it was."""
    found = await folded_at(asked, teams_of(asked), teams_of(asked).find(id), when)
    shown = team_view(found)
    why_not = asked.caller.lacks(*ADMINS)
    shown.actions = managed_actions(f"{PATH}/{found.stream}", why_not, found.state.retired)
    return read_answer(shown, found.version)


@router.put("/{id}", **answers(TeamView))
async def change_team(id: Reference, body: TeamDocument, asked: ByAdmin) -> Response:
    """Say the whole team anew; its key stays."""
    order = await asked.order(teams_of(asked).find(id))
    after = await teams_of(asked).execute(order, team.change, **body.arguments())
    return command_answer(team_view(after), after)


@router.post("/{id}/retire", **answers(TeamView))
async def retire_team(id: Reference, asked: ByAdmin, body: Nothing = None) -> Response:
    """Nothing new is assigned to it; incidents may still name it, and its past stays."""
    order = await asked.order(teams_of(asked).find(id))
    after = await teams_of(asked).execute(order, team.retire)
    return command_answer(team_view(after), after)


@router.get("/{id}/versions", **answers(Events))
async def list_team_versions(
    id: Reference, query: Annotated[PastQuery, Query()], asked: ByReader
) -> Response:
    """Everything that was said of it, who said it and when, oldest first."""
    return await versions_answer(asked, teams_of(asked), teams_of(asked).find(id), query)
