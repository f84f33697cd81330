"""What the routes of this service share: reading one thing at a moment, answering a command."""

from typing import Annotated, TypeVar
from uuid import UUID

import msgspec
from fastapi import Body, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from services.notification.bodies import NoArguments
from services.notification.rules import READERS
from services.notification.view import Action
from shared.aggregate import Folded
from shared.auth.roles import Role
from shared.domain import Event, State
from shared.errors import NotFound
from shared.http.asked import Asked, allowed
from shared.http.moments import AsOf, EffectiveAt, moment_of, position_of
from shared.http.waiting import has_seen
from shared.ledger import Ledger

S = TypeVar("S", bound=State)
E = TypeVar("E", bound=Event)

Id = Annotated[UUID, Path()]
Nothing = Annotated[NoArguments | None, Body()]
ByReader = Annotated[Asked, Depends(allowed(*READERS))]
ByAnybody = Annotated[Asked, Depends(allowed(*Role))]
ByPerson = Annotated[Asked, Depends(allowed(*(set(Role) - {Role.AUDITOR, Role.SERVICE})))]


class Moments(BaseModel):
    """Of which moment one thing is read."""

    model_config = ConfigDict(extra="forbid")

    as_of: AsOf = None
    effective_at: EffectiveAt = None
    wait_for: Annotated[
        str | None, Field(max_length=64, description="service:position to have been seen")
    ] = None


When = Annotated[Moments, Query()]


async def folded_at(
    asked: Asked, ledger: Ledger[S, E], stream: UUID, moments: Moments
) -> Folded[S]:
    """The aggregate now, or as it was. Raises NotFound."""
    await has_seen(asked.service, moments.wait_for)
    if moments.as_of is None and moments.effective_at is None:
        return await ledger.current(stream)
    position = await position_of(moments.as_of, asked.service.store.log)
    effective_at = moment_of(moments.effective_at)
    return await ledger.past(stream, position=position, effective_at=effective_at)


def require_visible(asked: Asked, person: str, what: str) -> None:
    """A reporter only knows of their own. Raises NotFound."""
    if not asked.caller.has(*READERS) and person != asked.caller.id:
        raise NotFound(f"there is no such {what}")


def action(name: str, path: str, *reasons: str | None) -> Action:
    """A command of a representation; the first reason against it counts."""
    reason = next(filter(None, reasons), None)
    return Action(name, reason is None, reason, path)


def read_answer(view: msgspec.Struct, version: int) -> Response:
    """The answer to a read."""
    headers = {"etag": f'"{version}"'}
    return Response(msgspec.json.encode(view), headers=headers, media_type="application/json")


def command_answer(view: msgspec.Struct, folded: Folded[S], location: str = "") -> Response:
    """The answer to a command: 201 with a location where it created something."""
    headers = {"etag": f'"{folded.version}"', "tocsin-position": str(folded.position)}
    if location:
        headers["location"] = f"{location}/{folded.stream}"
    content = msgspec.json.encode(view)
    return Response(content, 201 if location else 200, headers, "application/json")
