"""API keys: 256 random bits of which only a hash is kept, with roles, an expiry and an end."""

import hashlib
import hmac
import math
import re
import secrets
import time
from collections.abc import Callable
from typing import NamedTuple, Protocol

import msgspec

from shared.auth.caller import Caller
from shared.auth.roles import Role
from shared.errors import Unauthenticated
from shared.restrictions import FOLLOWS

PREFIX = "tocsin_"
"""How every key begins, so that people and secret scanners know one when they see it."""

CALLER = "key:"
"""How the id of a key's caller begins."""

PATTERN = re.compile(r"tocsin_([0-9a-f]{16})_([A-Za-z0-9_-]{43})", re.ASCII)
"""A whole key: prefix, id, secret."""

SHORT_PATTERN = re.compile(r"[0-9a-f]{32}", re.ASCII)
"""A short key: 128 random bits and nothing else, for senders that take keys of no other form."""

_NOTE_EVERY_SECONDS = 60.0
_NOTED = 10_000


class KeyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a key; `hash` is SHA-256 of its secret, moments are Unix seconds."""

    id: str
    name: str
    hash: bytes
    roles: frozenset[Role]
    teams: frozenset[str] = frozenset()
    expires_at: float | None = None
    revoked_at: float | None = None


class KeyDirectory(Protocol):
    """Where a service finds the keys it knows of; revoked ones may still be found."""

    async def find(self, key_id: str) -> KeyRecord | None: ...


class NewApiKey(NamedTuple):
    """A key just made: `text` is shown once and never kept."""

    id: str
    text: str
    hash: bytes


def new_api_key() -> NewApiKey:
    """A key nobody has had before."""
    key_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    return NewApiKey(key_id, f"{PREFIX}{key_id}_{secret}", hash_of(secret))


def new_short_key(secret: bytes | None = None) -> NewApiKey:
    """A short key nobody has had before, or the one of these 16 secret bytes.

    Its id follows from it, so that the key alone tells which one it is.
    """
    text = (secret or secrets.token_bytes(16)).hex()
    return NewApiKey(_id_of(text), text, hash_of(text))


def _id_of(short: str) -> str:
    return hashlib.sha256(b"tocsin short key|" + short.encode()).hexdigest()[:16]


def _parts(text: str) -> tuple[str, str] | None:
    """Id and secret of a key of either form."""
    if parts := PATTERN.fullmatch(text):
        return parts[1], parts[2]
    return (_id_of(text), text) if SHORT_PATTERN.fullmatch(text) else None


def hash_of(secret: str) -> bytes:
    """SHA-256 of a secret: enough for 256 random bits, where passwords would need more."""
    return hashlib.sha256(secret.encode()).digest()


class ApiKeys:
    """Turns a key into its caller and tells, at most once a minute a key, that it was used."""

    def __init__(
        self,
        directory: KeyDirectory,
        note_use: Callable[[str, float], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._directory = directory
        self._note_use = note_use
        self._clock = clock
        self._noted: dict[str, float] = {}

    async def verify(self, text: str) -> Caller:
        """The caller whose key this is; raises Unauthenticated, without saying what was wrong.

        Asks the directory each time: what is remembered, and for how long, is its and the
        authenticator's business.
        """
        parts = _parts(text)
        record = await self._directory.find(parts[0]) if parts else None
        now = self._clock()
        if parts is None or record is None or not _opens(record, parts[1], now):
            raise Unauthenticated("the API key is unknown, expired or revoked")
        self._note(record.id, now)
        return _caller_of(record)

    async def is_alive(self, key_id: str) -> bool:
        """Whether the key still opens, for whom it let in earlier."""
        record = await self._directory.find(key_id)
        return record is not None and _is_alive(record, self._clock())

    def _note(self, key_id: str, now: float) -> None:
        if 0 <= now - self._noted.get(key_id, -math.inf) < _NOTE_EVERY_SECONDS:
            return
        if len(self._noted) >= _NOTED:
            self._noted.clear()
        self._noted[key_id] = now
        self._note_use(key_id, now)


def _opens(record: KeyRecord, secret: str, now: float) -> bool:
    return hmac.compare_digest(record.hash, hash_of(secret)) and _is_alive(record, now)


def _is_alive(record: KeyRecord, now: float) -> bool:
    return record.revoked_at is None and (record.expires_at is None or now < record.expires_at)


def _caller_of(record: KeyRecord) -> Caller:
    return Caller(
        id=f"{CALLER}{record.id}",
        name=record.name,
        kind="service",
        roles=record.roles,
        teams=record.teams,
        expires=math.inf if record.expires_at is None else record.expires_at,
        scopes=record.teams & {FOLLOWS},  # keys have no scopes of their own
    )
