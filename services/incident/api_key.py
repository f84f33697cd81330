"""API keys: who made which, with which roles, until when. The secret itself is kept nowhere."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import assert_never
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from sqlalchemy import Column, DateTime, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from shared.aggregate import Aggregate, Folded, Row
from shared.auth.open import KNOWN_API_KEYS
from shared.auth.roles import Role
from shared.domain import Event, State, changed, event
from shared.store.tables import version_columns


@event("api_key.created")
class ApiKeyCreated(Event, frozen=True):
    """`hash` is SHA-256 of the secret, in hex."""

    id: str
    name: str
    hash: str
    roles: tuple[Role, ...]
    teams: tuple[str, ...] = ()
    expires_at: datetime | None = None


@event("api_key.revoked")
class ApiKeyRevoked(Event, frozen=True):
    id: str
    name: str
    at: datetime


ApiKeyEvent = ApiKeyCreated | ApiKeyRevoked


class ApiKey(State, frozen=True):
    """One key; it is never given out a second time."""

    id: str = ""
    name: str = ""
    hash: str = ""
    roles: tuple[Role, ...] = ()
    teams: tuple[str, ...] = ()
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


def create(key: ApiKey, *, created: ApiKeyCreated) -> Sequence[ApiKeyEvent]:
    return [created]


def revoke(key: ApiKey, *, at: datetime) -> Sequence[ApiKeyEvent]:
    return [] if key.revoked_at is not None else [ApiKeyRevoked(id=key.id, name=key.name, at=at)]


def evolve(key: ApiKey, event: ApiKeyEvent) -> ApiKey:
    """Never refuses: this has already happened."""
    match event:
        case ApiKeyCreated():
            return ApiKey(**event.fields())
        case ApiKeyRevoked():
            return changed(key, revoked_at=event.at)
        case _:
            assert_never(event)


API_KEYS = Table(
    "api_keys",
    MetaData(),
    *version_columns(),
    Column("key_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("roles", JSONB, nullable=False),
    Column("teams", JSONB, nullable=False),
    Column("expires_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
)


def rows(folded: Folded[ApiKey], event: ApiKeyEvent) -> Iterable[Row]:
    """The key as it is listed, and as callers are checked against it."""
    key = folded.state
    roles, teams = (msgspec.json.encode(names).decode() for names in (key.roles, key.teams))
    shared = (roles, teams, key.expires_at, key.revoked_at)
    created = (folded.stream, folded.version, folded.created_at)
    yield Row(API_KEYS, (*created, key.id, key.name, *shared))
    yield Row(KNOWN_API_KEYS, (key.id, key.name, bytes.fromhex(key.hash), *shared))


API_KEY = Aggregate("api_key", ApiKey(), evolve, rows=rows)


def key_stream(key_id: str) -> UUID:
    """Where the events of a key stand."""
    return uuid5(NAMESPACE_URL, f"tocsin:api-key:{key_id}")
