"""Who is calling: what every route, command and log line knows of the one behind a request."""

from typing import Literal

import msgspec

from shared.auth.roles import Role, needs


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """An authenticated principal, until `expires` (Unix seconds; infinite if never)."""

    id: str
    name: str
    kind: Literal["person", "service"]
    roles: frozenset[Role]
    teams: frozenset[str] = frozenset()
    expires: float
    scopes: frozenset[str] = frozenset()

    def has(self, *roles: Role) -> bool:
        """Whether the caller holds one of these roles; admin holds them all."""
        return Role.ADMIN in self.roles or not self.roles.isdisjoint(roles)

    def lacks(self, *roles: Role) -> str | None:
        """Why the caller may not do what needs one of these roles; None where they may."""
        return None if self.has(*roles) else needs(roles)
