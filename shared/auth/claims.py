"""From a token's verified claims to a caller: who it is for, until when, and with which roles."""

import math
from collections.abc import Mapping

import msgspec

from shared.auth import roles
from shared.auth.caller import Caller
from shared.auth.roles import Role
from shared.errors import Unauthenticated

LEEWAY_SECONDS = 30.0
"""How far an issuer's clock may stand from ours."""

_LAST_MOMENT = 253_402_300_799
_ID_LENGTH = 255
_RESERVED = ("key", "system")
_OTHER_TOKENS = ("nonce", "at_hash", "c_hash", "s_hash", "events")
_OTHER_USES = {"token_use": ("id",), "typ": ("ID", "Refresh", "Offline", "Logout")}

Claims = Mapping[str, object]


class TokenRules(msgspec.Struct, frozen=True, kw_only=True):
    """What a token must say; a claim's name may be a dotted path, as in `realm_access.roles`."""

    issuer: str
    audience: str
    roles_claim: str = "roles"
    teams_claim: str = "teams"


def caller_of(claims: Claims, rules: TokenRules, now: float) -> Caller:
    """The caller these claims describe; raises Unauthenticated with the first rule they break."""
    _require_access_token(claims)
    _require_addressed(claims, rules)
    expires = _require_current(claims, now)
    subject = _subject(claims)
    granted = roles.known(_names(claims, rules.roles_claim))
    is_service = Role.SERVICE in granted or subject == claims.get("client_id")
    return Caller(
        id=subject,
        name=_display_name(claims) or subject,
        kind="service" if is_service else "person",
        roles=granted,
        teams=frozenset(_names(claims, rules.teams_claim)),
        expires=expires,
        scopes=_scopes(claims),
    )


def _require_access_token(claims: Claims) -> None:
    """Refuse the other tokens of the same issuer (RFC 8725 §3.12).

    Where the header's `typ` is no proof, those are known by what only they carry: the hashes and
    nonce of ID tokens, the events of logout tokens, and the words that Cognito (`token_use`) and
    Keycloak (a `typ` claim) use for them.
    """
    if any(claim in claims for claim in _OTHER_TOKENS):
        raise Unauthenticated("this is an ID or logout token; send an access token")
    if any(claims.get(claim) in uses for claim, uses in _OTHER_USES.items()):
        raise Unauthenticated("this token is not for access; send an access token")


def _require_addressed(claims: Claims, rules: TokenRules) -> None:
    if claims.get("iss") != rules.issuer:
        raise Unauthenticated("the token comes from an issuer that is not trusted here")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if rules.audience not in audiences:
        raise Unauthenticated(f"the token's audience is not {rules.audience!r}")


def _require_current(claims: Claims, now: float) -> float:
    expires = _moment(claims, "exp")
    if expires is None:
        raise Unauthenticated("the token never expires; it needs an exp claim")
    if expires <= now - LEEWAY_SECONDS:
        raise Unauthenticated("the token has expired")
    for claim in ("nbf", "iat"):
        begins = _moment(claims, claim)
        if begins is not None and begins > now + LEEWAY_SECONDS:
            raise Unauthenticated(f"the token is not valid yet ({claim})")
    return expires


def _moment(claims: Claims, claim: str) -> float | None:
    if claim not in claims:
        return None
    match claims[claim]:
        case bool():
            pass
        case int() | float() as moment if math.isfinite(moment) and 0 <= moment <= _LAST_MOMENT:
            return float(moment)
    raise Unauthenticated(f"the token's {claim} is not a time in seconds")


def _subject(claims: Claims) -> str:
    """Ids of our own making are reserved, or a token could sign events as an API key."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not _is_plain(subject):
        raise Unauthenticated(f"the token's sub is not 1 to {_ID_LENGTH} printable characters")
    if subject.partition(":")[0] in _RESERVED:
        raise Unauthenticated("the token's sub is reserved for this system's own actors")
    return subject


def _is_plain(text: str) -> bool:
    return 0 < len(text) <= _ID_LENGTH and text.isprintable() and text == text.strip()


def _display_name(claims: Claims) -> str:
    name = claims.get("name") or claims.get("preferred_username")
    if not isinstance(name, str):
        return ""
    return "".join(filter(str.isprintable, name)).strip()[:_ID_LENGTH]


def _names(claims: Claims, path: str) -> list[str]:
    """A list of words, or one text of words between spaces, as `scope` is (RFC 6749 §3.3)."""
    value = _at(claims, path)
    words = value.split(" ") if isinstance(value, str) else value
    if words is None:
        return []
    if isinstance(words, list) and all(isinstance(word, str) for word in words):
        return [word for word in words if _is_plain(word)]
    raise Unauthenticated(f"the token's {path} is neither a list of words nor a text")


def _scopes(claims: Claims) -> frozenset[str]:
    """RFC 9068 §2.2.3: one text of words; an issuer that has it otherwise grants none."""
    granted = claims.get("scope")
    return frozenset(granted.split()) if isinstance(granted, str) else frozenset()


def _at(claims: Claims, path: str) -> object:
    """The claim of that very name (issuers use URLs, with dots), else the one at that path."""
    if path in claims:
        return claims[path]
    value: object = claims
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
