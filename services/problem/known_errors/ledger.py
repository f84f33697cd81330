"""The known errors of this service: their ledger, their numbers, when they expire."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from services.problem.known_errors import known_error
from services.problem.known_errors.events import Content, KnownErrorEvent, Revised
from services.problem.known_errors.events import Published as PublishedEvent
from services.problem.known_errors.known_error import KnownError, KnownErrorStatus
from services.problem.known_errors.offers import OFFERS
from services.problem.known_errors.tables import known_error_rows
from services.problem.known_errors.thesaurus import Thesauruses
from shared.aggregate import Aggregate, Alarm, Folded
from shared.domain import Sealed
from shared.ledger import Ledger, Order
from shared.numbers import Numbering, Numbers
from shared.store.store import Store
from shared.timers import Handler

KNOWN_ERRORS_PART = "known_errors"
"""Among a service's parts, its `KnownErrors`."""
EXPIRY = "known-error-expiry"

_NUMBERED = Numbering("known error", "KE", "known_errors", "known_error_numbers")


def _alarms(before: KnownError, event: KnownErrorEvent, after: KnownError) -> Iterable[Alarm]:
    if after.status is KnownErrorStatus.PUBLISHED and isinstance(event, PublishedEvent | Revised):
        left = None if after.valid_to is None else after.valid_to - event.at
        if left is not None or before.valid_to is not None:
            yield Alarm(EXPIRY, left)
    elif after.status is not before.status and before.valid_to is not None:
        yield Alarm(EXPIRY, None)


KNOWN_ERROR = Aggregate(
    "known error", KnownError(), known_error.evolve, rows=known_error_rows, alarms=_alarms
)


Near = Callable[[str], Awaitable[Mapping[UUID, float]]]
"""Which known errors are near a text by meaning, and how near (0 to 1)."""


async def nothing_near(text: str) -> Mapping[UUID, float]:
    """Without an embedder."""
    return {}


class KnownErrors(Ledger[KnownError, KnownErrorEvent]):
    """The ledger of known errors, found by id or number."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, KNOWN_ERROR)
        self.offers = Ledger(store, OFFERS)
        self.thesauruses = Thesauruses()
        self.near: Near = nothing_near
        self.numbers = Numbers(store.pool, _NUMBERED)

    async def find(self, reference: str) -> UUID:
        """The id of a known error named by id or number. Raises NotFound."""
        return await self.numbers.find(reference)

    async def said(self, held: Folded[KnownError]) -> dict[str, Any]:
        """All that it says, its texts in clear: to be said anew."""
        said = {name: getattr(held.state, name) for name in CONTENT}
        sealed = [value for value in said.values() if isinstance(value, Sealed)]
        await self.store.vault.load(self.store.pool, sealed)
        return {name: self._clear(held.stream, value) for name, value in said.items()}

    def _clear(self, stream: UUID, value: Any) -> Any:
        return self.store.vault.open(stream, value) if isinstance(value, Sealed) else value


CONTENT = tuple(name for name in Content.__struct_fields__ if name != "origin")
"""The fields that a known error says."""


def timers(known_errors: KnownErrors) -> Mapping[str, Handler]:
    """What rings for known errors."""

    async def expire(stream: UUID) -> None:
        order = Order(stream=stream, actor="system:expiry")
        now = known_errors.store.clock()
        await known_errors.execute(order, known_error.expire, now=now)

    return {EXPIRY: expire}
