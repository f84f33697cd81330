"""A version of the policy run over the past, over HTTP."""

from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import Depends, Path, Response
from pydantic import Field

from services.incident.clocks.documents import Priorities, Words
from services.incident.clocks.rerun import MOST, Rerun, RerunProgress, Reruns
from services.incident.visibility import visible_to
from shared.aggregate import Folded
from shared.auth.roles import Role
from shared.clock import new_id
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.body import Body, Moment, Whole
from shared.http.openapi import answers
from shared.listing import Condition

RERUNS = "reruns"
"""Among the service's parts, its `Reruns`."""

ByManager = Annotated[Asked, Depends(allowed(Role.INCIDENT_MANAGER))]
ByReader = Annotated[Asked, Depends(allowed(*(frozenset(Role) - {Role.REPORTER})))]

router = routes("clocks", "/v1/incident/clocks")

_CONDITIONS = {
    "declared_after": "t.created_at >= {}::timestamptz",
    "declared_before": "t.created_at < {}::timestamptz",
    "priority": "t.priority = any({}::smallint[])",
    "service": "t.service = any({}::text[])",
    "imported": "t.imported = {}::boolean",
}


class Filters(Body):
    """Which incidents; those that are in the system now."""

    declared_after: Moment | None = None
    declared_before: Moment | None = None
    priority: Priorities | None = None
    service: Words | None = None
    imported: bool | None = None


class RerunDocument(Body):
    """A version of the policy, and the incidents it is to judge."""

    policy_version: Annotated[Whole, Field(ge=1, le=10**9, examples=[1])]
    filters: Filters = Filters()


@router.post("/rerun", **answers(RerunProgress, 201, "Begun"))
async def rerun(body: RerunDocument, asked: ByManager) -> Response:
    """Judge incidents by a version of the policy; the verdicts there are stay beside the new."""
    order = await asked.order(new_id(), creates=True)
    found = await _chosen(asked, body.filters)
    told = body.filters.model_dump(mode="json", exclude_none=True)
    begun = await _reruns(asked).begin(order, found, version=body.policy_version, filters=told)
    return await _answer(asked, begun, created=True)


@router.get("/reruns/{id}", **answers(RerunProgress))
async def read_rerun(
    id: Annotated[UUID, Path(description="Of the run")], asked: ByReader
) -> Response:
    """How far a run is."""
    return await _answer(asked, await _reruns(asked).current(id))


async def _chosen(asked: Asked, filters: Filters) -> list[UUID]:
    """The incidents that the caller may know of and means; one more than allowed tells of more."""
    wanted: list[Condition] = [
        (_CONDITIONS[name], value)
        for name, value in filters.arguments().items()
        if value is not None
    ]
    wanted += visible_to(asked.caller)
    where = "".join(f" and {sql.format(f'${n}')}" for n, (sql, _) in enumerate(wanted, 1))
    sql = f"select t.id from incidents t where t.to_position is null{where} limit {MOST + 1}"
    rows = await asked.service.store.pool.fetch(sql, *(value for _, value in wanted))
    return [row["id"] for row in rows]


async def _answer(asked: Asked, found: Folded[Rerun], *, created: bool = False) -> Response:
    headers = {"etag": f'"{found.version}"', "tocsin-position": str(found.position)}
    if created:
        headers["location"] = f"/v1/incident/clocks/reruns/{found.stream}"
    content = msgspec.json.encode(await _reruns(asked).progress(found))
    return Response(content, 201 if created else 200, headers, "application/json")


def _reruns(asked: Asked) -> Reruns:
    found: Reruns = asked.service.parts[RERUNS]
    return found
