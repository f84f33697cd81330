"""Which published keys may verify signatures, and which are passed over."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import get_default_algorithms

from shared.auth.keys import usable
from tests.shared.auth.forge import PRIVATE, jwk

RSA = jwk("rsa", PRIVATE["rsa"])
P256 = jwk("p256", PRIVATE["p256"])
SHORT: Any = rsa.generate_private_key(65537, 1024)
KOBLITZ: Any = ec.generate_private_key(ec.SECP256K1())
LEAKED = get_default_algorithms()["EdDSA"].to_jwk(PRIVATE["ed"], as_dict=True)


def test_a_key_without_alg_verifies_what_its_shape_allows() -> None:
    (key,) = usable([RSA])
    assert key.algorithms == {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}


def test_a_key_with_alg_verifies_only_that() -> None:
    (key,) = usable([RSA | {"alg": "PS256", "use": "sig", "key_ops": ["verify"]}])
    assert key.algorithms == {"PS256"}


UNUSABLE: dict[str, dict[str, object]] = {
    "a secret": {"kty": "oct", "k": "c2VjcmV0", "kid": "shared"},
    "a secret posing as RSA": {"kty": "oct", "k": "c2VjcmV0", "kid": "shared", "alg": "RS256"},
    "RSA of 1024 bits": jwk("rsa", SHORT),
    "a curve of another trade": jwk("p256", KOBLITZ),
    "a leaked private half": LEAKED,
    "for encryption": RSA | {"use": "enc"},
    "for encrypting": RSA | {"key_ops": ["encrypt"]},
    "key_ops a text": RSA | {"key_ops": "verify"},
    "alg for encryption": RSA | {"alg": "RSA-OAEP"},
    "alg symmetric": RSA | {"alg": "HS256"},
    "alg a list": RSA | {"alg": ["RS256"]},
    "modulus a number": RSA | {"n": 7},
    "modulus no base64": RSA | {"n": "!"},
    "exponent missing": {"kty": "RSA", "n": RSA["n"]},
    "kty a list": {"kty": ["RSA"]},
    "crv a list": {"kty": "EC", "crv": ["P-256"]},
    "not on its curve": P256 | {"y": P256["x"]},
    "x null": P256 | {"x": None},
    "for key agreement": {"kty": "OKP", "crv": "X25519", "x": "AAAA"},
    "empty": {},
}


@pytest.mark.parametrize("unusable", UNUSABLE.values(), ids=UNUSABLE)
def test_other_keys_are_passed_over(unusable: dict[str, object]) -> None:
    assert [key.id for key in usable([unusable, P256])] == ["p256"]
