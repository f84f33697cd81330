"""Verifies access tokens: signed JWTs of one trusted issuer (RFC 7519, RFC 8725, RFC 9068)."""

import json
import re
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable

import jwt

from shared.auth.caller import Caller
from shared.auth.claims import TokenRules, caller_of
from shared.auth.keys import ALLOWED, KeySource, SigningKey
from shared.errors import Unauthenticated

MAX_LENGTH = 8 * 1024
"""The longest token that is looked at, in characters."""

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
_TYPES = ("at+jwt", "application/at+jwt", "jwt", "application/jwt")
# Keys that a token brings along prove nothing; extensions and nested tokens are not understood.
_REFUSED_HEADERS = ("jku", "jwk", "x5u", "x5c", "crit", "b64", "cty", "zip")
_SIGNATURES = jwt.PyJWS(algorithms=sorted(ALLOWED))


class Tokens:
    """Turns a token into its caller, or refuses it with the reason."""

    def __init__(
        self, rules: TokenRules, keys: KeySource, clock: Callable[[], float] = time.time
    ) -> None:
        self._rules = rules
        self._keys = keys
        self._clock = clock

    async def verify(self, token: str) -> Caller:
        """The caller whom the token speaks for.

        A `typ` of at+jwt (RFC 9068) or JWT is accepted, as is none at all, since RFC 7519 leaves
        it out freely and known issuers do; the claims then show that it is no ID token. Raises
        Unauthenticated; Unavailable while the issuer's keys cannot be had.
        """
        header = _header(token)
        algorithm, key_id = _algorithm(header), _key_id(header)
        key = await self._keys.find(key_id, algorithm)
        if key is None:
            raise Unauthenticated("the token is signed with a key its issuer does not publish")
        claims = _json_object(_verified_payload(token, key, algorithm))
        return caller_of(claims, self._rules, self._clock())


def _header(token: str) -> dict[str, object]:
    if len(token) > MAX_LENGTH:
        raise Unauthenticated(f"the token is longer than {MAX_LENGTH} characters")
    if not _COMPACT.fullmatch(token):
        raise Unauthenticated("the token is not a signed JWT")
    header = _json_object(_decoded(token.partition(".")[0]))
    if refused := [name for name in _REFUSED_HEADERS if name in header]:
        raise Unauthenticated(f"the token's header holds {refused[0]}, which is not accepted")
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.lower() not in _TYPES:
        raise Unauthenticated("the token's typ is not that of an access token")
    return header


def _algorithm(header: dict[str, object]) -> str:
    algorithm = header.get("alg")
    if isinstance(algorithm, str) and algorithm in ALLOWED:
        return algorithm
    raise Unauthenticated("the token's alg is not accepted")


def _key_id(header: dict[str, object]) -> str | None:
    if "kid" not in header:
        return None
    key_id = header["kid"]
    if isinstance(key_id, str):
        return key_id
    raise Unauthenticated("the token's kid is not a text")


def _verified_payload(token: str, key: SigningKey, algorithm: str) -> bytes:
    try:
        verified = _SIGNATURES.decode_complete(token, key.public, algorithms=[algorithm])
    except jwt.PyJWTError:
        raise Unauthenticated("the token's signature is not valid") from None
    return bytes(verified["payload"])


def _decoded(segment: str) -> bytes:
    try:
        return urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except ValueError:
        raise Unauthenticated("the token is not base64url") from None


def _json_object(text: bytes) -> dict[str, object]:
    try:
        found = json.loads(
            text.decode(), object_pairs_hook=_without_duplicates, parse_constant=_no_constant
        )
    except (ValueError, RecursionError):
        raise Unauthenticated("the token does not hold well-formed JSON") from None
    if isinstance(found, dict):
        return found
    raise Unauthenticated("the token does not hold a JSON object")


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")
