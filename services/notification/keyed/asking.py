"""What the routes of all keyed data share: who may ask, and what is done for each kind."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

from fastapi import Depends, Path, Query, Response

from services.notification.keyed import keyed
from services.notification.keyed.keyed import Gone, Said, stream_of
from services.notification.keyed.rows import KeyedItem, item_of, view_of
from services.notification.references import Named, faults, without
from services.notification.rules import ADMINS
from shared.aggregate import Folded
from shared.domain import Event
from shared.errors import Refused
from shared.http.asked import Asked, allowed
from shared.http.lists import CHANGED, WHEN, TimedQuery, given, listed
from shared.http.managed import (
    Moments,
    command_answer,
    folded_at,
    is_known,
    list_answer,
    managed_actions,
    read_answer,
    versions_answer,
)
from shared.http.pages import Words
from shared.http.past import PastQuery
from shared.ledger import GuardMoved, Ledger
from shared.listing import Listing, Sort

Command = Callable[..., Sequence[Event]]

ByAdmin = Annotated[Asked, Depends(allowed(*ADMINS))]
Reference = Annotated[str, Path(max_length=100, description="Its id, or its key")]
Past = Annotated[PastQuery, Query()]
_LISTING = Listing("keyed", CHANGED | {"key": Sort("t.key", "text", False)})
_KEYED = WHEN | {"key": "t.key = any({}::text[])", "retired": "t.retired = {}::boolean"}


class KeyedQuery(TimedQuery):
    """Which of them; several values of one filter are alternatives, filters add up."""

    key: Words | None = None
    retired: bool | None = None
    sort: Literal["key", "-created_at", "created_at", "-updated_at", "updated_at"] = "key"


Listed = Annotated[KeyedQuery, Query()]


class Kept(NamedTuple):
    """One kind of keyed data: where it is found, and how it looks."""

    noun: str
    path: str
    ledger: Ledger[Any, Any]
    view: type[KeyedItem]

    def find(self, reference: str) -> UUID:
        """The stream of one named by id or key."""
        try:
            return UUID(reference)
        except ValueError:
            return stream_of(self.noun, reference)


async def page(asked: Asked, kept: Kept, query: KeyedQuery) -> Response:
    """A page of them, by their keys."""
    conditions = [*given(query, _KEYED), ("t.kind = {}", kept.noun)]
    found = await listed(asked, _LISTING, query, query.sort, conditions)
    return list_answer(found, [item_of(kept.view, row) for row in found.rows])


async def add(
    asked: Asked,
    kept: Kept,
    said: Said,
    command: Command = keyed.add,
    *,
    named: Sequence[Named] = (),
) -> Response:
    """Add one, or take up a retired one. Raises Refused, Invalid for what it names in vain."""
    act = without(await faults(asked.service.store.pool, named), command)
    stream = stream_of(kept.noun, said.key)
    order = await asked.order(stream, creates=not await is_known(kept.ledger, stream))
    try:
        after = await kept.ledger.execute(order, act, said=said)
    except GuardMoved:
        raise Refused(f"somebody has just added {said.key}; change that one") from None
    return command_answer(view_of(kept.view, after), after, kept.path)


async def read(asked: Asked, kept: Kept, reference: str, moments: Moments) -> Response:
    """One, now or as it was. Raises NotFound."""
    found = await folded_at(asked, kept.ledger, kept.find(reference), moments)
    shown = view_of(kept.view, found)
    path = f"{kept.path}/{found.stream}"
    shown.actions = managed_actions(path, why_not(asked), found.state.retired)
    return read_answer(shown, found.version)


async def change(
    asked: Asked, kept: Kept, reference: str, said: Said, *, named: Sequence[Named] = ()
) -> Response:
    """Say one anew. Raises NotFound, Refused, Invalid for what it names in vain."""
    act = without(await faults(asked.service.store.pool, named), keyed.change)
    return await command(asked, kept, reference, act, said=said)


async def retire(asked: Asked, kept: Kept, reference: str, gone: type[Gone]) -> Response:
    """Take one out of use. Raises NotFound."""
    return await command(asked, kept, reference, keyed.retire, gone=gone)


async def command(asked: Asked, kept: Kept, reference: str, act: Command, **said: Any) -> Response:
    """Change one. Raises NotFound, Refused."""
    after = await changed(asked, kept, reference, act, **said)
    return command_answer(view_of(kept.view, after), after)


async def changed(
    asked: Asked, kept: Kept, reference: str, act: Command, **said: Any
) -> Folded[Any]:
    """One after this command. Raises NotFound, Refused."""
    stream = kept.find(reference)
    await kept.ledger.current(stream)
    return await kept.ledger.execute(await asked.order(stream), act, **said)


async def versions(asked: Asked, kept: Kept, reference: str, query: PastQuery) -> Response:
    """Everything that was said of one. Raises NotFound."""
    return await versions_answer(asked, kept.ledger, kept.find(reference), query)


def why_not(asked: Asked) -> str | None:
    """Why this caller may not change them; None where they may."""
    return asked.caller.lacks(*ADMINS)
