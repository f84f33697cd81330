"""The reviews of this service: a stream beside each incident's, found by the incident's id."""

from uuid import UUID

from services.incident.review.events import ReviewEvent
from services.incident.review.review import REVIEW, Review
from shared.aggregate import Folded
from shared.errors import NotFound
from shared.ledger import Ledger
from shared.store.store import Store


class Reviews(Ledger[Review, ReviewEvent]):
    """One that nobody has opened is there without events."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, REVIEW)

    async def current(self, stream: UUID) -> Folded[Review]:
        """As the log has it now."""
        try:
            return await super().current(stream)
        except NotFound:
            nothing = Folded(stream, Review())
            self._remember(nothing)
            return nothing
