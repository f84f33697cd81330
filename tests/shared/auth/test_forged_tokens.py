"""Every known way to forge, bend or confuse a token, and the sentence that refuses it."""

import json
import math

import pytest

from shared.errors import Unauthenticated
from tests.shared.auth.forge import (
    ABSENT,
    JWKS,
    NOW,
    STRANGER,
    b64,
    claims,
    jwk,
    public_pem,
    signed_with_secret,
    signing_input,
    token,
    tokens,
    with_signature,
)

GOOD = token()
HEAD, BODY, SIGNATURE = GOOD.split(".")
AS_RSA = {"typ": "at+jwt", "kid": "rsa"}
SIGNED = "signature is not valid"
SHAPE = "not a signed JWT"
PUBLISH = "does not publish"
ALG = "alg is not accepted"
JSON = "well-formed JSON"
TIME = "not a time in seconds"
SUB = "printable characters"
ID = "this is an ID or logout token"


def unsigned(alg: object) -> str:
    return signing_input(AS_RSA | {"alg": alg}, claims()) + "."


def with_claim_text(extra: str) -> str:
    return token(json.dumps(claims())[:-1] + "," + extra + "}")


def headed(header: bytes) -> str:
    return f"{b64(header)}.{BODY}.{SIGNATURE}"


