"""The Authorization header: its form, and what is remembered of it for how long."""

import msgspec
import pytest

from shared.auth.authenticator import REMEMBERED_SECONDS, Authenticator
from shared.auth.caller import Caller
from shared.auth.keys import FixedKeys
from shared.auth.tokens import Tokens
from shared.errors import Unauthenticated
from tests.shared.auth.forge import JWKS, NOW, RULES, claims, token
from tests.shared.auth.test_api_keys import KEY, RECORD, Drawer

HEADER = f"Bearer {token()}"
KEY_HEADER = f"Bearer {KEY.text}"


class Door:
    """An authenticator with a drawer of keys and a clock that can be set."""

    def __init__(self) -> None:
        self.drawer = Drawer(RECORD)
        tokens = Tokens(RULES, FixedKeys(JWKS), self.clock)
        self.authenticator = Authenticator(tokens, self.drawer.keys(), self.clock)

    def clock(self) -> float:
        return self.drawer.now

    async def enter(self, header: str | None) -> Caller:
        return await self.authenticator.authenticate(header)

    def remembers(self, header: str | None, at: float) -> bool:
        self.drawer.now = at
        return self.authenticator.cached(header) is not None


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER ", "Bearer   "])
async def test_the_scheme_may_be_written_in_any_case(door: Door, scheme: str) -> None:
    assert (await door.enter(scheme + token())).id == "ada"
    assert (await door.enter(scheme + KEY.text)).id == f"key:{KEY.id}"


MALFORMED = {
    "none": None,
    "empty": "",
    "scheme only": "Bearer",
    "scheme and space": "Bearer ",
    "token only": token(),
    "key only": KEY.text,
    "tab": f"Bearer\t{token()}",
    "leading space": f" {HEADER}",
    "trailing space": f"{HEADER} ",
    "line break": f"{HEADER}\n",
    "twice": f"{HEADER},{HEADER}",
    "and basic": f"{HEADER}, Basic eDp5",
    "two tokens": f"{HEADER} {token()}",
    "colon": f"Bearer: {token()}",
    "equals sign": f"Bearer={token()}",
    "no space": f"Bearer{token()}",
    "quoted": f'Bearer "{token()}"',
    "scheme twice": f"Bearer Bearer {token()}",
    "Basic": f"Basic {token()}",
    "Token": f"Token {token()}",
    "GenieKey": f"GenieKey {KEY.text}",
    "DPoP": f"DPoP {token()}",
    "full-width letter": f"\uff22earer {token()}",
    "huge": f"Bearer {'A' * 100_000}",
    "padding only": f"Bearer {'=' * 100}",
    "a sea of spaces": f"Bearer{' ' * 100_000}{token()}",
}


@pytest.mark.parametrize("header", MALFORMED.values(), ids=MALFORMED)
async def test_other_headers_are_refused_and_not_remembered(door: Door, header: str | None) -> None:
    with pytest.raises(Unauthenticated):
        await door.enter(header)
    assert not door.remembers(header, NOW)


async def test_a_verified_header_is_answered_without_waiting(door: Door) -> None:
    assert not door.remembers(HEADER, NOW)
    caller = await door.enter(HEADER)
    assert door.authenticator.cached("".join(HEADER)) is caller
    assert await door.enter(HEADER) is caller


async def test_an_answer_ends_with_its_token(door: Door) -> None:
    header = f"Bearer {token(claims(exp=NOW + 10))}"
    await door.enter(header)
    assert door.remembers(header, NOW + 9)
    assert not door.remembers(header, NOW + 10)


async def test_an_answer_is_not_trusted_by_a_clock_set_back(door: Door) -> None:
    await door.enter(HEADER)
    assert not door.remembers(HEADER, NOW - 1)


async def test_a_revoked_key_is_refused_within_half_a_minute(door: Door) -> None:
    await door.enter(KEY_HEADER)
    door.drawer.records[KEY.id] = msgspec.structs.replace(RECORD, revoked_at=NOW)
    assert door.remembers(KEY_HEADER, NOW + REMEMBERED_SECONDS - 1)
    assert not door.remembers(KEY_HEADER, NOW + REMEMBERED_SECONDS)
    with pytest.raises(Unauthenticated):
        await door.enter(KEY_HEADER)


async def test_a_busy_key_is_looked_up_once_in_half_a_minute(door: Door) -> None:
    for _ in range(100):
        await door.enter(KEY_HEADER)
    assert door.drawer.asked == [KEY.id]


async def test_what_is_remembered_is_bounded_and_keeps_what_is_in_use(door: Door) -> None:
    cased = [f"{'Bearer'[:n].lower()}{'Bearer'[n:].upper()}" for n in range(7)]
    headers = [f"{scheme}{' ' * n}{KEY.text}" for n in range(1, 700) for scheme in cased]
    for header in headers:
        await door.enter(header)
    remembered = [header for header in headers if door.authenticator.cached(header)]
    assert len(headers) > len(remembered)
    assert remembered == headers[-len(remembered) :]
