"""What a good access token may look like, and the caller it makes."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.auth.keys import FixedKeys
from shared.auth.roles import Role
from shared.auth.tokens import Tokens
from shared.errors import Unauthenticated
from tests.shared.auth.forge import (
    ABSENT,
    JWKS,
    NOW,
    RULES,
    claims,
    token,
    tokens,
)

GOOD = [token(), token(key="p256"), token(key="ed")]


async def test_a_token_names_its_caller() -> None:
    caller = await tokens().verify(token(claims(name="Ada Lovelace")))
    assert (caller.id, caller.name, caller.kind) == ("ada", "Ada Lovelace", "person")
    assert caller.roles == {Role.RESPONDER}
    assert caller.teams == {"payments"}
    assert caller.expires == NOW + 600


@pytest.mark.parametrize(
    ("key", "alg"),
    [("rsa", f"{family}{bits}") for family in ("RS", "PS") for bits in (256, 384, 512)]
    + [("p256", "ES256"), ("p384", "ES384"), ("p521", "ES512"), ("ed", "EdDSA")],
)
async def test_every_allowed_algorithm_verifies(key: str, alg: str) -> None:
    assert (await tokens().verify(token(key=key, alg=alg))).id == "ada"


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt", "JWT", "jwt", ABSENT])
async def test_access_tokens_come_under_several_types(typ: object) -> None:
    assert (await tokens().verify(token(typ=typ))).id == "ada"


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": ["billing", "tocsin"]},
        {"exp": NOW - 29},
        {"exp": NOW + 0.5},
        {"nbf": NOW + 30, "iat": NOW + 30},
        {"nbf": ABSENT, "iat": ABSENT},
        {"typ": "Bearer", "token_use": "access"},
        {"roles": ABSENT, "teams": ABSENT},
        {"sub": "ada@example.org"},
        {"sub": "Ада"},
        {"sub": "systems-team"},
        {"sub": "a" * 255},
    ],
    ids=str,
)
async def test_issuers_differ_within_the_rules(changes: dict[str, object]) -> None:
    caller = await tokens().verify(token(claims(**changes)))
    assert caller.id == changes.get("sub", "ada")


@pytest.mark.parametrize(
    ("claim", "roles"),
    [
        (["responder", "auditor"], {Role.RESPONDER, Role.AUDITOR}),
        ("responder auditor", {Role.RESPONDER, Role.AUDITOR}),
        (["Responder", "ADMIN", "root", "admin "], set()),
        (["offline_access", "admin"], {Role.ADMIN}),
        ("", set()),
        ([], set()),
        (None, set()),
    ],
)
async def test_only_known_role_names_count(claim: object, roles: set[Role]) -> None:
    assert (await tokens().verify(token(claims(roles=claim)))).roles == roles


@pytest.mark.parametrize(
    ("path", "extra"),
    [
        ("realm_access.roles", {"realm_access": {"roles": ["auditor"]}}),
        ("https://tocsin.example/roles", {"https://tocsin.example/roles": ["auditor"]}),
        ("scope", {"scope": "openid auditor"}),
    ],
)
async def test_roles_are_read_where_the_issuer_puts_them(path: str, extra: dict[str, Any]) -> None:
    rules = msgspec.structs.replace(RULES, roles_claim=path)
    assert (await tokens(rules).verify(token(claims(**extra)))).roles == {Role.AUDITOR}


@pytest.mark.parametrize("extra", [{}, {"realm_access": "auditor"}, {"realm_access": None}])
async def test_a_path_that_leads_nowhere_grants_nothing(extra: dict[str, Any]) -> None:
    rules = msgspec.structs.replace(RULES, roles_claim="realm_access.roles")
    assert (await tokens(rules).verify(token(claims(**extra)))).roles == set()


@pytest.mark.parametrize("changes", [{"roles": ["service"]}, {"client_id": "ada"}])
async def test_a_service_is_told_from_a_person(changes: dict[str, Any]) -> None:
    assert (await tokens().verify(token(claims(**changes)))).kind == "service"


async def test_a_name_loses_what_cannot_be_printed() -> None:
    shown = await tokens().verify(token(claims(name="Ada\u202e\r\nLovelace" + "x" * 999)))
    assert shown.name.startswith("AdaLovelace")
    assert len(shown.name) == 255


async def test_without_a_key_id_only_a_single_fitting_key_serves() -> None:
    unnamed = token(kid=ABSENT)
    assert (await tokens().verify(unnamed)).id == "ada"
    doubled = Tokens(RULES, FixedKeys([*JWKS, {**JWKS[0], "kid": "next"}]), lambda: NOW)
    with pytest.raises(Unauthenticated):
        await doubled.verify(unnamed)


async def test_admin_has_every_role_and_others_only_their_own() -> None:
    admin = await tokens().verify(token(claims(roles=["admin"])))
    auditor = await tokens().verify(token(claims(roles=["auditor"])))
    assert all(admin.has(role) for role in Role)
    assert [role for role in Role if auditor.has(role)] == [Role.AUDITOR]
    assert auditor.has(Role.RESPONDER, Role.AUDITOR)
    assert not auditor.has()


@given(st.sampled_from(GOOD), st.integers(min_value=0), st.integers(0, 255))
async def test_a_token_with_another_byte_is_another_token(good: str, place: int, byte: int) -> None:
    place %= len(good)
    mutated = good[:place] + chr(byte) + good[place + 1 :]
    if mutated != good:
        with pytest.raises(Unauthenticated):
            await tokens().verify(mutated)


@given(st.text(max_size=200))
async def test_no_text_does_more_than_be_refused(text: str) -> None:
    with pytest.raises(Unauthenticated):
        await tokens().verify(text)