FORGERIES: list[tuple[str, str, str]] = [
    # the algorithm
    ("alg none, no signature", unsigned("none"), SHAPE),
    ("alg none, the old signature", f"{unsigned('none')}{SIGNATURE}", ALG),
    ("alg None", f"{unsigned('None')}{SIGNATURE}", ALG),
    ("alg NoNe", f"{unsigned('NoNe')}{SIGNATURE}", ALG),
    ("alg empty", f"{unsigned('')}{SIGNATURE}", ALG),
    ("alg null", f"{unsigned(None)}{SIGNATURE}", ALG),
    ("alg a list", f"{unsigned(['RS256'])}{SIGNATURE}", ALG),
    ("alg in lower case", f"{unsigned('rs256')}{SIGNATURE}", ALG),
    ("alg missing", f"{signing_input(AS_RSA, claims())}.{SIGNATURE}", ALG),
    ("HS256 with the PEM", signed_with_secret(AS_RSA | {"alg": "HS256"}, public_pem("rsa")), ALG),
    (
        "HS256 with the modulus",
        signed_with_secret(AS_RSA | {"alg": "HS256"}, str(JWKS[0]["n"]).encode()),
        ALG,
    ),
    (
        "RS256 declared, HMAC inside",
        signed_with_secret(AS_RSA | {"alg": "RS256"}, public_pem("rsa")),
        SIGNED,
    ),
    ("ES256 declared for an RSA key", token(key="p256", kid="rsa"), PUBLISH),
    ("RS256 declared for an EC key", token(key="rsa", kid="p256"), PUBLISH),
    ("ES256 declared for a P-384 key", token(key="p384", alg="ES256"), PUBLISH),
    ("EdDSA declared for an RSA key", token(key="ed", kid="rsa"), PUBLISH),
    ("ES256K", f"{unsigned('ES256K')}{SIGNATURE}", ALG),
    ("PS256 declared, RS256 inside", f"{unsigned('PS256')}{SIGNATURE}", SIGNED),
    # the signature
    ("signature of another token", f"{HEAD}.{BODY}.{token(claims(sub='b')).split('.')[2]}", SIGNED),
    (
        "payload replaced",
        f"{HEAD}.{b64(json.dumps(claims(sub='eve')).encode())}.{SIGNATURE}",
        SIGNED,
    ),
    ("stranger's RSA key under our kid", token(private=STRANGER["rsa"]), SIGNED),
    ("stranger's EC key under our kid", token(key="p256", private=STRANGER["p256"]), SIGNED),
    ("signature removed", f"{HEAD}.{BODY}.", SHAPE),
    ("signature truncated", f"{HEAD}.{BODY}.{SIGNATURE[:-4]}", SIGNED),
    ("signature lengthened", f"{HEAD}.{BODY}.{SIGNATURE}AAAA", SIGNED),
    ("signature all zero (RSA)", with_signature(bytes(256), GOOD), SIGNED),
    ("signature all zero (ES256)", with_signature(bytes(64), token(key="p256")), SIGNED),
    ("signature all zero (ES384)", with_signature(bytes(96), token(key="p384")), SIGNED),
    ("signature all zero (EdDSA)", with_signature(bytes(64), token(key="ed")), SIGNED),
    (
        "signature of DER zeros",
        with_signature(b"0\x06\x02\x01\x00\x02\x01\x00", token(key="p256")),
        SIGNED,
    ),
    # keys and extensions that the token brings along
    ("kid unknown", token(kid="unknown"), PUBLISH),
    ("kid empty", token(kid=""), PUBLISH),
    ("kid climbs to a file", token(kid="../../../../dev/null"), PUBLISH),
    ("kid injects SQL", token(kid="rsa' OR '1'='1"), PUBLISH),
    ("kid with a NUL", token(kid="rsa\x00"), PUBLISH),
    ("kid is a list", token(kid=["rsa"]), "kid is not a text"),
    ("kid is null", token(kid=None), "kid is not a text"),
    ("jwk in the header", token(private=STRANGER["rsa"], jwk=jwk("rsa", STRANGER["rsa"])), "jwk"),
    ("jku in the header", token(jku="https://evil.example/jwks.json"), "jku"),
    ("x5u in the header", token(x5u="https://evil.example/x.pem"), "x5u"),
    ("x5c in the header", token(x5c=["MIIB"]), "x5c"),
    ("unknown crit", token(crit=["exp2"], exp2=1), "crit"),
    ("empty crit", token(crit=[]), "crit"),
    ("b64 false", token(b64=False, crit=["b64"]), "crit"),
    ("compressed", token(zip="DEF"), "zip"),
    # the kind of token
    ("typ of an ID token", token(typ="id_token"), "typ"),
    ("typ of a logout token", token(typ="logout+jwt"), "typ"),
    ("typ of a DPoP proof", token(typ="dpop+jwt"), "typ"),
    ("typ of a security event", token(typ="secevent+jwt"), "typ"),
    ("typ not a text", token(typ=["JWT"]), "typ"),
    ("typ null", token(typ=None), "typ"),
    ("ID token by its nonce", token(claims(nonce="n-0S6"), typ="JWT"), ID),
    ("ID token by its at_hash", token(claims(at_hash="MTIz"), typ="JWT"), ID),
    ("ID token by its c_hash", token(claims(c_hash="LDk"), typ="JWT"), ID),
    ("logout token by its events", token(claims(events={}), typ="JWT"), ID),
    ("ID token by Cognito's token_use", token(claims(token_use="id"), typ="JWT"), "not for access"),
    ("refresh token by Keycloak's typ", token(claims(typ="Refresh"), typ="JWT"), "not for access"),
    ("nested JWT by its cty", token(cty="JWT"), "cty"),
    ("nested JWT as the payload", token(GOOD), JSON),
    ("JWE of five segments", f"{GOOD}.{BODY}.{SIGNATURE}", SHAPE),
    # whose, and for whom
    ("iss of another", token(claims(iss="https://evil.example")), "not trusted"),
    ("iss with a slash more", token(claims(iss="https://login.example/")), "not trusted"),
    ("iss in capitals", token(claims(iss="https://LOGIN.example")), "not trusted"),
    ("iss a list", token(claims(iss=["https://login.example"])), "not trusted"),
    ("iss missing", token(claims(iss=ABSENT)), "not trusted"),
    ("aud of another", token(claims(aud="billing")), "audience"),
    ("aud as a prefix", token(claims(aud="tocsin-staging")), "audience"),
    ("aud missing", token(claims(aud=ABSENT)), "audience"),
    ("aud null", token(claims(aud=None)), "audience"),
    ("aud an empty list", token(claims(aud=[])), "audience"),
    ("aud an object", token(claims(aud={"tocsin": True})), "audience"),
    ("aud nested lists", token(claims(aud=[["tocsin"]])), "audience"),
    # when
    ("expired", token(claims(exp=NOW - 30)), "expired"),
    ("expired long ago", token(claims(exp=0)), "expired"),
    ("exp missing", token(claims(exp=ABSENT)), "never expires"),
    ("exp null", token(claims(exp=None)), TIME),
    ("exp a text", token(claims(exp=str(NOW + 60))), TIME),
    ("exp true", token(claims(exp=True)), TIME),
    ("exp negative", token(claims(exp=-1)), TIME),
    ("exp beyond the calendar", token(claims(exp=10**30)), TIME),
    (
        "iat beyond a float",
        token(json.dumps(claims(iat=0)).replace('"iat": 0', '"iat": 1e999')),
        TIME,
    ),
    ("exp infinite", token(claims(exp=math.inf)), JSON),
    ("exp not a number", token(claims(exp=math.nan)), JSON),
    ("a number of 5,000 digits", with_claim_text(f'"x": {"9" * 5000}'), JSON),
    ("not valid yet", token(claims(nbf=NOW + 31)), "not valid yet"),
    ("nbf a list", token(claims(nbf=[0])), TIME),
    ("issued in the future", token(claims(iat=NOW + 31)), "not valid yet"),
    ("iat an object", token(claims(iat={})), TIME),
    # who
    ("sub missing", token(claims(sub=ABSENT)), SUB),
    ("sub empty", token(claims(sub="")), SUB),
    ("sub blank", token(claims(sub=" ")), SUB),
    ("sub a list", token(claims(sub=["ada"])), SUB),
    ("sub a number", token(claims(sub=7)), SUB),
    ("sub too long", token(claims(sub="a" * 256)), SUB),
    ("sub with a line break", token(claims(sub="ada\r\nX-Admin: 1")), SUB),
    ("sub with a NUL", token(claims(sub="ada\x00")), SUB),
    ("sub that reverses the line", token(claims(sub="ada\u202egro")), SUB),
    ("sub with half a character", token(claims(sub="ada\ud800")), SUB),
    ("sub padded with spaces", token(claims(sub="ada ")), SUB),
    ("sub of an API key", token(claims(sub="key:0123456789abcdef")), "reserved"),
    ("sub of the system", token(claims(sub="system")), "reserved"),
    ("sub of a part of the system", token(claims(sub="system:timer")), "reserved"),
    ("roles an object", token(claims(roles={"admin": True})), "roles"),
    ("roles a number", token(claims(roles=1)), "roles"),
    ("roles hold an object", token(claims(roles=["responder", {"admin": 1}])), "roles"),
    ("teams an object", token(claims(teams={"payments": 1})), "teams"),
    # the text itself
    ("empty", "", SHAPE),
    ("one word", "admin", SHAPE),
    ("two segments", f"{HEAD}.{BODY}", SHAPE),
    ("no header", f".{BODY}.{SIGNATURE}", SHAPE),
    ("leading space", f" {GOOD}", SHAPE),
    ("trailing line break", f"{GOOD}\n", SHAPE),
    ("space within", f"{HEAD}. {BODY}.{SIGNATURE}", SHAPE),
    ("trailing garbage", f"{GOOD}!!!!", SHAPE),
    ("padded", f"{GOOD}==", SHAPE),
    ("not base64", f"{HEAD[:-1]}*.{BODY}.{SIGNATURE}", SHAPE),
    ("standard base64", f"{HEAD}.{BODY}.{SIGNATURE[:-1]}+", SHAPE),
    ("letters of another script", f"{HEAD}.{BODY}.\u0430{SIGNATURE[1:]}", SHAPE),
    ("header of an impossible length", f"A.{BODY}.{SIGNATURE}", "base64url"),
    ("payload of an impossible length", f"{HEAD}.A.{SIGNATURE}", SIGNED),
    ("huge", token(claims(padding="x" * 8192)), "longer than"),
    ("huge header only", "A" * 100_000, "longer than"),
    ("header not JSON", headed(b"{"), JSON),
    ("header not UTF-8", headed(bytes([255])), JSON),
    ("header in UTF-16", headed(json.dumps(AS_RSA).encode("utf-16")), JSON),
    ("header a list", headed(b"[]"), "JSON object"),
    ("header too deep", headed(b"[" * 3000), JSON),
    ("payload a list", token("[]"), "JSON object"),
    ("payload a text", token('"ada"'), "JSON object"),
    ("payload too deep", token('{"a":' + "[" * 5000), JSON),
    ("payload with two sub", with_claim_text('"sub": "eve"'), JSON),
    ("payload with two roles", with_claim_text('"roles": ["admin"]'), JSON),
    ("payload with two sub, one escaped", with_claim_text('"s\\u0075b": "eve"'), JSON),
    ("payload with duplicates deep within", with_claim_text('"x": {"y": 1, "y": 2}'), JSON),
    ("header with two alg", headed(b'{"kid":"rsa","alg":"RS256","alg":"none"}'), JSON),
    ("payload with a byte order mark", token("\ufeff" + json.dumps(claims())), JSON),
]


@pytest.mark.parametrize(
    ("forged", "reason"), [pytest.param(*rest, id=name) for name, *rest in FORGERIES]
)
async def test_a_forged_token_is_refused_with_its_reason(forged: str, reason: str) -> None:
    with pytest.raises(Unauthenticated) as refusal:
        await tokens().verify(forged)
    assert reason in refusal.value.detail
