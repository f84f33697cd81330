"""One command on many incidents over HTTP."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import msgspec
from fastapi import Depends, Response

from services.incident.access import incidents_of
from services.incident.bulk.bodies import BulkAnswer, BulkCommand, BulkItem
from services.incident.bulk.commands import Command, commands_of
from services.incident.bulk.once import Chosen, chosen_once
from services.incident.lists.conditions import conditions
from services.incident.lists.filters import IncidentFilters
from services.incident.lists.orders import SORTS
from services.incident.rules import RULES
from services.incident.visibility import visible_to
from shared.auth.roles import Role
from shared.errors import Invalid, NotFound, Problem, Refused
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.openapi import answers
from shared.http.problems import explain
from shared.ledger import Order
from shared.listing import Listing, Slice

_AT_ONCE = 16
_COMMANDS = "commands of one incident"
_LISTING = Listing("incidents", SORTS)
router = routes("incidents", "/v1/incidents")
ByAgentOrReporter = Annotated[Asked, Depends(allowed(*RULES["note"].roles, Role.REPORTER))]


class _Done(msgspec.Struct):
    """What is told of an incident that has taken the command."""

    id: UUID
    number: str
    version: int
    position: int


class _Piece(Asked):
    """The request as far as it concerns one incident."""

    __slots__ = ("_bulk",)

    def __init__(self, asked: Asked, bulk: UUID) -> None:
        super().__init__(asked.request, asked.caller)
        self._bulk = bulk

    async def order(self, stream: UUID, **more: Any) -> Order:
        """As alone, under a key of its own, tied to the others."""
        order = await super().order(stream, **more)
        key = order.key and order.key._replace(scope=f"{order.key.scope} {stream}")
        return msgspec.structs.replace(order, key=key, correlation_id=self._bulk)


class _Bulk(NamedTuple):
    """A command under way."""

    asked: Asked
    id: UUID
    command: Command
    body: Any
    gate: asyncio.Semaphore

    async def give(self, incident: UUID) -> Response:
        """The answer as the command alone would have it."""
        async with self.gate:
            try:
                piece = _Piece(self.asked, self.id)
                return await self.command.give(piece, str(incident), self.body)
            except Problem as refusal:
                return explain(refusal)


@router.post("/bulk", **answers(BulkAnswer))
async def give_to_many(body: BulkCommand, asked: ByAgentOrReporter) -> Response:
    """Give one command to up to 100 incidents, each in its own right.

    Each is answered as the command alone would be: a refusal of one harms no other, what you
    may not see is not found. With an Idempotency-Key the whole may be repeated: what was done
    stays done once, what was refused or not reached is tried again, on the same incidents.
    For more than 100, ask again with the next ones.
    """
    if asked.request.headers.get("if-match") is not None:
        raise Invalid(("header:If-Match", "is of one incident; give this command without it"))
    command = _known(_commands(asked), body.command)
    command.require(asked.caller)
    arguments = command.read(body.details)
    chosen = await chosen_once(asked, lambda: _references(body, asked))
    bulk = _Bulk(asked, chosen.bulk, command, arguments, asyncio.Semaphore(_AT_ONCE))
    items = await _given(bulk, chosen)
    done = sum(item.problem is None for item in items)
    told = BulkAnswer(chosen.bulk, body.command, items, done, len(items) - done)
    return Response(msgspec.json.encode(told), media_type="application/json")


def _commands(asked: Asked) -> Mapping[str, Command]:
    """Those of the application that was asked, looked up once."""
    parts = asked.service.parts
    if _COMMANDS not in parts:
        parts[_COMMANDS] = commands_of(asked.request.app.state.routers)
    known: Mapping[str, Command] = parts[_COMMANDS]
    return known


def _known(commands: Mapping[str, Command], name: str) -> Command:
    if name not in commands:
        known = ", ".join(sorted(commands))
        raise Invalid(("/command", f"is no command for many incidents; known are {known}"))
    return commands[name]


async def _references(body: BulkCommand, asked: Asked) -> list[str]:
    if body.filters is None:
        return list(body.ids or ())
    return await _found(body.filters, body.expected or 0, asked)


async def _found(filters: IncidentFilters, expected: int, asked: Asked) -> list[str]:
    """What the filters find now, if it is as many as were seen. Raises Refused."""
    asks = conditions(filters, asked.caller) + visible_to(asked.caller)
    page = await _LISTING.page(asked.service.store.pool, Slice(asks, "number", expected))
    if page.next is not None or len(page.rows) != expected:
        seen = f"more than {expected}" if page.next is not None else str(len(page.rows))
        raise Refused(f"the filters find {seen} incidents, not {expected}; look at them again")
    return [f"INC-{row['number']}" for row in page.rows]


async def _given(bulk: _Bulk, chosen: Chosen) -> list[BulkItem]:
    """Each named incident once, however often and in whichever way it is named."""
    streams = [await _stream(bulk.asked, reference) for reference in chosen.references]
    wanted = list(dict.fromkeys(stream for stream in streams if isinstance(stream, UUID)))
    given = await asyncio.gather(*map(bulk.give, wanted))
    found = dict(zip(wanted, given, strict=True))
    return [
        _item(reference, found[stream] if isinstance(stream, UUID) else stream)
        for reference, stream in zip(chosen.references, streams, strict=True)
    ]


async def _stream(asked: Asked, reference: str) -> UUID | Response:
    try:
        return await incidents_of(asked).find(reference)
    except NotFound as refusal:
        return explain(refusal)


def _item(reference: str, answer: Response) -> BulkItem:
    if answer.status_code >= 400:
        problem = msgspec.json.decode(answer.body, type=dict[str, Any])
        return BulkItem(reference=reference, status=answer.status_code, problem=problem)
    done = msgspec.json.decode(answer.body, type=_Done)
    return BulkItem(
        reference=reference,
        status=answer.status_code,
        id=done.id,
        number=done.number,
        version=done.version,
        position=done.position,
    )
