"""Personal data at rest: sealed before a row exists, opened only while its key does.

AES-256-GCM with a random nonce; the additional data is `stream|version|field`, so a ciphertext
moved to another event does not open. Free text has a key of its own, so that one text can be
redacted; a person's name and addresses share a key for half a minute at a time. Keys lie, wrapped
by a master key outside the database, in `vault.personal_keys`. Whoever deletes that row erases
the value from the log, from every snapshot and from every copy, and no hash changes.
"""

import hashlib
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from uuid import UUID

import asyncpg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.clock import chance, new_id
from shared.domain import Personal, Sealed
from shared.recent import Recent

ERASED = "[erased]"
"""What readers see where a value's key is gone."""

_REMEMBERED = 20_000
_FRESH_SECONDS = 30.0
_JUST_SEALED = 1_000
_PEOPLE = 1_000
Fetch = Callable[..., Awaitable[list[asyncpg.Record]]]
_LOAD = "select id, wrapped from vault.personal_keys where id = any($1::uuid[])"


class NewKey:
    """A key to be stored in the same transaction as the event it belongs to.

    `person` is whose name and addresses it is for, until it has been in use for a while.
    """

    __slots__ = ("cipher", "id", "is_stored", "person", "secret", "subjects", "wrapped")

    def __init__(
        self,
        subjects: tuple[str, ...],
        wrap: Callable[[UUID, bytes], bytes],
        person: str | None = None,
    ) -> None:
        self.id = new_id()
        self.subjects = subjects
        self.person = person
        self.is_stored = False
        self.secret = chance(32)
        self.cipher = AESGCM(self.secret)
        self.wrapped = wrap(self.id, self.secret)


class Vault:
    """Seals and opens personal values; remembers opened keys for at most 30 seconds."""

    def __init__(self, master: bytes, seconds: Callable[[], float] = time.monotonic) -> None:
        if len(master) != 32:
            raise ValueError("the master key is 32 bytes; make one with: head -c 32 /dev/urandom")
        self._master = AESGCM(master)
        self.master_id = hashlib.sha256(b"tocsin master key" + master).hexdigest()[:16]
        self._seconds = seconds
        self._keys: Recent[UUID, tuple[float, bytes | None]] = Recent(_REMEMBERED)
        self._people: Recent[str, tuple[float, NewKey]] = Recent(_PEOPLE)
        # For the answer to whoever has brought a text:
        self._just_sealed: dict[tuple[UUID, UUID, str], str] = {}

    @classmethod
    def from_file(cls, path: Path) -> "Vault":
        """The vault whose master key (32 raw bytes) lies in this file."""
        return cls(path.read_bytes())

    def new_key(self, subjects: Iterable[str], *, person: str | None = None) -> NewKey:
        """A fresh key that is deleted with any of these subjects."""
        key = NewKey(tuple(dict.fromkeys(subjects)), self._wrap, person)
        self._remember(key.id, key.secret)
        return key

    def key_of(self, person: str) -> NewKey:
        """The key for a person's name and addresses: the one in use, or a fresh one."""
        held = self._people.get(person)
        if held is not None and held[0] > self._seconds() - _FRESH_SECONDS:
            return held[1]
        return self.new_key([person], person=person)

    def stored(self, keys: Iterable[NewKey]) -> None:
        """These are in the database: what comes next for the same person may use them too."""
        for key in keys:
            key.is_stored = True
            if key.person is not None:
                self._people[key.person] = (self._seconds(), key)

    def seal(self, key: NewKey, stream: UUID, place: str, value: str) -> Sealed:
        """Encrypt a value for one place (`version|field`) of one stream."""
        if len(self._just_sealed) >= _JUST_SEALED:
            self._just_sealed.clear()
        self._just_sealed[stream, key.id, place] = value
        nonce = chance(12)
        data = nonce + key.cipher.encrypt(nonce, value.encode(), f"{stream}|{place}".encode())
        return Sealed(key=key.id, sealed=data)

    async def load(self, database: asyncpg.Pool, values: Iterable[Personal | None]) -> None:
        """Fetch the keys of these values, in one query, unless they are remembered."""
        await self.load_from(database.fetch, values)

    async def load_from(self, fetch: Fetch, values: Iterable[Personal | None]) -> None:
        """As `load`, through one connection's `fetch`."""
        needed = {value.key for value in values if isinstance(value, Sealed)}
        while wanted := self._not_fresh(needed):  # others' keys may push out ours as we wait
            found = {row["id"]: row["wrapped"] for row in await fetch(_LOAD, wanted)}
            for key in wanted:
                self._remember(key, self._unwrap(key, found[key]) if key in found else None)

    def open(self, stream: UUID, value: Personal) -> str:
        """The clear value, or `ERASED`; its key must have been loaded.

        Raises ValueError where the ciphertext does not belong to this place: tampering.
        """
        if isinstance(value, str):
            return value
        secret = self._secret_of(value.key)
        if secret is None:
            return ERASED
        known = self._just_sealed.pop((stream, value.key, value.place), None)
        if known is not None:
            return known
        data = value.sealed
        try:
            place = f"{stream}|{value.place}".encode()
            return AESGCM(secret).decrypt(data[:12], data[12:], place).decode()
        except InvalidTag:
            raise ValueError(f"{stream} {value.place}: ciphertext of another place") from None

    def forget(self, key: UUID) -> None:
        """Drop a remembered key at once: it has been erased."""
        self._keys.forget(key)
        self._people.clear()

    def _secret_of(self, key: UUID) -> bytes | None:
        known = self._keys.get(key)
        if known is None:
            raise LookupError(f"the key {key} has not been loaded")
        return known[1]

    def _not_fresh(self, keys: Iterable[UUID]) -> list[UUID]:
        oldest = self._seconds() - _FRESH_SECONDS
        held = ((key, self._keys.get(key)) for key in keys)
        return [key for key, known in held if known is None or known[0] <= oldest]

    def _remember(self, key: UUID, secret: bytes | None) -> None:
        self._keys[key] = (self._seconds(), secret)  # a cipher takes thirty times the memory

    def _wrap(self, key: UUID, secret: bytes) -> bytes:
        nonce = chance(12)
        return nonce + self._master.encrypt(nonce, secret, key.bytes)

    def _unwrap(self, key: UUID, wrapped: bytes) -> bytes:
        return self._master.decrypt(wrapped[:12], wrapped[12:], key.bytes)
