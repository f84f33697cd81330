"""The contacts of this service: their ledger, and their addresses in clear for a call."""

from collections.abc import Mapping
from datetime import datetime

from services.notification import contact
from services.notification.contact import Contact
from services.notification.contact_events import ContactEvent
from services.notification.events import Channel
from services.notification.tables import contact_rows
from shared.aggregate import Aggregate, Folded
from shared.domain import Personal
from shared.ledger import Ledger
from shared.store.store import Store
from shared.vault import ERASED

CONTACT = Aggregate("contact", Contact(), contact.evolve, rows=contact_rows)


class Contacts(Ledger[Contact, ContactEvent]):
    """The ledger of contacts."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, CONTACT)

    async def address(self, held: Folded[Contact], channel: Channel) -> str | None:
        """Where to reach it, in clear; None where it has no such address, or it was erased."""
        return await self._opened(held, held.state.reach(channel))

    async def leading_to(
        self, held: Folded[Contact], told: Mapping[Channel, str | None]
    ) -> set[Channel]:
        """By which channels it is reached at these very addresses already."""
        return {
            channel
            for channel, address in told.items()
            if address is not None and await self.address(held, channel) == address
        }

    async def secrets(self, held: Folded[Contact], now: datetime) -> list[str]:
        """What its webhook is signed with, in clear, newest first; none where they were erased."""
        state = held.state
        both = state.both_until is not None and now < state.both_until
        sealed = [state.secret, state.secret_before if both else None]
        opened = [await self._opened(held, each) for each in sealed]
        return [each for each in opened if each is not None]

    async def signs_with(self, held: Folded[Contact], secret: str) -> bool:
        """Whether this is its secret already."""
        return await self._opened(held, held.state.secret) == secret

    async def _opened(self, held: Folded[Contact], value: Personal | None) -> str | None:
        if value is None:
            return None
        await self.store.vault.load(self.store.pool, [value])
        clear = self.store.vault.open(held.stream, value)
        return None if clear == ERASED else clear
