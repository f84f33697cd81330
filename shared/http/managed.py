"""Managed data over HTTP: one thing now or as it was, a command's answer, its past as events."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from shared.aggregate import Folded
from shared.domain import Event, State
from shared.errors import NotFound
from shared.event_view import event_views
from shared.http.actions import Action, action
from shared.http.asked import Asked
from shared.http.lists import Listed
from shared.http.moments import AsOf, EffectiveAt, moment_of, position_of
from shared.http.past import Events, PastQuery, paged, past_page
from shared.http.waiting import has_seen
from shared.ledger import Ledger

S = TypeVar("S", bound=State)
E = TypeVar("E", bound=Event)


class Item(msgspec.Struct, kw_only=True):
    """What every item of a list has."""

    id: UUID
    version: int
    position: int
    created_at: datetime | None
    updated_at: datetime | None


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


async def is_known(ledger: Ledger[S, E], stream: UUID) -> bool:
    """Whether anything has happened to it yet."""
    try:
        await ledger.current(stream)
    except NotFound:
        return False
    return True


async def versions_answer(
    asked: Asked, ledger: Ledger[S, E], stream: UUID, query: PastQuery
) -> Response:
    """Everything that was said of it, who said it and when, oldest first. Raises NotFound."""
    await has_seen(asked.service, query.wait_for)
    await ledger.current(stream)
    page = await past_page(asked, query, (stream,))
    return paged(Events, await event_views(asked.service.store, page.events), page)


def head_of(folded: Folded[Any]) -> dict[str, Any]:
    """The fields of `Item`."""
    return {
        "id": folded.stream,
        "version": folded.version,
        "position": folded.position,
        "created_at": folded.created_at,
        "updated_at": folded.updated_at,
    }


def managed_actions(path: str, why_not: str | None, retired: bool) -> list[Action]:
    """The commands that all managed data takes."""
    over = "it is retired" if retired else None
    return [
        action("put", path, over, why_not),
        action("retire", f"{path}/retire", over, why_not),
    ]


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


def list_answer(found: Listed, items: Sequence[msgspec.Struct]) -> Response:
    """A page of a list with these items."""
    content = {
        "items": items,
        "next_cursor": found.next_cursor,
        "total_estimate": found.total_estimate,
        "position": found.position,
    }
    return Response(msgspec.json.encode(content), media_type="application/json")
