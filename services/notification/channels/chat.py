"""Messages to channels: posted to a chat, or written to a file for the first minute."""

import asyncio
from pathlib import Path
from uuid import UUID

import msgspec

from services.notification import webhook
from services.notification.channels.channel import Channels
from services.notification.channels.events import Kind
from services.notification.channels.payloads import payload
from services.notification.keyed.keyed import stream_of
from services.notification.outcome import Reached, Result, Unreached
from services.notification.said import Words
from shared.errors import NotFound
from shared.outgoing import Outgoing

_GONE = Unreached("its channel is retired, or has no address any more", permanent=True)
_JSON = {"content-type": "application/json", "user-agent": "tocsin"}
_MOST_BYTES = 50 * 2**20


class Chat:
    """Sends to channels."""

    def __init__(self, channels: Channels, outgoing: Outgoing, folder: Path) -> None:
        self._channels = channels
        self._outgoing = outgoing
        self._file = folder / "outbox.jsonl"

    async def send(self, key: str, id: UUID, words: Words) -> Result:
        """One call."""
        try:
            held = await self._channels.current(stream_of("channel", key))
        except NotFound:
            return _GONE
        if held.state.kind is Kind.FILE and not held.state.retired:
            return await asyncio.to_thread(self._write, key, id, words)
        address = await self._channels.address(held)
        if address is None:
            return _GONE
        content = payload(held.state.kind, words)
        return await webhook.post(self._outgoing, address, content, _JSON)

    def _write(self, key: str, id: UUID, words: Words) -> Result:
        told = {"channel": key, "id": id, "subject": words.subject}
        line = msgspec.json.encode(told | {"text": words.text}) + b"\n"
        try:
            if self._file.exists() and self._file.stat().st_size > _MOST_BYTES:
                return Unreached("the file outbox.jsonl is full; move it away")
            with self._file.open("ab") as file:
                file.write(line)
        except OSError as failed:
            return Unreached(f"the file cannot be written: {type(failed).__name__}", down=True)
        return Reached("written to outbox.jsonl")
