"""A request for many incidents, chosen once: repeated with its key it means the same ones."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple
from uuid import UUID

import msgspec

from shared.clock import new_id
from shared.errors import KeyReused
from shared.http.asked import Asked
from shared.ledger import Order
from shared.store.append import IdempotencyKey
from shared.store.store import UsedKey


class Chosen(NamedTuple):
    """The id that ties all events of the request together, and the incidents it names."""

    bulk: UUID
    references: list[str]


async def chosen_once(asked: Asked, choose: Callable[[], Awaitable[list[str]]]) -> Chosen:
    """What the request means, the same whenever it is repeated with its key.

    The key is kept before anything is done, with no event of its own. Raises KeyReused.
    """
    order = await asked.order(new_id())
    if order.key is None:
        return Chosen(order.correlation_id or order.stream, await choose())
    store = asked.service.store
    used = await store.used_key(*order.key[:2])
    if used is None:
        chosen = Chosen(order.correlation_id or order.stream, await choose())
        if await _is_first(asked, order, chosen):
            return chosen
        used = await store.used_key(*order.key[:2])
    return _as_before(used, order.key.digest)


async def _is_first(asked: Asked, order: Order, chosen: Chosen) -> bool:
    store = asked.service.store
    draft = store.draft(actor=asked.caller.id)
    references = msgspec.json.encode(chosen.references).decode()
    draft.append.key = order.key and IdempotencyKey(*order.key, chosen.bulk, 0, references)
    return (await store.writer.append(draft.append)).outcome == "appended"


def _as_before(used: UsedKey | None, digest: bytes) -> Chosen:
    if used is None or used.digest != digest:
        raise KeyReused("this Idempotency-Key was used before with another body; use a new one")
    return Chosen(used.stream, msgspec.json.decode(used.detail or "[]", type=list[str]))
