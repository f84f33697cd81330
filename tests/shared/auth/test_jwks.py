"""An issuer's keys over real HTTP: rotation, floods, outages and lies."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from shared.auth.jwks import (
    FIRST_RETRY_SECONDS,
    REFRESH_SECONDS,
    RETRY_SECONDS,
    STALE_SECONDS,
    IssuerKeys,
)
from shared.auth.tokens import Tokens
from shared.client import AsyncClient, new_client
from shared.errors import Unauthenticated, Unavailable
from tests.shared.auth.forge import (
    NOW,
    PRIVATE,
    RULES,
    STRANGER,
    claims,
    jwk,
    signed_with_secret,
    token,
)
from tests.shared.auth.provider import Provider

OLD = jwk("rsa", PRIVATE["rsa"])
NEW = jwk("p256", PRIVATE["p256"])


@dataclass
class World:
    """A provider, a service that trusts it, and the time."""

    provider: Provider
    client: AsyncClient
    now: float = NOW
    keys: IssuerKeys = field(init=False)
    tokens: Tokens = field(init=False)

    def __post_init__(self) -> None:
        rules = msgspec.structs.replace(RULES, issuer=self.provider.issuer)
        self.keys = IssuerKeys(self.provider.issuer, self.client, self.clock)
        self.tokens = Tokens(rules, self.keys, self.clock)

    def clock(self) -> float:
        return self.now

    def token(self, key: str = "rsa", **header: Any) -> str:
        return token(claims(iss=self.provider.issuer, exp=NOW + 10**6), key=key, **header)

    async def accepts(self, text: str) -> bool:
        try:
            await self.tokens.verify(text)
        except Unauthenticated:
            return False
        return True


@pytest.fixture
async def world() -> AsyncIterator[World]:
    provider = Provider()
    provider.keys = [OLD]
    provider.start()
    async with new_client(timeout=5) as client:
        world = World(provider, client)
        yield world
        await world.keys.aclose()
    await provider.stop()


async def test_many_tokens_cost_one_fetch(world: World) -> None:
    assert all([await world.accepts(world.token()) for _ in range(20)])
    assert world.provider.fetches == 1


async def test_those_who_come_at_once_share_one_fetch(world: World) -> None:
    assert all(await asyncio.gather(*(world.accepts(world.token()) for _ in range(50))))
    assert world.provider.fetches == 1


async def test_one_who_gives_up_waiting_does_not_end_the_fetch_for_others(world: World) -> None:
    world.provider.gate.clear()
    impatient = asyncio.create_task(world.accepts(world.token()))
    patient = asyncio.create_task(world.accepts(world.token()))
    await asyncio.sleep(0)
    impatient.cancel()
    world.provider.gate.set()
    assert await patient
    assert impatient.cancelled()


async def test_a_rotated_key_is_found_by_its_unknown_id(world: World) -> None:
    assert await world.accepts(world.token())
    world.provider.keys = [NEW, OLD]
    world.now += RETRY_SECONDS
    assert await world.accepts(world.token("p256"))
    assert await world.accepts(world.token())
    assert world.provider.fetches == 2


async def test_a_flood_of_unknown_ids_costs_one_fetch_in_thirty_seconds(world: World) -> None:
    assert await world.accepts(world.token())
    for second in range(60):
        world.now = NOW + second
        flood = [world.token(kid=f"unknown-{second}-{n}") for n in range(5)]
        assert not any(await asyncio.gather(*map(world.accepts, flood)))
    assert world.provider.fetches == 2


async def test_refused_algorithms_cost_no_fetch(world: World) -> None:
    header = {"typ": "at+jwt", "alg": "HS256", "kid": "rsa"}
    assert not await world.accepts(signed_with_secret(header, b"secret"))
    assert world.provider.fetches == 0


async def test_a_withdrawn_key_stops_verifying_after_a_renewal_in_the_background(
    world: World,
) -> None:
    assert await world.accepts(world.token())
    world.provider.keys = [NEW]
    world.now += REFRESH_SECONDS
    assert await world.accepts(world.token())
    await world.keys.renew()
    assert not await world.accepts(world.token())
    assert await world.accepts(world.token("p256"))


async def test_a_key_id_that_changes_hands_needs_the_new_key(world: World) -> None:
    assert await world.accepts(world.token())
    world.provider.keys = [jwk("rsa", STRANGER["rsa"])]
    world.now += REFRESH_SECONDS
    await world.keys.renew()
    assert not await world.accepts(world.token())
    assert await world.accepts(world.token(private=STRANGER["rsa"]))


async def test_keys_outlive_an_outage_of_the_issuer_but_not_for_ever(world: World) -> None:
    assert await world.accepts(world.token())
    await world.provider.stop()
    for world.now in (NOW + REFRESH_SECONDS, NOW + 3600, NOW + STALE_SECONDS - 1):
        assert await world.accepts(world.token())
        await world.keys.renew()
    world.now = NOW + STALE_SECONDS
    with pytest.raises(Unavailable):
        await world.tokens.verify(world.token())
    world.provider.start()
    world.now += FIRST_RETRY_SECONDS
    assert await world.accepts(world.token())


async def test_an_issuer_that_starts_after_us_is_found_soon(world: World) -> None:
    await world.provider.stop()
    with pytest.raises(Unavailable):
        await world.tokens.verify(world.token())
    world.provider.start()
    with pytest.raises(Unavailable):
        await world.tokens.verify(world.token())
    world.now += FIRST_RETRY_SECONDS
    assert await world.accepts(world.token())


async def test_a_clock_set_back_by_a_day_costs_one_fetch(world: World) -> None:
    assert await world.accepts(world.token())
    world.now -= 86_400
    assert not await world.accepts(world.token())
    await world.keys.renew()
    assert world.provider.fetches == 2


LIES: dict[str, dict[str, object]] = {
    "failing": {"status": 500},
    "redirecting": {"status": 302},
    "silent": {"body": b""},
    "speaking HTML": {"body": b"<html>"},
    "a bare list": {"body": b"[]"},
    "keys an object": {"body": b'{"keys": {}}'},
    "keys of texts": {"body": b'{"keys": ["rsa"]}'},
    "no keys": {"body": b'{"keys": []}'},
    "a shared secret": {"body": b'{"keys": [{"kty": "oct", "k": "AA", "kid": "rsa"}]}'},
    "too deep": {"body": b'{"keys": ' + b"[" * 100_000},
    "too large": {"body": json.dumps({"keys": [OLD], "padding": "x" * 300_000}).encode()},
    "another issuer": {"discovery": {"issuer": "https://evil.example"}},
    "keys without TLS": {"discovery": {"jwks_uri": "http://192.0.2.1/certs"}},
    "keys in a file": {"discovery": {"jwks_uri": "file:///dev/null"}},
    "a broken address": {"discovery": {"jwks_uri": "https://[broken"}},
    "an impossible address": {"discovery": {"jwks_uri": "https://\x00"}},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
async def test_what_an_issuer_says_wrongly_changes_nothing(
    world: World, lie: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    assert await world.accepts(world.token())
    for name, value in lie.items():
        setattr(world.provider, name, value)
    world.now += REFRESH_SECONDS
    await world.keys.renew()
    assert await world.accepts(world.token())
    assert f"keeping the keys of issuer {world.provider.issuer}" in caplog.text
