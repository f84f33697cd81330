"""Authentication as a service runs it: its issuer from the settings, its keys from its database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import asyncpg
from sqlalchemy import Column, DateTime, LargeBinary, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from shared.auth.api_keys import ApiKeys, KeyRecord
from shared.auth.authenticator import Authenticator
from shared.auth.claims import TokenRules
from shared.auth.roles import known
from shared.auth.trust import trusted_tokens
from shared.client import new_client
from shared.settings import Settings
from shared.store.store import Store

KNOWN_API_KEYS = Table(
    "known_api_keys",
    MetaData(),
    Column("id", Text, primary_key=True),
    Column("name", Text),
    Column("hash", LargeBinary),
    Column("roles", JSONB),
    Column("teams", JSONB),
    Column("expires_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
)
"""Every service's copy; the service that owns the keys publishes their hashes, never a secret."""

_FIND = "select name, hash, roles, teams, expires_at, revoked_at from known_api_keys where id = $1"
_USED = """insert into api_key_uses as u (id, used_at) values ($1, $2)
    on conflict (id) do update set used_at = $2 where u.used_at < $2"""
_CLAIM = """insert into stream_tickets (id, expires_at) values ($1, $2)
    on conflict (id) do nothing returning true"""
_FORGET = "delete from stream_tickets where expires_at < now() - interval '1 minute'"


class StoredKeys:
    """The API keys this service's database knows."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def find(self, key_id: str) -> KeyRecord | None:
        """The key's record, revoked or not."""
        row = await self._store.pool.fetchrow(_FIND, key_id)
        if row is None:
            return None
        return KeyRecord(
            id=key_id,
            name=row["name"],
            hash=row["hash"],
            roles=known(row["roles"]),
            teams=frozenset(row["teams"]),
            expires_at=_seconds(row["expires_at"]),
            revoked_at=_seconds(row["revoked_at"]),
        )

    def note_use(self, key_id: str, at: float) -> None:
        """Remember, in the background, when a key was last used; about once a minute and key."""
        moment = datetime.fromtimestamp(at, UTC)
        self._store.later(self._store.pool.execute(_USED, key_id, moment))


class StoredTickets:
    """Which stream tickets were used, for all workers of a service."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def claim(self, ticket_id: str, expires_at: float) -> bool:
        """Whether this is the first use of the ticket."""
        await self._pool.execute(_FORGET)
        moment = datetime.fromtimestamp(expires_at, UTC)
        return bool(await self._pool.fetchval(_CLAIM, ticket_id, moment))


@asynccontextmanager
async def open_authenticator(settings: Settings, store: Store) -> AsyncIterator[Authenticator]:
    """Trust the configured issuer, or the embedded one; raises NothingTrusted without either."""
    rules = None
    if settings.oidc_issuer is not None:
        rules = TokenRules(
            issuer=settings.oidc_issuer,
            audience=settings.oidc_audience,
            roles_claim=settings.roles_claim,
        )
    keys = StoredKeys(store)
    async with (
        new_client(timeout=5.0) as client,
        trusted_tokens(rules, settings.home, client) as tokens,
    ):
        yield Authenticator(tokens, ApiKeys(keys, keys.note_use))


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
