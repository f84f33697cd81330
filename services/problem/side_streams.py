"""Recording beside a problem or a known error: on a side stream, so that its version stays."""

from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

import msgspec

from shared.aggregate import Folded
from shared.domain import Event, State
from shared.errors import Stale, Unavailable
from shared.http.asked import Asked
from shared.http.managed import is_known
from shared.ledger import GuardMoved, Ledger

S = TypeVar("S", bound=State)
E = TypeVar("E", bound=Event)

_TRIES = 3


async def record_beside(
    asked: Asked,
    version: int,
    ledger: Ledger[S, E],
    stream: UUID,
    act: Callable[[S], Sequence[E]],
) -> Folded[S]:
    """Decide on the side stream, made if need be, of what is at this version: If-Match is of that.

    Raises the command's refusal, Stale, Unavailable.
    """
    order = await asked.order(stream)

    def decide(state: S) -> Sequence[E]:
        if order.version not in (None, version):
            raise Stale(f"it is at version {version} by now; read it again")
        return act(state)

    for _ in range(_TRIES):
        creates = not await is_known(ledger, stream)
        try:
            now = msgspec.structs.replace(order, version=None, creates=creates)
            return await ledger.execute(now, decide)
        except GuardMoved:
            continue
    raise Unavailable("others keep recording about this; try again")
