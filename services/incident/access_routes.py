"""Who has read restricted incidents, for auditors."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field

from services.incident.access import incidents_of
from shared.errors import NotFound
from shared.http.access_log import AccessPage, AccessQuery, ByAuditor, accesses
from shared.http.app import routes
from shared.http.asked import Asked
from shared.http.openapi import answers
from shared.http.pages import Words

router = routes("operations", "/v1/incident")


class IncidentAccessQuery(AccessQuery):
    """Which accesses; several values of one filter are alternatives, filters add up."""

    incident: Annotated[Words | None, Field(description="Of these, by id or number")] = None


@router.get("/access-log", **answers(AccessPage))
async def list_accesses(
    query: Annotated[IncidentAccessQuery, Query()], asked: ByAuditor
) -> Response:
    """Every read of a restricted incident, newest first: who, when, by which route.

    `subject` is the incident. Recorded before the read was answered; nothing is ever changed.
    """
    wanted = None if query.incident is None else await _named(asked, query.incident)
    return await accesses(asked, query, wanted)


async def _named(asked: Asked, references: list[str]) -> list[UUID]:
    found = []
    for reference in references:
        try:
            found.append(await incidents_of(asked).find(reference))
        except NotFound:
            continue
    return found
