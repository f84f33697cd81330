"""The channel: an address that several share, such as a chat room's incoming webhook."""

from collections.abc import Sequence
from typing import Any, ClassVar, assert_never

from services.notification.channels.events import (
    HAS_NO_ADDRESS,
    ChannelAddressSet,
    ChannelEvent,
    ChannelRetired,
    ChannelSet,
    Kind,
)
from services.notification.keyed import keyed
from services.notification.keyed.keyed import Keyed
from services.notification.keyed.rows import keyed_rows
from shared.aggregate import Aggregate, Folded
from shared.domain import Personal, changed
from shared.errors import Refused
from shared.ledger import Ledger
from shared.store.store import Store
from shared.vault import ERASED

CHANNELS = "channels"
"""Among a service's parts, its `Channels`."""


class ManagedChannel(Keyed, frozen=True):
    """A channel as its events tell it. Its address is never shown."""

    noun: ClassVar[str] = "channel"

    kind: Kind = Kind.FILE
    address: Personal | None = None

    def shown(self) -> dict[str, Any]:
        return {"kind": self.kind}


def add(
    channel: ManagedChannel, *, said: ChannelSet, address: str | None
) -> Sequence[ChannelEvent]:
    """One of this key, new or taken up again."""
    keyed.require_free(channel)
    return [said, *_addressed(said, address)]


def change(
    channel: ManagedChannel, *, said: ChannelSet, address: str | None
) -> Sequence[ChannelEvent]:
    """Say it anew; without an address it keeps the one it has."""
    if channel.kind is not said.kind and address is None and said.kind not in HAS_NO_ADDRESS:
        raise Refused(f"{said.kind} needs an address of its own")
    keyed.require_same(channel, said.key)
    return [*keyed.change(channel, said=said), *_addressed(said, address)]


def _addressed(said: ChannelSet, address: str | None) -> Sequence[ChannelEvent]:
    if address is None:
        return []
    return [ChannelAddressSet(kept_for=f"channel:{said.key}", address=address)]


def evolve(channel: ManagedChannel, event: ChannelEvent) -> ManagedChannel:
    """Never refuses: this has already happened, whatever today's rules say."""
    match event:
        case ChannelSet():
            return changed(channel, **event.fields(), retired=False)
        case ChannelAddressSet(address=address):
            return changed(channel, address=address)
        case ChannelRetired():
            return changed(channel, retired=True)
        case _:
            assert_never(event)


CHANNEL = Aggregate("channel", ManagedChannel(), evolve, rows=keyed_rows)


class Channels(Ledger[ManagedChannel, ChannelEvent]):
    """The ledger of channels."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, CHANNEL)

    async def address(self, held: Folded[ManagedChannel]) -> str | None:
        """Where it leads, in clear; None where it was erased."""
        if held.state.address is None or held.state.retired:
            return None
        await self.store.vault.load(self.store.pool, [held.state.address])
        clear = self.store.vault.open(held.stream, held.state.address)
        return None if clear == ERASED else clear
