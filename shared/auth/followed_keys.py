"""API keys as the service that owns them tells of them: every other service keeps its copy."""

from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec

from shared.auth.open import KNOWN_API_KEYS
from shared.follower import Fact, Reaction
from shared.work import Work


class Created(msgspec.Struct, frozen=True):
    """A key as it is told: `hash` is SHA-256 of its secret, in hex."""

    id: str
    name: str
    hash: str
    roles: tuple[str, ...]
    teams: tuple[str, ...]
    expires_at: datetime | None


class Revoked(msgspec.Struct, frozen=True):
    """The end of a key."""

    id: str
    name: str
    at: datetime


def followed_keys(forget: Callable[[str], None]) -> Mapping[str, Reaction]:
    """Reactions that keep `known_api_keys`; `forget` drops a caller the service remembers."""

    async def created(fact: Fact, work: Work) -> None:
        key = fact.read(Created)
        roles, teams = (msgspec.json.encode(names).decode() for names in (key.roles, key.teams))
        row = (key.id, key.name, bytes.fromhex(key.hash), roles, teams, key.expires_at, None)
        work.row(KNOWN_API_KEYS, row)

    async def revoked(fact: Fact, work: Work) -> None:
        key = fact.read(Revoked)
        work.row(KNOWN_API_KEYS, (key.id, key.name, b"", "[]", "[]", None, key.at))
        forget(f"key:{key.id}")

    return {"tocsin.api_key.created.v1": created, "tocsin.api_key.revoked.v1": revoked}
