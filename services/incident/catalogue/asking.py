"""What the routes of the catalogue share: who may ask, and what is done for services and items."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, NamedTuple

from fastapi import Body, Depends, Path, Query, Response

from services.incident.catalogue import view
from services.incident.catalogue.bodies import EntryDocument, NoArguments
from services.incident.catalogue.catalogue import CATALOGUE, Catalogue, find, stream_of
from services.incident.catalogue.entry import Entry
from services.incident.catalogue.known import Kind
from services.incident.rules import READERS
from shared.aggregate import Folded
from shared.auth.roles import Role
from shared.domain import Event
from shared.errors import Refused
from shared.http.asked import Asked, allowed
from shared.http.managed import (
    Moments,
    command_answer,
    folded_at,
    is_known,
    managed_actions,
    read_answer,
    versions_answer,
)
from shared.http.past import PastQuery
from shared.ledger import GuardMoved, Ledger

Command = Callable[..., Sequence[Event]]
View = view.ServiceView | view.ConfigurationItemView

_MANAGERS = frozenset({Role.INCIDENT_MANAGER})

ByManager = Annotated[Asked, Depends(allowed(*_MANAGERS))]
ByReader = Annotated[Asked, Depends(allowed(*READERS))]
ByAnybody = Annotated[Asked, Depends(allowed(*Role))]
Nothing = Annotated[NoArguments | None, Body()]
Past = Annotated[PastQuery, Query()]
Reference = Annotated[str, Path(max_length=100, description="Its id, or its key")]


class Entries(NamedTuple):
    """One kind of entries: where they are found, and how they look."""

    kind: Kind
    path: str
    ledger: Ledger[Entry, Any]
    show: Callable[[Folded[Entry]], View]


def catalogue_of(asked: Asked) -> Catalogue:
    """The catalogue of the service that was asked."""
    found: Catalogue = asked.service.parts[CATALOGUE]
    return found


def why_not(asked: Asked) -> str | None:
    """Why this caller may not change the catalogue; None where they may."""
    return asked.caller.lacks(*_MANAGERS)


def services_of(asked: Asked) -> Entries:
    """The services of the catalogue that was asked."""
    ledger = catalogue_of(asked).services
    return Entries("service", "/v1/catalogue/services", ledger, view.service_view)


def items_of(asked: Asked) -> Entries:
    """The configuration items of the catalogue that was asked."""
    return Entries("item", "/v1/catalogue/items", catalogue_of(asked).items, view.item_view)


async def add(asked: Asked, entries: Entries, command: Command, body: EntryDocument) -> Response:
    """Add an entry, or take up a retired one. Raises Refused."""
    stream = stream_of(entries.kind, body.key)
    creates = not await is_known(entries.ledger, stream)
    order = await asked.order(stream, creates=creates)
    try:
        after = await entries.ledger.execute(order, command, **body.arguments())
    except GuardMoved:
        raise Refused(f"somebody has just added {body.key}; change that one") from None
    catalogue_of(asked).changed()
    return command_answer(entries.show(after), after, entries.path)


async def read(asked: Asked, entries: Entries, reference: str, moments: Moments) -> Response:
    """An entry, now or as it was. Raises NotFound."""
    found = await folded_at(asked, entries.ledger, find(entries.kind, reference), moments)
    shown, retired = entries.show(found), found.state.retired
    shown.actions = managed_actions(f"{entries.path}/{found.stream}", why_not(asked), retired)
    return read_answer(shown, found.version)


async def command(
    asked: Asked, entries: Entries, reference: str, act: Command, **said: Any
) -> Response:
    """Change an entry. Raises NotFound, Refused."""
    order = await asked.order(find(entries.kind, reference))
    after = await entries.ledger.execute(order, act, **said)
    catalogue_of(asked).changed()
    return command_answer(entries.show(after), after)


async def versions(asked: Asked, entries: Entries, reference: str, query: PastQuery) -> Response:
    """Everything that was said of an entry. Raises NotFound."""
    return await versions_answer(asked, entries.ledger, find(entries.kind, reference), query)


async def impact(asked: Asked, entries: Entries, reference: str) -> Response:
    """An entry among its neighbours, as known now. Raises NotFound."""
    found = await entries.ledger.current(find(entries.kind, reference))
    present = await catalogue_of(asked).present(fresh=True)
    dependants = present.dependants(entries.kind, found.state.key)
    return read_answer(view.impact(present, found.state, dependants), found.version)
