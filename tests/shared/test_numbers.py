"""Numbers such as INC-1: each is drawn once, and names one thing, however it is written."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from shared.errors import NotFound
from shared.numbers import Numbering, Numbers
from tests.support.postgres import Databases

FIRST = UUID(int=1)
THINGS = Numbering("thing", "TH", "things", "thing_numbers")
SCHEMA = f"""create sequence thing_numbers;
    create table things (id uuid, number bigint, to_position bigint);
    insert into things values ('{FIRST}', 7, null), ('{UUID(int=2)}', 8, 3)"""


@pytest.fixture(scope="module")
async def pool(databases: Databases) -> AsyncIterator[asyncpg.Pool]:
    made = await databases.create("empty")
    async with asyncpg.create_pool(made.owner, min_size=1, max_size=4) as pool:
        await pool.execute(SCHEMA)
        yield pool
    await databases.drop(made)


@pytest.mark.parametrize("ahead", [0, 20])
async def test_no_number_is_drawn_twice_by_many_at_once_in_two_processes(
    pool: asyncpg.Pool, ahead: int
) -> None:
    of = THINGS._replace(ahead=ahead)
    processes = Numbers(pool, of), Numbers(pool, of)
    drawn = await asyncio.gather(*(each.next() for each in processes for _ in range(40)))
    more = [await each.next() for each in processes]
    assert len({*drawn, *more}) == 82


@pytest.mark.parametrize("reference", ["TH-7", "th-7", "TH-007", str(FIRST), str(FIRST).upper()])
async def test_a_thing_is_found_by_number_or_id(pool: asyncpg.Pool, reference: str) -> None:
    numbers = Numbers(pool, THINGS)
    assert [await numbers.find(reference) for _ in range(2)] == [FIRST, FIRST]


UNKNOWN = ["TH-8", "TH-9", f"TH-{2**63}", "7", "TH-", "TH-x", "TH-²", "TX-7", ""]


@pytest.mark.parametrize("reference", UNKNOWN)
async def test_what_names_nothing_now_is_not_found(pool: asyncpg.Pool, reference: str) -> None:
    with pytest.raises(NotFound, match="there is no such thing"):
        await Numbers(pool, THINGS).find(reference)
