"""Connections to one service's database, with what every one of them needs set once."""

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import msgspec
from asyncpg.exceptions import (
    AdminShutdownError,
    CannotConnectNowError,
    CrashShutdownError,
    InterfaceError,
    InternalClientError,
    PostgresConnectionError,
    TooManyConnectionsError,
)

CONNECTION_LOST = (
    OSError,
    InterfaceError,
    InternalClientError,  # used between the server's last word and the end of the connection
    InternalClientError,
    PostgresConnectionError,
    CannotConnectNowError,
    AdminShutdownError,
    CrashShutdownError,
    TooManyConnectionsError,
)
"""What the driver raises while the database is away; it may be back in a moment."""


class _Connection(asyncpg.Connection):
    """Sessions change no settings and take no locks, so returning one costs no round trip."""

    def get_reset_query(self) -> str:
        return ""


async def prepare(connection: asyncpg.Connection) -> None:
    """Let a connection read and write jsonb as Python values."""
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=_encode, decoder=msgspec.json.decode, format="text"
    )


def _encode(value: Any) -> str:
    return msgspec.json.encode(value, order="sorted").decode()


async def open_pool(dsn: str, *, most: int = 8) -> asyncpg.Pool:
    """A pool for reads; it connects when first used, so a service starts before its database."""
    pool: asyncpg.Pool = await asyncpg.create_pool(
        dsn,
        min_size=0,
        max_size=most,
        connection_class=_Connection,
        init=prepare,
        timeout=2,
        command_timeout=30,
        server_settings={"application_name": "tocsin"},
    )
    return pool


def connector(dsn: str) -> Callable[[], Awaitable[asyncpg.Connection]]:
    """Opens connections that live outside the pool: the writer's, a leader's."""

    async def connect() -> asyncpg.Connection:
        opened: asyncpg.Connection = await asyncpg.connect(dsn, timeout=2, command_timeout=10)
        return opened

    return connect
