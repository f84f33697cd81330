"""The embedded issuer: one private file, tokens that verify, and nothing trusted by default."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.auth.claims import TokenRules
from shared.auth.issuer import EmbeddedIssuer
from shared.auth.roles import Role
from shared.auth.trust import NothingTrusted, trusted_tokens
from shared.client import new_client
from shared.errors import Unauthenticated, Unavailable
from tests.shared.auth.forge import NOW


def issuer(home: Path) -> EmbeddedIssuer:
    embedded = EmbeddedIssuer(home, lambda: NOW)
    embedded.ensure()
    return embedded


async def verify(home: Path, text: str, at: float = NOW) -> str:
    async with new_client() as client, trusted_tokens(None, home, client, lambda: at) as tokens:
        return (await tokens.verify(text)).id


async def test_its_tokens_name_their_subject_roles_and_teams(tmp_path: Path) -> None:
    text = issuer(tmp_path).token("demo-auditor", [Role.AUDITOR], teams=["payments"])
    async with (
        new_client() as client,
        trusted_tokens(None, tmp_path, client, lambda: NOW) as tokens,
    ):
        caller = await tokens.verify(text)
    assert (caller.id, caller.kind, caller.expires) == ("demo-auditor", "person", NOW + 30 * 86_400)
    assert caller.roles == {Role.AUDITOR}
    assert caller.teams == {"payments"}


async def test_its_tokens_end_when_they_say(tmp_path: Path) -> None:
    text = issuer(tmp_path).token("ada", [Role.REPORTER], days=0.5)
    assert await verify(tmp_path, text, NOW + 43_200) == "ada"
    with pytest.raises(Unauthenticated):
        await verify(tmp_path, text, NOW + 43_230)


async def test_another_installation_does_not_trust_them(tmp_path: Path) -> None:
    text = issuer(tmp_path / "one").token("ada", [Role.ADMIN])
    issuer(tmp_path / "two")
    with pytest.raises(Unauthenticated):
        await verify(tmp_path / "two", text)


async def test_a_configured_issuer_ends_the_trust_in_the_embedded_one(tmp_path: Path) -> None:
    text = issuer(tmp_path).token("demo-admin", [Role.ADMIN])
    rules = TokenRules(issuer="http://127.0.0.1:9", audience="tocsin")
    async with new_client() as client, trusted_tokens(rules, tmp_path, client) as tokens:
        with pytest.raises(Unavailable):
            await tokens.verify(text)


async def test_nothing_is_trusted_where_there_is_no_issuer(tmp_path: Path) -> None:
    with pytest.raises(NothingTrusted):
        await verify(tmp_path, "any")


def test_the_file_is_its_owners_alone_and_stays(tmp_path: Path) -> None:
    first = issuer(tmp_path).jwks()
    path = tmp_path / "issuer.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert issuer(tmp_path).jwks() == first
    assert list(tmp_path.iterdir()) == [path]


def test_the_private_half_is_not_published(tmp_path: Path) -> None:
    (key,) = issuer(tmp_path).jwks()["keys"]
    assert set(key) == {"kty", "crv", "x", "kid", "alg", "use"}


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        names = list(pool.map(lambda _: issuer(tmp_path).issuer, range(64)))
    assert len(set(names)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["issuer.json"]
