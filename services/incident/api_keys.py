"""The API keys of this service: making one, and making the same one again for a lost answer."""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.incident.api_key import (
    API_KEY,
    ApiKey,
    ApiKeyCreated,
    ApiKeyEvent,
    create,
    key_stream,
    revoke,
)
from shared.aggregate import Folded
from shared.auth.api_keys import PREFIX, NewApiKey, hash_of, new_api_key, new_short_key
from shared.auth.roles import Role
from shared.ledger import Key, Ledger, Order
from shared.store.store import Store


class Wanted(NamedTuple):
    """What a new key is to be."""

    name: str
    roles: Sequence[Role]
    teams: Sequence[str]
    expires_at: datetime | None
    short: bool = False


class Created(NamedTuple):
    """A key, and its text."""

    folded: Folded[ApiKey]
    text: str


class ApiKeyLedger(Ledger[ApiKey, ApiKeyEvent]):
    """Keys by their ids."""

    def __init__(self, store: Store, master: bytes) -> None:
        super().__init__(store, API_KEY)
        self._master = master

    async def create(self, order: Order, wanted: Wanted) -> Created:
        """Make a key. With an idempotency key, a repetition answers the very same text.

        Its secret then derives from the master key: nobody keeps it, and only the same caller
        with the same request can have it again. Raises KeyReused.
        """
        fresh = self._fresh(order.key, short=wanted.short)
        order = msgspec.structs.replace(order, stream=key_stream(fresh.id))
        created = ApiKeyCreated(
            id=fresh.id,
            name=wanted.name,
            hash=fresh.hash.hex(),
            roles=tuple(sorted(set(wanted.roles))),
            teams=tuple(sorted(set(wanted.teams))),
            expires_at=wanted.expires_at,
        )
        folded = await self.execute(order, create, created=created)
        if order.key is not None and not wanted.short:
            return Created(folded, self._long(order.key, folded.state.id).text)
        return Created(folded, fresh.text)

    async def revoke(self, order: Order, at: datetime) -> Folded[ApiKey]:
        """End a key. Raises NotFound."""
        return await self.execute(order, revoke, at=at)

    def _fresh(self, key: Key | None, *, short: bool) -> NewApiKey:
        if key is None:
            return new_short_key() if short else new_api_key()
        if short:
            return new_short_key(self._secret(key, "short", 16))
        return self._long(key, new_api_key().id)

    def _long(self, key: Key, key_id: str) -> NewApiKey:
        secret = urlsafe_b64encode(self._secret(key, key_id, 32)).rstrip(b"=").decode()
        return NewApiKey(key_id, f"{PREFIX}{key_id}_{secret}", hash_of(secret))

    def _secret(self, key: Key, name: str, length: int) -> bytes:
        purpose = f"tocsin api key|{name}|{key.scope}|{key.value}".encode()
        derivation = HKDF(algorithm=SHA256(), length=length, salt=None, info=purpose)
        return derivation.derive(self._master)
