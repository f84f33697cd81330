"""Following another service's feed: each fact once whatever breaks, the poisonous one set aside."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any
from uuid import UUID, uuid5

import asyncpg
import pytest

from shared.auth.roles import Role
from shared.client import AsyncClient
from shared.clock import new_id
from shared.follower import Fact, Follower, Reaction, Stopped
from shared.ledger import Ledger
from shared.restrictions import FOLLOWS
from shared.store.store import Store
from shared.work import Work
from tests.support.lamps import LAMP, Lamps, Told, dim, lamp_store, lamps, light
from tests.support.postgres import Database, Databases
from tests.support.started import rows
from tests.support.until import until

LIT = "tocsin.lamp.lit.v1"
NAME = "mirror"
MIRRORED = """select convert_from(state, 'UTF8')::jsonb->>'colour' as colour, causation_id, actor
    from events order by position"""


@pytest.fixture
async def source(databases: Databases) -> AsyncIterator[Lamps]:
    """Whose feed is followed."""
    async with lamps(databases) as source:
        yield source


@pytest.fixture
async def mirror(databases: Databases) -> AsyncIterator[Lamps]:
    """Who follows."""
    async with lamps(databases) as mirror:
        yield mirror


def mirrored(subject: UUID) -> UUID:
    return uuid5(subject, "mirror")


def reactions(store: Store) -> Mapping[str, Reaction]:
    """Light the same lamp here; a poisonous colour is not for us."""
    ledger = Ledger(store, LAMP)

    async def lit(fact: Fact, work: Work) -> None:
        colour = fact.read(Told).colour
        await work.execute(ledger, mirrored(fact.subject), light, colour=colour)
        if colour == "poison":
            raise ValueError("this colour is poison")

    return {LIT: lit}


def follower_of(source: Lamps, mirror: Lamps, client: AsyncClient | None = None) -> Follower:
    store = mirror.service.store
    follower = Follower(NAME, "incident", store, client or source.client(), reactions(store))
    mirror.service.followers[:] = [follower]
    return follower


async def colours(database: Database) -> list[str]:
    return [row["colour"] for row in await rows(database, MIRRORED)]


async def shows(database: Database, colour: str) -> bool:
    return colour in await colours(database)


async def is_troubled(mirror: Lamps) -> bool:
    return (await ready(mirror))["followers"][NAME]["trouble"] is not None


async def ready(mirror: Lamps) -> dict[str, Any]:
    async with mirror.client() as client:
        parts: dict[str, Any] = (await client.get("http://lamps.test/readyz")).json()["parts"]
        return parts


async def cursor_of(mirror: Lamps) -> tuple[int, str]:
    found = await rows(mirror.database, "select position, hash from cursors")
    return found[0]["position"], found[0]["hash"]


async def test_every_fact_has_its_effect_in_order_and_names_its_cause(
    source: Lamps, mirror: Lamps
) -> None:
    lamp = await source.light("red", "green")
    await source.dim(lamp)
    follower = follower_of(source, mirror)
    assert await follower.step() == 2
    assert await follower.step() == 0
    effects = await rows(mirror.database, MIRRORED)
    causes = await rows(source.database, "select event_id from events where topic = 'lamp.lit'")
    assert [effect["colour"] for effect in effects] == ["red", "green"]
    assert {e["causation_id"] for e in effects} == {c["event_id"] for c in causes}
    assert {effect["actor"] for effect in effects} == {f"system:{NAME}"}
    assert follower.lag()["position"] == 3
    assert (await cursor_of(mirror))[0] == 3


async def test_a_log_of_many_pages_is_followed_to_its_end(source: Lamps, mirror: Lamps) -> None:
    lamp = new_id()
    await source.light(*map(str, range(230)), lamp=lamp)
    follower = follower_of(source, mirror)
    while await follower.step():
        pass
    assert await colours(mirror.database) == [str(number) for number in range(230)]


async def test_what_nobody_reacts_to_is_stepped_over(source: Lamps, mirror: Lamps) -> None:
    await source.light("red")
    store = mirror.service.store
    indifferent = Follower(NAME, "incident", store, source.client(), {})
    assert await indifferent.step() == 1
    assert await colours(mirror.database) == []
    assert (await cursor_of(mirror))[0] == 1


async def test_its_cursor_keeps_up_with_what_is_never_told(source: Lamps, mirror: Lamps) -> None:
    """Whoever waits for a position need not know whether the event there is published."""
    lamp = await source.light("red")
    following = asyncio.create_task(follower_of(source, mirror).run())
    await until(lambda: shows(mirror.database, "red"))
    await source.dim(lamp)

    async def stands_behind_it() -> bool:
        return (await cursor_of(mirror))[0] == 2

    async with asyncio.timeout(15):  # sooner than a long poll that hears of nothing ends
        await until(stands_behind_it)
    following.cancel()
    await asyncio.wait([following])


async def test_each_fact_has_its_effect_once_however_often_the_follower_dies(
    source: Lamps, databases: Databases
) -> None:
    chance, database, written = random.Random(3), await databases.create("kernel"), 150

    async def write() -> None:
        lamp = new_id()
        for number in range(written):
            await source.light(str(number), lamp=lamp)

    async def live_and_die() -> None:
        """A process: it follows, and is gone in the middle of whatever it does."""
        async with lamp_store(database) as store, source.client() as client:
            follower = Follower(NAME, "incident", store, client, reactions(store))
            following = asyncio.create_task(follower.run())
            await asyncio.sleep(chance.uniform(0.0, 0.12))
            if chance.random() < 0.5:
                await cut_connections(databases, database)
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following

    async with asyncio.TaskGroup() as group:
        writing = group.create_task(write())
        while not writing.done() or len(await colours(database)) < written:
            await live_and_die()
    assert await colours(database) == [str(number) for number in range(written)]
    await databases.drop(database)


async def cut_connections(databases: Databases, database: Database) -> None:
    connection = await asyncpg.connect(databases.superuser(database))
    await connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )
    await connection.close()


async def test_two_at_once_do_nothing_twice_and_park_nothing(source: Lamps, mirror: Lamps) -> None:
    lamp = new_id()
    first, second = (follower_of(source, mirror) for _ in range(2))
    for number in range(40):
        await source.light(str(number), lamp=lamp)
        await asyncio.gather(first.step(), second.step())
    while await first.step():
        pass
    assert await colours(mirror.database) == [str(number) for number in range(40)]
    assert await rows(mirror.database, "select * from parked") == []


async def test_a_leader_whose_lock_is_gone_makes_room(source: Lamps, databases: Databases) -> None:
    database = await databases.create("kernel")
    async with lamp_store(database) as store, source.client() as client:
        follower = Follower(NAME, "incident", store, client, reactions(store))
        following = asyncio.create_task(follower.run())
        for colour in ("red", "green"):
            await source.light(colour)
            await until(partial(shows, database, colour))
            await cut_connections(databases, database)
        assert not following.done()
        following.cancel()
        await asyncio.wait([following])
    await databases.drop(database)


async def poisoned(source: Lamps) -> tuple[UUID, UUID]:
    """Two lamps; the first is lit in a poisonous colour between two good ones."""
    bad, good = await source.light("red", "poison", "blue"), await source.light("white")
    await source.light("black", lamp=good)
    return bad, good


async def test_the_poisonous_fact_is_parked_with_the_later_ones_of_its_subject_alone(
    source: Lamps, mirror: Lamps
) -> None:
    bad, _ = await poisoned(source)
    follower = follower_of(source, mirror)
    while await follower.step():
        pass
    assert await colours(mirror.database) == ["red", "white", "black"]
    await source.light("too late", lamp=bad)
    await follower.step()
    parked = await rows(mirror.database, "select position, subject, reason from parked order by 1")
    assert [row["position"] for row in parked] == [2, 3, 6]
    assert {row["subject"] for row in parked} == {str(bad)}
    assert "this colour is poison" in parked[0]["reason"]
    assert "earlier fact" in parked[1]["reason"]
    assert (await ready(mirror))["parked"] == {NAME: 3}
    async with mirror.client() as client:
        metrics = (await client.get("http://lamps.test/metrics")).text
    assert f'tocsin_facts_parked{{follower="{NAME}"}} 3.0' in metrics


async def test_a_redrive_takes_what_was_parked_in_its_order_and_once(
    source: Lamps, mirror: Lamps, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, _ = await poisoned(source)
    follower = follower_of(source, mirror)
    while await follower.step():
        pass
    address = f"/parked/{NAME}/{bad}/redrive"
    async with mirror.client() as operator:
        refused = await operator.post(address)
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/refused")
        assert "poison" in refused.json()["detail"]
        assert await colours(mirror.database) == ["red", "white", "black"]
        healed = reactions(mirror.service.store)[LIT]
        monkeypatch.setattr(follower, "_reactions", {LIT: cured(healed)})
        redriven = await asyncio.gather(*(operator.post(address) for _ in range(5)))
        assert {answer.status_code for answer in redriven} <= {200, 404, 503}
        assert (await operator.post(address)).status_code == 404
    assert await colours(mirror.database) == ["red", "white", "black", "poison", "blue"]
    assert (await ready(mirror))["parked"] == {}


def cured(reaction: Reaction) -> Reaction:
    """What was poison is a colour like any other by now."""

    async def lit(fact: Fact, work: Work) -> None:
        with suppress(ValueError):
            await reaction(fact, work)

    return lit


async def test_parked_facts_are_shown_to_auditors_and_redriven_by_operators(
    source: Lamps, mirror: Lamps
) -> None:
    bad, _ = await poisoned(source)
    follower = follower_of(source, mirror)
    while await follower.step():
        pass
    async with mirror.client(Role.AUDITOR) as auditor, mirror.client(Role.RESPONDER) as other:
        shown = (await auditor.get("/parked")).json()["items"]
        assert [(item["position"], item["subject"]) for item in shown] == [
            (2, str(bad)), (3, str(bad))
        ]  # fmt: skip
        assert (await other.get("/parked")).status_code == 403
        assert (await auditor.post(f"/parked/{NAME}/{bad}/redrive")).status_code == 403
    async with mirror.client() as operator:
        assert (await operator.post(f"/parked/nobody/{bad}/redrive")).status_code == 404


async def test_another_log_stops_the_follower_loudly(
    source: Lamps, mirror: Lamps, databases: Databases
) -> None:
    await source.light("red", "green")
    await follower_of(source, mirror).step()
    async with lamps(databases) as foreign:
        await foreign.light("red", "green", "blue")
        with pytest.raises(Stopped):
            await follower_of(foreign, mirror).step()
        await assert_stopped(follower_of(foreign, mirror), mirror)


@pytest.mark.parametrize("grown", [1, 2, 3])
async def test_a_log_that_grew_again_differently_stops_the_follower_loudly(
    source: Lamps, mirror: Lamps, databases: Databases, grown: int
) -> None:
    """As after a restore from a backup: the same log by name, shorter or with another past."""
    await source.light("red", "green")
    await follower_of(source, mirror).step()
    log = (await source.service.store.log.head()).log
    async with lamps(databases, log=log) as restored:
        await restored.light(*["red", "grey", "blue"][:grown])
        await assert_stopped(follower_of(restored, mirror), mirror)


async def assert_stopped(follower: Follower, mirror: Lamps) -> None:
    following = asyncio.create_task(follower.run())
    await until(lambda: is_troubled(mirror))
    assert (await ready(mirror))["followers"][NAME]["trouble"].startswith("stopped: ")
    assert not following.done()
    following.cancel()
    await asyncio.wait([following])
    assert await colours(mirror.database) == ["red", "green"]


async def test_a_token_that_is_not_shown_what_is_restricted_stops_the_follower(
    source: Lamps, mirror: Lamps
) -> None:
    await source.light("red")
    async with source.client() as client:
        client.headers["authorization"] = f"Bearer {source.issuer.token('x', [Role.SERVICE])}"
        with pytest.raises(Stopped, match=FOLLOWS):
            await follower_of(source, mirror, client).step()
    assert await colours(mirror.database) == []


async def test_a_source_that_is_away_is_waited_for_and_seen_in_readiness(
    source: Lamps, mirror: Lamps
) -> None:
    async with source.client() as client:
        del client.headers["authorization"]
        follower = follower_of(source, mirror, client)
        following = asyncio.create_task(follower.run())
        await until(lambda: is_troubled(mirror))
        token = source.issuer.token("x", [Role.SERVICE], scope=FOLLOWS)
        client.headers["authorization"] = f"Bearer {token}"
        await source.light("red")
        await until(lambda: shows(mirror.database, "red"))
        await source.light("green")
        await until(lambda: shows(mirror.database, "green"))
        assert not await is_troubled(mirror)
        following.cancel()
        await asyncio.wait([following])


async def test_a_change_by_others_meanwhile_is_met_again_not_parked(
    source: Lamps, mirror: Lamps
) -> None:
    """The state an effect was decided on is gone: the fact is decided anew."""
    lamp = await source.light("red")
    store = mirror.service.store
    plain = reactions(store)[LIT]
    interfered = False

    async def interfering(fact: Fact, work: Work) -> None:
        nonlocal interfered
        await plain(fact, work)
        if not interfered:
            interfered = True
            other = Work(store, actor="somebody")
            await other.execute(Ledger(store, LAMP), mirrored(lamp), dim)
            await other.append()

    follower = Follower(NAME, "incident", store, source.client(), {LIT: interfering})
    assert await follower.step() == 1
    assert await rows(mirror.database, "select * from parked") == []
    assert await colours(mirror.database) == [None, "red"]
