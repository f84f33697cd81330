"""API keys: what opens, what does not, and what is remembered of their use."""

import math

import msgspec
import pytest

from shared.auth.api_keys import PATTERN, ApiKeys, KeyRecord, hash_of, new_api_key
from shared.auth.roles import Role
from shared.errors import Unauthenticated
from tests.shared.auth.forge import NOW

KEY = new_api_key()
RECORD = KeyRecord(id=KEY.id, name="Grafana", hash=KEY.hash, roles=frozenset({Role.SERVICE}))
SECRET = KEY.text.split("_", 2)[2]


class Drawer:
    """A key directory in memory, and a notebook of uses."""

    def __init__(self, *records: KeyRecord) -> None:
        self.records = {record.id: record for record in records}
        self.asked: list[str] = []
        self.used: list[tuple[str, float]] = []
        self.now = NOW

    async def find(self, key_id: str) -> KeyRecord | None:
        self.asked.append(key_id)
        return self.records.get(key_id)

    def note_use(self, key_id: str, at: float) -> None:
        self.used.append((key_id, at))

    def keys(self) -> ApiKeys:
        return ApiKeys(self, self.note_use, lambda: self.now)


async def test_a_key_opens_as_itself() -> None:
    caller = await Drawer(RECORD).keys().verify(KEY.text)
    assert (caller.id, caller.name, caller.kind) == (f"key:{KEY.id}", "Grafana", "service")
    assert caller.roles == {Role.SERVICE}
    assert caller.expires == math.inf


def test_no_two_keys_are_alike_and_each_can_be_told_by_its_form() -> None:
    keys = [new_api_key() for _ in range(100)]
    assert len({key.text for key in keys}) == len({key.id for key in keys}) == 100
    assert all(PATTERN.fullmatch(key.text) for key in keys)


def test_only_a_hash_of_the_secret_is_kept() -> None:
    assert KEY.hash == hash_of(SECRET)
    assert SECRET not in repr(RECORD)
    assert SECRET.encode() not in msgspec.msgpack.encode(RECORD)


WRONG = {
    "empty": "",
    "prefix only": "tocsin_",
    "shortened": KEY.text[:-1],
    "lengthened": KEY.text + "A",
    "line break": KEY.text + "\n",
    "capitals": KEY.text.upper(),
    "capital prefix": KEY.text.replace("tocsin_", "Tocsin_"),
    "another secret": f"tocsin_{KEY.id}_{'A' * 43}",
    "last letter": f"tocsin_{KEY.id}_{SECRET[:-1]}{'A' if SECRET[-1] != 'A' else 'E'}",
    "hash as secret": f"tocsin_{KEY.id}_{KEY.hash.hex()[:43]}",
    "another id": f"tocsin_{'0' * 16}_{SECRET}",
    "SQL as id": f"tocsin_' or true --_{SECRET}",
    "another script": f"tocsin_{KEY.id}_{SECRET[:-1]}\u0430",
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
async def test_nothing_else_opens(text: str) -> None:
    with pytest.raises(Unauthenticated, match="unknown, expired or revoked"):
        await Drawer(RECORD).keys().verify(text)


@pytest.mark.parametrize("end", [{"expires_at": NOW}, {"revoked_at": NOW}, {"revoked_at": 0.0}])
async def test_an_ended_key_opens_no_more(end: dict[str, float]) -> None:
    with pytest.raises(Unauthenticated):
        await Drawer(msgspec.structs.replace(RECORD, **end)).keys().verify(KEY.text)


async def test_a_key_that_will_expire_says_when() -> None:
    ending = msgspec.structs.replace(RECORD, expires_at=NOW + 10)
    assert (await Drawer(ending).keys().verify(KEY.text)).expires == NOW + 10


async def test_what_is_no_key_is_not_looked_up() -> None:
    drawer = Drawer(RECORD)
    with pytest.raises(Unauthenticated):
        await drawer.keys().verify(KEY.text + "x")
    assert drawer.asked == []


async def test_use_is_noted_once_a_minute_and_never_for_a_wrong_secret() -> None:
    drawer = Drawer(RECORD)
    keys = drawer.keys()
    for drawer.now in (NOW, NOW + 1, NOW + 59, NOW + 60, NOW + 61):
        await keys.verify(KEY.text)
    with pytest.raises(Unauthenticated):
        await drawer.keys().verify(f"tocsin_{KEY.id}_{'A' * 43}")
    assert drawer.used == [(KEY.id, NOW), (KEY.id, NOW + 60)]


async def test_the_notebook_of_uses_is_bounded() -> None:
    more = [msgspec.structs.replace(RECORD, id=f"{n:016x}") for n in range(10_001)]
    drawer = Drawer(*more)
    keys = drawer.keys()
    for record in (*more, more[-1], more[0]):
        await keys.verify(f"tocsin_{record.id}_{SECRET}")
    assert [key_id for key_id, _ in drawer.used] == [*(r.id for r in more), more[0].id]
