"""The API keys of this service: making one, and making the same one again for a lost answer."""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.incident.api_key import (
    API_KEY,
    ApiKey,
    ApiKeyCreated,
    ApiKeyEvent,
    create,
    revoke,
)
from shared.aggregate import Folded
from shared.auth.api_keys import PREFIX, NewApiKey, hash_of
from shared.auth.roles import Role
from shared.ledger import Key, Ledger, Order
from shared.store.store import Store


class Wanted(NamedTuple):
    """What a new key is to be."""

    name: str
    roles: Sequence[Role]
    teams: Sequence[str]
    expires_at: datetime | None


class Created(NamedTuple):
    """A key, and its text."""

    folded: Folded[ApiKey]
    text: str


class ApiKeyLedger(Ledger[ApiKey, ApiKeyEvent]):
    """Keys by their ids."""

    def __init__(self, store: Store, master: bytes) -> None:
        super().__init__(store, API_KEY)
        self._master = master

    async def create(self, order: Order, fresh: NewApiKey, wanted: Wanted) -> Created:
        """Make a key. With an idempotency key, a repetition answers the very same text.

        Its secret then derives from the master key: nobody keeps it, and only the same caller
        with the same request can have it again. Raises KeyReused.
        """
        text = fresh.text if order.key is None else self._text(order.key, fresh.id)
        created = ApiKeyCreated(
            id=fresh.id,
            name=wanted.name,
            hash=hash_of(_secret_in(text)).hex(),
            roles=tuple(sorted(set(wanted.roles))),
            teams=tuple(sorted(set(wanted.teams))),
            expires_at=wanted.expires_at,
        )
        folded = await self.execute(order, create, created=created)
        if order.key is not None:
            text = self._text(order.key, folded.state.id)
        return Created(folded, text)

    async def revoke(self, order: Order, at: datetime) -> Folded[ApiKey]:
        """End a key. Raises NotFound."""
        return await self.execute(order, revoke, at=at)

    def _text(self, key: Key, key_id: str) -> str:
        purpose = f"tocsin api key|{key_id}|{key.scope}|{key.value}".encode()
        secret = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(self._master)
        return f"{PREFIX}{key_id}_{urlsafe_b64encode(secret).rstrip(b'=').decode()}"


def _secret_in(text: str) -> str:
    return text.removeprefix(PREFIX).partition("_")[2]
