"""Messages to channels: posted to a chat, or written down for the first minute."""

import asyncio
from pathlib import Path
from uuid import UUID

from services.notification import webhook
from services.notification.channels.channel import Channels
from services.notification.channels.events import HAS_NO_ADDRESS, Kind
from services.notification.channels.payloads import payload
from services.notification.channels.sinks import NOT_LOCAL, printed, written
from services.notification.channels.vendors import Vendors
from services.notification.keyed.keyed import stream_of
from services.notification.outcome import Result, Unreached
from services.notification.said import Words
from shared.errors import NotFound
from shared.outgoing import Outgoing

_GONE = Unreached("its channel is retired, or has no address any more", permanent=True)
_JSON = {"content-type": "application/json", "user-agent": "tocsin"}


class Chat:
    """Sends to channels."""

    def __init__(
        self, channels: Channels, outgoing: Outgoing, folder: Path, *, is_local: bool = False
    ) -> None:
        self._is_local = is_local
        self._vendors = Vendors()
        self._channels = channels
        self._outgoing = outgoing
        self._file = folder / "outbox.jsonl"

    async def send(self, key: str, id: UUID, words: Words) -> Result:
        """One call."""
        try:
            held = await self._channels.current(stream_of("channel", key))
        except NotFound:
            return _GONE
        if held.state.kind in HAS_NO_ADDRESS and not held.state.retired:
            return await self._sink(held.state.kind, key, id, words)
        address = await self._channels.address(held)
        if address is None:
            return _GONE
        if held.state.kind is Kind.APPRISE:
            return await self._vendors.send(address, words)
        content = payload(held.state.kind, words)
        return await webhook.post(self._outgoing, address, content, _JSON)

    async def _sink(self, kind: Kind, key: str, id: UUID, words: Words) -> Result:
        if kind is Kind.FILE:
            return await asyncio.to_thread(written, self._file, key, id, words)
        if not self._is_local:
            return Unreached(NOT_LOCAL, permanent=True)
        return await asyncio.to_thread(printed, key, id, words)
