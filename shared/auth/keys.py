"""An issuer's public keys, each bound to the algorithms it may verify (RFC 7517, RFC 8725 §3.1)."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK, PyJWTError
from jwt.algorithms import AllowedPublicKeys

Jwk = Mapping[str, object]

_ALGORITHMS: dict[str, tuple[str, ...]] = {
    "RSA": ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    "EC P-256": ("ES256",),
    "EC P-384": ("ES384",),
    "EC P-521": ("ES512",),
    "OKP Ed25519": ("EdDSA",),
}
ALLOWED = frozenset(name for names in _ALGORITHMS.values() for name in names)
"""All that a token may be signed with: no symmetric algorithm, never none."""

_RSA_BITS = range(2048, 8193)


class SigningKey(NamedTuple):
    """A public key, the id its issuer gave it, and what it may verify."""

    id: str | None
    algorithms: frozenset[str]
    public: AllowedPublicKeys


class KeySource(Protocol):
    """Where an issuer's keys come from: its address, or a file."""

    async def find(self, key_id: str | None, algorithm: str) -> SigningKey | None: ...


class FixedKeys:
    """Keys known from the start, which never change."""

    def __init__(self, keys: Iterable[Jwk]) -> None:
        self._keys = usable(keys)

    async def find(self, key_id: str | None, algorithm: str) -> SigningKey | None:
        """The key of that id for that algorithm."""
        return choose(self._keys, key_id, algorithm)


def choose(keys: Iterable[SigningKey], key_id: str | None, algorithm: str) -> SigningKey | None:
    """The key a token names; one that names none needs exactly one key that fits."""
    fitting = [key for key in keys if algorithm in key.algorithms]
    if key_id is None:
        return fitting[0] if len(fitting) == 1 else None
    return next((key for key in fitting if key.id == key_id), None)


def usable(keys: Iterable[Jwk]) -> tuple[SigningKey, ...]:
    """Those of a published set that verify signatures; the others are passed over."""
    return tuple(key for key in map(_signing_key, keys) if key is not None)


def _signing_key(jwk: Jwk) -> SigningKey | None:
    algorithms = _algorithms(jwk)
    if not algorithms or not _is_for_verifying(jwk):
        return None
    try:
        public = PyJWK(dict(jwk), algorithms[0]).key
    except (PyJWTError, LookupError, ValueError):
        return None
    if isinstance(public, RSAPublicKey) and public.key_size not in _RSA_BITS:
        return None
    key_id = jwk.get("kid")
    return SigningKey(key_id if isinstance(key_id, str) else None, frozenset(algorithms), public)


def _algorithms(jwk: Jwk) -> tuple[str, ...]:
    shape = f"{jwk.get('kty')} {jwk.get('crv', '')}".rstrip()
    possible = _ALGORITHMS.get(shape, ())
    declared = jwk.get("alg")
    return possible if declared is None else tuple(name for name in possible if name == declared)


def _is_for_verifying(jwk: Jwk) -> bool:
    """Neither for encryption nor leaked: a set that shows a private half has lost it."""
    operations = jwk.get("key_ops", ["verify"])
    return (
        "d" not in jwk
        and jwk.get("use", "sig") == "sig"
        and isinstance(operations, list)
        and "verify" in operations
    )
