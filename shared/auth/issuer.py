"""The issuer of a fresh installation: one key in one file, for as long as no other is set up."""

import os
import secrets
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cached_property
from pathlib import Path

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from shared.auth.roles import Role

AUDIENCE = "tocsin"
"""For whom embedded tokens are, and other issuers' where nothing else is configured."""

_DAY = 86_400
_CLIENT = "tocsin"


class _Identity(msgspec.Struct, frozen=True):
    issuer: str
    key: dict[str, str]


class EmbeddedIssuer:
    """Signs tokens with the Ed25519 key in `issuer.json`, which only its owner can read."""

    def __init__(self, home: Path, clock: Callable[[], float] = time.time) -> None:
        self._path = home / "issuer.json"
        self._clock = clock

    def ensure(self) -> None:
        """Create the key unless there is one; of several who try at once, the first one's stays."""
        if self.exists():
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(f".{secrets.token_hex(8)}")
        try:
            _write_private(draft, msgspec.json.encode(_new_identity()))
            with suppress(FileExistsError):
                self._path.hardlink_to(draft)
        finally:
            draft.unlink()

    def exists(self) -> bool:
        """Whether this installation has a key of its own."""
        return self._path.exists()

    @property
    def issuer(self) -> str:
        """The name in its tokens, unlike that of any other installation."""
        return self._identity.issuer

    def token(
        self,
        subject: str,
        roles: Iterable[Role],
        *,
        days: float = 30,
        teams: Iterable[str] = (),
        scope: str = "",
    ) -> str:
        """An access token (RFC 9068) for this subject, valid from now on."""
        now = int(self._clock())
        claims = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": subject,
            "client_id": _CLIENT,
            "jti": secrets.token_hex(16),
            "iat": now,
            "exp": now + int(days * _DAY),
            "roles": sorted(roles),
            "teams": sorted(teams),
        }
        if scope:
            claims["scope"] = scope
        headers = {"typ": "at+jwt", "kid": self._identity.key["kid"]}
        return jwt.encode(claims, self._private, algorithm="EdDSA", headers=headers)

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public half, as a JWK set."""
        key = self._identity.key
        return {"keys": [{name: key[name] for name in key if name != "d"}]}

    @cached_property
    def _identity(self) -> _Identity:
        return msgspec.json.decode(self._path.read_bytes(), type=_Identity)

    @cached_property
    def _private(self) -> jwt.PyJWK:
        return jwt.PyJWK(self._identity.key)


def _new_identity() -> _Identity:
    key: dict[str, str] = OKPAlgorithm.to_jwk(Ed25519PrivateKey.generate(), as_dict=True)
    described = {"kid": secrets.token_hex(8), "alg": "EdDSA", "use": "sig"}
    return _Identity(issuer=f"urn:tocsin:embedded:{secrets.token_hex(16)}", key=described | key)


def _write_private(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)
