"""Which alert an Opsgenie client means: by its alias, its id, or its incident's number."""

from typing import Annotated, Literal, NamedTuple
from uuid import UUID

from fastapi import Path, Query

from services.incident.access import incidents_of, on_record
from services.incident.alerts.group import AlertGroup
from services.incident.alerts.senders.opsgenie import stream_of
from services.incident.alerts.taking import intake_of
from services.incident.visibility import is_visible
from shared.aggregate import Folded
from shared.errors import NotFound
from shared.http.asked import Asked

_GROUP = "alert-group:"

Identifier = Annotated[str, Path(max_length=512, description="An id, alias or tiny id")]
IdentifierType = Annotated[
    Literal["id", "alias", "tiny"],
    Query(alias="identifierType", description="Of what kind the identifier is"),
]


class Found(NamedTuple):
    """An alert's id and alias; the alias is empty where nothing is known of it."""

    stream: UUID
    alias: str


async def found(asked: Asked, identifier: str, kind: str) -> Found | None:
    """The alert that is meant, known or not; None for an identifier that can be none."""
    if kind == "alias":
        return Found(stream_of(identifier), identifier)
    stream = _id(identifier) if kind == "id" else await _of_incident(asked, identifier)
    if stream is None:
        return None
    group = await intake_of(asked).group(stream)
    return Found(stream, group.state.group_key) if is_ours(group) else None


def is_ours(group: Folded[AlertGroup]) -> bool:
    """Whether it is a group that an Opsgenie client told of."""
    return group.version > 0 and stream_of(group.state.group_key) == group.stream


async def _of_incident(asked: Asked, number: str) -> UUID | None:
    incidents = incidents_of(asked)
    try:
        held = await incidents.current(await incidents.find(f"INC-{number}"))
    except NotFound:
        return None
    if not is_visible(held.state, asked.caller):
        return None
    await on_record(asked, held)
    return group_of(held.state.external_ref)


def group_of(external_ref: str | None) -> UUID | None:
    """The group of alerts that an incident came of."""
    if external_ref is None or not external_ref.startswith(_GROUP):
        return None
    return _id(external_ref.removeprefix(_GROUP))


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
