"""The rows of clocks: what lists and figures see, at any position, the same however often made."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.incident import events as e
from services.incident.app import DEFINITION
from services.incident.clocks import pages
from shared.rebuild import Rebuild, Rebuilt
from shared.vault import Vault
from tests.incident.clocks.conftest import START, House

MINUTE = timedelta(minutes=1)
HELD = e.Held(reason=e.HoldReason.AWAITING_VENDOR)


async def _story(house: House) -> list[UUID]:
    """Some of everything, with the machine's facts in between."""
    streams = [await house.declare(i % 3 + 1, i % 3 + 1) for i in range(6)]
    await house.settle()
    house.forward(minutes=5)
    for stream in streams[:3]:
        await house.give(stream, e.Acknowledged(at=house.now))
    house.forward(minutes=20)
    await house.settle()
    for stream in streams[1:4]:
        await house.give(stream, HELD)
    house.forward(hours=3)
    await house.settle()
    await house.give(
        streams[1], e.Prioritised(impact=1, urgency=1, priority=1, matrix_version=1), e.Resumed()
    )
    house.forward(hours=3)
    await house.settle()
    done = e.Resolved(code=e.ResolutionCode.FIXED, summary="Done", at=START + 30 * MINUTE)
    for stream in streams[:2]:
        await house.give(stream, done)
    await house.give(streams[4], e.Cancelled(reason="No incident"))
    await house.settle()
    return streams


async def _rebuilt(house: House, *, keep: bool) -> Rebuilt:
    rebuild = Rebuild(DEFINITION.replayed, Vault(bytes(32)))
    return await rebuild.run(house.database.owner, keep=keep)


async def _table(house: House) -> list[tuple[Any, ...]]:
    found = await house.rows(
        "select * from incident_clocks order by id, kind, round, from_position"
    )
    return [tuple(row) for row in found]


async def test_a_rebuild_makes_the_same_rows(house: House) -> None:
    await _story(house)
    before = await _table(house)
    assert len(before) > 30
    assert set((await _rebuilt(house, keep=False)).differences.values()) == {0}
    await house.rows("update incident_clocks set state = 'met' where state = 'breached'")
    await house.rows("delete from incident_clocks where round = 1")
    assert (await _rebuilt(house, keep=False)).differences["incident_clocks"] > 0
    await _rebuilt(house, keep=True)
    assert await _table(house) == before


@pytest.mark.parametrize("size", [1, 3, 1000])
async def test_the_rows_do_not_depend_on_how_the_log_was_read(
    house: House, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    await _story(house)
    before = await _table(house)
    monkeypatch.setattr(pages, "_PAGE", size)
    await _rebuilt(house, keep=True)
    assert await _table(house) == before


async def test_a_position_has_one_row_for_each_clock(house: House) -> None:
    streams = await _story(house)
    head = (await house.store.log.head()).position
    shown = []
    for position in range(1, head + 1):
        shown = await house.rows(
            """select id, kind, round, state from incident_clocks
            where from_position <= $1 and (to_position is null or to_position > $1)""",
            position,
        )
        assert len({(r["id"], r["kind"], r["round"]) for r in shown}) == len(shown)
    assert {r["id"] for r in shown} == set(streams)


async def test_a_row_says_what_the_clock_says(house: House) -> None:
    streams = await _story(house)
    for stream in streams:
        for clock in (await house.read(stream)).clocks:
            (row,) = await house.rows(
                """select * from incident_clocks
                where id = $1 and kind = $2 and round = $3 and to_position is null""",
                stream, clock.kind.value, clock.round,
            )  # fmt: skip
            recorded = clock.recorded and ("met" if clock.recorded.is_met else "breached")
            corrected = clock.corrected and ("met" if clock.corrected.is_met else "breached")
            assert (row["target"], row["verdict"], row["corrected"]) == (
                clock.target.name, recorded, corrected,
            )  # fmt: skip


async def test_a_page_that_is_not_committed_is_taken_again(house: House) -> None:
    stream = await house.declare()
    async with house.store.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        assert (await pages.take_page(connection, house.desk.book, 0, 1)).rows == 2
        await transaction.rollback()
    await house.settle()
    assert len(await _table(house)) == 2
    assert {row[0] for row in await _table(house)} == {stream}


async def test_one_that_cannot_be_read_holds_up_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = await house.declare()
    whole = await house.declare()
    replayed = pages._replayed

    def breaks(incident: UUID, *rest: Any) -> pages.Kept:
        if incident == broken:
            raise ValueError("unreadable")
        return replayed(incident, *rest)

    monkeypatch.setattr(pages, "_replayed", breaks)
    await house.settle()
    assert {row[0] for row in await _table(house)} == {whole}
