"""Personal texts: sealed before a row exists, opened only in their place, gone with their key."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.exceptions import InvalidTag
from msgspec import structs

from shared.event_view import event_views
from shared.ledger import GuardMoved, Key, Ledger, Order
from shared.store.store import Store
from shared.vault import ERASED, Vault
from tests.shared.store.appends import rows_of
from tests.shared.store.conftest import MASTER, OpenStore, Toys
from tests.shared.store.toy import TOY, begin, count, note
from tests.support.postgres import Database

MARKER = "Planted Plinth-Öse 07700 900123"
READ_MODELS = {"toys", "toy_texts"}
STREAM = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
ALL_TABLES = """select format('%I.%I', schemaname, tablename) as name from pg_tables
    where schemaname in ('public', 'vault') and not tablename = any($1::text[])"""


@pytest.fixture
async def told(ledger: Toys) -> Toys:
    """A toy that has heard the marker in every way, with a key and a snapshot."""
    key = Key("user:ada POST /toys", "k", b"digest")
    born = Order(stream=STREAM, actor="user:ada", creates=True, key=key)
    await ledger.execute(born, begin, name=MARKER)
    order = Order(stream=STREAM, actor="user:ada")
    await ledger.execute(order, note, text=f"He said: {MARKER}")
    for _ in range(120):
        await ledger.execute(order, count)
    return ledger


async def raw(database: Database) -> AsyncIterator[tuple[str, bytes]]:
    """The bytes of every row of every table but the read models."""
    for (table,) in await rows_of(database.owner, ALL_TABLES, list(READ_MODELS)):
        query = f"select t::text, to_json(t)::text from {table} t"
        for row in await rows_of(database.owner, query):
            yield table, "".join(row).encode()


def hex_of(text: str) -> bytes:
    """As bytea is shown."""
    return text.encode().hex().encode()


async def opened(store: Store, stream: UUID) -> list[object]:
    views = await event_views(store, await store.log.stream(stream, until=2))
    return [views[0].data.name, views[1].data.text]


async def test_no_kernel_table_holds_personal_text_in_the_clear(toys: Database, told: Toys) -> None:
    await told.store.close()  # the snapshot is written by now
    seen = set()
    async for table, row in raw(toys):
        seen.add(table)
        for part in (MARKER, "Plinth", "900123"):
            assert part.encode() not in row, table
            assert hex_of(part) not in row, table
    assert {"public.events", "public.snapshots", "public.idempotency"} <= seen
    assert {"vault.personal_keys", "public.log"} <= seen


async def test_the_search_for_the_marker_would_find_it(toys: Database) -> None:
    await rows_of(
        toys.owner,
        "insert into snapshots values (gen_random_uuid(), 1, 'shape', $1)",
        f'{{"name":"{MARKER}"}}'.encode(),
    )
    assert [t async for t, row in raw(toys) if hex_of("Plinth") in row] == ["public.snapshots"]


async def test_personal_texts_open_for_whoever_has_the_master_key(
    told: Toys, open_store: OpenStore
) -> None:
    said = [MARKER, f"He said: {MARKER}"]
    assert await opened(told.store, STREAM) == said
    assert await opened(await open_store(), STREAM) == said


async def test_without_the_master_key_nothing_opens(told: Toys, toys: Database) -> None:
    other = await Store.open(toys.app, tables=[], vault=Vault(bytes(32)))
    with pytest.raises(InvalidTag):
        await opened(other, STREAM)
    await other.close()


async def test_read_models_take_the_clear_text(told: Toys, toys: Database) -> None:
    (row,) = await rows_of(toys.app, "select text from toy_texts")
    assert row["text"] == f"He said: {MARKER}"


@pytest.mark.parametrize("subject", ["person:ada", "user:ada"])
async def test_erasing_any_subject_of_a_text_erases_it_everywhere(
    told: Toys, toys: Database, open_store: OpenStore, subject: str
) -> None:
    erase = "delete from vault.personal_keys where $1 = any(subjects)"
    await rows_of(toys.app, erase, subject)
    store = await open_store()
    ledger = Ledger(store, TOY)
    note_is_gone = (await opened(store, STREAM))[1] == ERASED
    name_is_gone = (await opened(store, STREAM))[0] == ERASED
    assert (note_is_gone, name_is_gone) == (True, subject == "person:ada")
    folded = await ledger.current(STREAM)
    assert (folded.version, folded.state.total) == (122, 120)
    await store.vault.load(store.pool, folded.state.notes)
    assert store.vault.open(STREAM, folded.state.notes[0]) == ERASED
    assert (await ledger.execute(Order(stream=STREAM, actor="user:eve"), count)).version == 123


async def test_a_forgotten_key_is_not_opened_from_memory(told: Toys, toys: Database) -> None:
    assert (await opened(told.store, STREAM))[0] == MARKER
    (row,) = await rows_of(
        toys.app, "delete from vault.personal_keys where subjects = '{person:ada}' returning id"
    )
    told.store.vault.forget(row["id"])
    assert (await opened(told.store, STREAM))[0] == ERASED


async def test_a_remembered_key_is_looked_up_again_after_half_a_minute(
    told: Toys, toys: Database
) -> None:
    now = 0.0
    vault = Vault(MASTER, seconds=lambda: now)
    store = await Store.open(toys.app, tables=[], vault=vault)
    assert (await opened(store, STREAM))[0] == MARKER
    await rows_of(toys.app, "delete from vault.personal_keys")
    now = 31.0
    assert await opened(store, STREAM) == [ERASED, ERASED]
    await store.close()


class Sealer:
    """A vault that remembers four keys, two of them those of its texts."""

    def __init__(self) -> None:
        self.now = 0.0
        self.vault = Vault(MASTER, seconds=lambda: self.now)
        self.made = [self.vault.new_key(["ada"]) for _ in range(2)]
        self.others = 0  # keys made while the database is asked

    async def fetch(self, query: str, wanted: list[UUID]) -> list[dict[str, Any]]:
        for _ in range(self.others):
            self.vault.new_key(["eve"])
        self.others = 0
        return [{"id": key.id, "wrapped": key.wrapped} for key in self.made if key.id in wanted]

    async def read(self) -> list[str]:
        sealed = [self.vault.seal(key, STREAM, "1|text", "hello") for key in self.made]
        texts = [structs.replace(each, place="1|text") for each in sealed]
        await self.vault.load_from(self.fetch, texts)  # type: ignore[arg-type]  # rows are dicts
        return [self.vault.open(STREAM, each) for each in texts]


@pytest.fixture
def sealer(monkeypatch: pytest.MonkeyPatch) -> Sealer:
    monkeypatch.setattr("shared.vault._REMEMBERED", 4)
    return Sealer()


@pytest.mark.parametrize("forgotten", [0, 1])
async def test_a_key_looked_up_again_is_not_the_next_to_go(sealer: Sealer, forgotten: int) -> None:
    sealer.vault.forget(sealer.made[forgotten].id)
    for _ in range(3):
        sealer.vault.new_key(["eve"])  # the memory is full, and one of ours the oldest
    sealer.now = 31.0
    assert await sealer.read() == ["hello", "hello"]


async def test_a_key_that_goes_while_another_is_looked_up_is_looked_up_too(sealer: Sealer) -> None:
    sealer.vault.forget(sealer.made[0].id)
    sealer.others = 4
    assert await sealer.read() == ["hello", "hello"]


@pytest.mark.parametrize("where", ["another stream", "another version", "another field"])
async def test_a_ciphertext_moved_elsewhere_does_not_open(store: Store, where: str) -> None:
    key = store.vault.new_key(["person:ada"])
    sealed = store.vault.seal(key, STREAM, "3|name", MARKER)
    place = {"another version": "4|name", "another field": "3|text"}.get(where, "3|name")
    moved = type(sealed)(key=sealed.key, sealed=sealed.sealed, place=place)
    stream = uuid4() if where == "another stream" else STREAM
    with pytest.raises(ValueError, match="ciphertext of another place"):
        store.vault.open(stream, moved)


async def test_the_same_text_is_never_the_same_ciphertext(store: Store) -> None:
    key = store.vault.new_key(["person:ada"])
    assert len({store.vault.seal(key, STREAM, "1|name", MARKER).sealed for _ in range(50)}) == 50


async def test_a_command_that_loses_leaves_no_key(toys: Database, told: Toys) -> None:
    before = await rows_of(toys.app, "select count(*) from vault.personal_keys")
    stale = Order(stream=STREAM, actor="user:eve", creates=True)
    with pytest.raises(GuardMoved):
        await told.execute(stale, begin, name="Eve")
    assert await rows_of(toys.app, "select count(*) from vault.personal_keys") == before


def test_a_master_key_of_another_length_is_refused(tmp_path: Path) -> None:
    short = tmp_path / "master.key"
    short.write_bytes(b"short")
    with pytest.raises(ValueError, match="32 bytes"):
        Vault.from_file(short)


def test_a_persons_key_serves_again_only_once_it_is_stored_and_not_for_long(
    clock_of_seconds: list[float],
) -> None:
    vault = Vault(b"k" * 32, seconds=lambda: clock_of_seconds[0])
    first = vault.key_of("person:ada")
    assert vault.key_of("person:ada") is not first  # it may yet be lost with its command
    vault.stored([first])
    assert vault.key_of("person:ada") is first
    assert vault.key_of("person:eve") is not first
    clock_of_seconds[0] += 31
    assert vault.key_of("person:ada") is not first


def test_a_key_for_texts_is_never_anothers(clock_of_seconds: list[float]) -> None:
    vault = Vault(b"k" * 32, seconds=lambda: clock_of_seconds[0])
    vault.stored([vault.new_key(["person:ada"])])
    assert not vault.key_of("person:ada").is_stored


def test_erasure_ends_the_use_of_a_persons_key(clock_of_seconds: list[float]) -> None:
    vault = Vault(b"k" * 32, seconds=lambda: clock_of_seconds[0])
    key = vault.key_of("person:ada")
    vault.stored([key])
    vault.forget(key.id)
    assert vault.key_of("person:ada") is not key


@pytest.fixture
def clock_of_seconds() -> list[float]:
    return [1_000.0]
