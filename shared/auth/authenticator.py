"""From an Authorization header to its caller; one that was just verified costs a look-up."""

import re
import time
from collections.abc import Callable
from typing import Any

from shared.auth.api_keys import CALLER, PREFIX, ApiKeys
from shared.auth.caller import Caller
from shared.auth.tokens import MAX_LENGTH, Tokens
from shared.errors import Unauthenticated

REMEMBERED_SECONDS = 30.0
"""How long an answer holds: so late may a revoked key or a withdrawn signing key be noticed."""

_CAPACITY = 4096
# RFC 9110 §11.1: the scheme in any case; RFC 6750 §2.1: spaces, then the token.
_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.ASCII | re.IGNORECASE)


class Authenticator:
    """Verifies bearer tokens and API keys; remembers only those that were valid."""

    def __init__(
        self, tokens: Tokens, api_keys: ApiKeys, clock: Callable[[], float] = time.time
    ) -> None:
        self._tokens = tokens
        self._api_keys = api_keys
        self._clock = clock
        self._seen: dict[Any, tuple[float, float, Caller]] = {}

    def cached(self, authorization: str | None) -> Caller | None:
        """The caller of a header that was verified moments ago, without waiting for anything."""
        return self._cached(authorization)

    def _cached(self, known_as: Any) -> Caller | None:
        seen = self._seen.get(known_as)
        if seen is None:
            return None
        since, until, caller = seen
        # Before `since` the clock has been set back; then the answer's age is unknown.
        return caller if since <= self._clock() < until else None

    async def authenticate(self, authorization: str | None) -> Caller:
        """The caller of this header.

        Raises Unauthenticated, or Unavailable while nobody can tell.
        """
        if caller := self.cached(authorization):
            return caller
        credential = _credential(authorization)
        if credential.startswith(PREFIX):
            caller = await self._api_keys.verify(credential)
        else:
            caller = await self._tokens.verify(credential)
        self._remember(authorization, caller)
        return caller

    async def authenticate_key(self, text: str) -> Caller:
        """The caller of an API key of either form, wherever it was found. Raises Unauthenticated.

        Only for addresses that take keys by other ways than our header: nowhere else does a short
        key open anything.
        """
        known_as = ("key", text)
        if caller := self._cached(known_as):
            return caller
        caller = await self._api_keys.verify(text)
        self._remember(known_as, caller)
        return caller

    async def still_admits(self, caller: Caller) -> bool:
        """Whether this caller, let in before, may stay: a key may have been revoked since."""
        if self._clock() >= caller.expires:
            return False
        if not caller.id.startswith(CALLER):
            return True
        return await self._api_keys.is_alive(caller.id.removeprefix(CALLER))

    def forget(self, caller_id: str) -> None:
        """Verify this caller anew from now on: something about their credentials has changed."""
        for known_as in [a for a, (_, _, c) in self._seen.items() if c.id == caller_id]:
            del self._seen[known_as]

    def _remember(self, known_as: Any, caller: Caller) -> None:
        """Those in use are verified again and again, so the first one is the least used."""
        now = self._clock()
        self._seen.pop(known_as, None)
        if len(self._seen) >= _CAPACITY:
            del self._seen[next(iter(self._seen))]
        until = min(now + REMEMBERED_SECONDS, caller.expires)
        self._seen[known_as] = (now, until, caller)


def _credential(authorization: str | None) -> str:
    if authorization is None:
        raise Unauthenticated("send Authorization: Bearer with a token or an API key")
    if len(authorization) > MAX_LENGTH + len("Bearer "):
        raise Unauthenticated(f"the token is longer than {MAX_LENGTH} characters")
    bearer = _BEARER.fullmatch(authorization)
    if bearer is None:
        raise Unauthenticated("the Authorization header is not Bearer and one token")
    return bearer[1]
