"""An issuer's workshop in the wrong hands: every part of a token can be chosen."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import get_default_algorithms

from shared.auth.claims import TokenRules
from shared.auth.keys import FixedKeys
from shared.auth.tokens import Tokens

NOW = 1_800_000_000.0
ISSUER = "https://login.example"
RULES = TokenRules(issuer=ISSUER, audience="tocsin")
ABSENT: Final = "<absent>"
"""Takes the claim or header out."""

_ALGORITHMS = get_default_algorithms()
PRIVATE: dict[str, Any] = {
    "rsa": rsa.generate_private_key(65537, 2048),
    "p256": ec.generate_private_key(ec.SECP256R1()),
    "p384": ec.generate_private_key(ec.SECP384R1()),
    "p521": ec.generate_private_key(ec.SECP521R1()),
    "ed": ed25519.Ed25519PrivateKey.generate(),
}
ALGORITHM_OF = {"rsa": "RS256", "p256": "ES256", "p384": "ES384", "p521": "ES512", "ed": "EdDSA"}
STRANGER: dict[str, Any] = {
    "rsa": rsa.generate_private_key(65537, 2048),
    "p256": ec.generate_private_key(ec.SECP256R1()),
}


def jwk(name: str, key: Any, **changes: object) -> dict[str, object]:
    """The public half of a key, as its issuer publishes it."""
    public = _ALGORITHMS[ALGORITHM_OF[name]].to_jwk(key.public_key(), as_dict=True)
    return {**public, "kid": name, **changes}


JWKS = [jwk(name, key) for name, key in PRIVATE.items()]


def tokens(rules: TokenRules = RULES) -> Tokens:
    """A verifier that trusts the keys above, on a day that never ends."""
    return Tokens(rules, FixedKeys(JWKS), lambda: NOW)


def claims(**changes: object) -> dict[str, object]:
    """The claims of a good access token, but for these changes."""
    good = {
        "iss": ISSUER,
        "aud": "tocsin",
        "sub": "ada",
        "iat": NOW - 60,
        "nbf": NOW - 60,
        "exp": NOW + 600,
        "roles": ["responder"],
        "teams": ["payments"],
    }
    return {name: value for name, value in (good | changes).items() if value != ABSENT}


def token(
    payload: Mapping[str, object] | str | None = None,
    *,
    key: str = "rsa",
    alg: str | None = None,
    private: Any = None,
    **header: object,
) -> str:
    """A token signed by one of the issuer's keys, or by `private`, under any header."""
    alg = alg or ALGORITHM_OF[key]
    named = {"typ": "at+jwt", "alg": alg, "kid": key} | header
    head = {name: value for name, value in named.items() if value != ABSENT}
    start = signing_input(head, claims() if payload is None else payload)
    return f"{start}.{b64(_ALGORITHMS[alg].sign(start.encode(), private or PRIVATE[key]))}"


def signed_with_secret(header: Mapping[str, object], secret: bytes) -> str:
    """A token with a symmetric signature."""
    start = signing_input(header, claims())
    return f"{start}.{b64(hmac.new(secret, start.encode(), hashlib.sha256).digest())}"


def signing_input(header: Mapping[str, object] | str, payload: Mapping[str, object] | str) -> str:
    """The first two segments; a text is taken as it is, well-formed or not."""
    return f"{b64(_text(header))}.{b64(_text(payload))}"


def with_signature(signature: bytes, original: str) -> str:
    """The same token with another signature."""
    return f"{original.rpartition('.')[0]}.{b64(signature)}"


def public_pem(key: str) -> bytes:
    """What the classic confusion attack uses as its secret."""
    pem: bytes = (
        PRIVATE[key].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return pem


def b64(data: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _text(part: Mapping[str, object] | str) -> bytes:
    return (part if isinstance(part, str) else json.dumps(part)).encode("utf-8", "surrogatepass")
