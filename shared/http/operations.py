"""What operators look after: parked facts and how far work lists are."""

from collections.abc import Collection
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Path, Response

from shared.auth.roles import Role
from shared.errors import NotFound
from shared.follower import Follower
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.openapi import answers
from shared.parked import ParkedFact, parked, redrive
from shared.restrictions import restricted_among
from shared.work_list import Progress, progress


class Redriven(msgspec.Struct):
    """How many facts were taken again."""

    redriven: int


class ParkedPage(msgspec.Struct):
    """What is set aside."""

    items: list[ParkedFact]


class WorkListPage(msgspec.Struct):
    """Lists of commands that touch more than one append should hold."""

    items: list[Progress]


def operation_routes(name: str) -> APIRouter:
    """Where operators of a service look after what does not end by itself."""
    router = routes("operations", f"/v1/{name}")
    by_auditor = Annotated[Asked, Depends(allowed(Role.AUDITOR, Role.SERVICE))]
    by_operator = Annotated[Asked, Depends(allowed(Role.SERVICE))]

    @router.get("/parked", **answers(ParkedPage))
    async def list_parked(asked: by_auditor) -> Response:
        """Facts of other services that could not be taken, with the reason.

        Those about what is hidden from the caller are left out; readiness counts them.
        """
        found = await parked(asked.service.store)
        hidden = await _hidden(asked, [UUID(each.subject) for each in found])
        page = ParkedPage([each for each in found if UUID(each.subject) not in hidden])
        return Response(msgspec.json.encode(page), media_type="application/json")

    @router.post("/parked/{follower}/{subject}/redrive", **answers(Redriven, plain=True))
    async def redrive_subject(
        follower: Annotated[str, Path(max_length=100)],
        subject: Annotated[str, Path(max_length=40)],
        asked: by_operator,
    ) -> Response:
        """Take a subject's parked facts again, oldest first."""
        service = asked.service
        known = [f for f in service.followers if isinstance(f, Follower) and f.name == follower]
        if not known:
            raise NotFound(f"this service has no follower {follower}")
        done = Redriven(await redrive(service.store, known[0], subject))
        return Response(msgspec.json.encode(done), media_type="application/json")

    @router.get("/work-lists", **answers(WorkListPage))
    async def list_work_lists(asked: by_auditor) -> Response:
        """How far long lists of commands are, newest first."""
        found = await progress(asked.service.store)
        hidden = await _hidden(asked, [each.about for each in found])
        page = WorkListPage([each for each in found if each.about not in hidden])
        return Response(msgspec.json.encode(page), media_type="application/json")

    return router


async def _hidden(asked: Asked, ids: Collection[UUID]) -> Collection[UUID]:
    return (await restricted_among(asked.service.store.pool, asked.caller, ids)).hidden
