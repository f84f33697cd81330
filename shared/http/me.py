"""`GET /v1/me`: whom a service takes the caller for."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Response

from shared.auth.roles import Role
from shared.http.asked import Asked, allowed
from shared.http.body import JsonRoute
from shared.http.openapi import answers

router = APIRouter(tags=["caller"], route_class=JsonRoute)


class Me(msgspec.Struct, frozen=True):
    """The caller; `id` is the actor that events will name."""

    id: str
    name: str
    kind: str
    roles: list[Role]
    teams: list[str]


@router.get("/v1/me", **answers(Me))
async def me(asked: Annotated[Asked, Depends(allowed())]) -> Response:
    """Who you are here: your id, roles and teams, as your token or API key gives them."""
    caller = asked.caller
    seen = Me(caller.id, caller.name, caller.kind, sorted(caller.roles), sorted(caller.teams))
    return Response(msgspec.json.encode(seen), media_type="application/json")
