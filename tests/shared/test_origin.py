"""Events that another system's past brings: its times count, ours are kept, nobody reacts."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.clock import new_id, now
from shared.codec import decode, encode
from shared.domain import Origin, State
from shared.follower import Fact, Follower, Reaction, hears_history
from shared.ledger import Ledger, Order
from shared.work import Work
from tests.support.lamps import LAMP, Lamps, Lit, lamps
from tests.support.postgres import Databases

THEN = datetime(2016, 2, 29, 1, 23, tzinfo=UTC)
PAST = Origin(at=THEN, by="21", stated={"made_sla": True})


def shine(lamp: State, *, origin: Origin | None) -> Sequence[Lit]:
    return [Lit(colour="red", origin=origin)]


async def lit(source: Lamps, origin: Origin | None) -> None:
    order = Order(stream=new_id(), actor="importer", creates=True)
    await Ledger(source.service.store, LAMP).execute(order, shine, origin=origin)


def test_its_time_is_the_source_s_and_ours_without_one() -> None:
    recorded = now()
    assert Lit(colour="red", origin=PAST).effective(recorded) == THEN
    assert Lit(colour="red").effective(recorded) == recorded


def test_an_event_of_our_own_is_stored_as_ever() -> None:
    assert encode(Lit(colour="red")).state == b'{"colour":"red"}'
    assert decode("lamp.lit", 1, b'{"colour":"red"}', 1) == Lit(colour="red")


def test_an_imported_one_is_read_as_it_was_stored() -> None:
    event = Lit(colour="red", origin=PAST)
    assert decode("lamp.lit", 1, encode(event).state, 1) == event


def test_what_a_state_takes_over_is_without_the_origin() -> None:
    assert Lit(colour="red", origin=PAST).fields() == {"colour": "red"}


@pytest.mark.parametrize(
    ("origin", "quiet"),
    [(None, False), (PAST, True), (Origin(at=THEN, by="21", live=True), False)],
)
def test_history_is_quiet_unless_it_is_live(origin: Origin | None, quiet: bool) -> None:
    assert Lit(colour="red", origin=origin).is_quiet is quiet


async def test_the_feed_tells_history_apart(databases: Databases) -> None:
    async with lamps(databases) as source:
        for origin in (None, PAST, Origin(at=THEN, by="21", live=True)):
            await lit(source, origin)
        told: list[dict[str, Any]] = (await source.client().get("/feed")).json()
    then = {"imported": True, "happenedat": "2016-02-29T01:23:00.000000Z"}
    marks = ("imported", "happenedat", "live")
    assert [{k: fact[k] for k in marks if k in fact} for fact in told] == [
        {}, then, then | {"live": True},
    ]  # fmt: skip


@pytest.mark.parametrize("hears", [False, True])
async def test_only_who_asks_hears_of_history(databases: Databases, hears: bool) -> None:
    heard: list[Fact] = []

    async def react(fact: Fact, work: Work) -> None:
        heard.append(fact)

    reactions: Mapping[str, Reaction] = {
        "tocsin.lamp.lit.v1": hears_history(react) if hears else react
    }
    async with lamps(databases) as source, lamps(databases) as mirror:
        for origin in (None, PAST, Origin(at=THEN, by="21", live=True)):
            await lit(source, origin)
        store = mirror.service.store
        await Follower("mirror", "incident", store, source.client(), reactions).step()
    quiet = [fact.is_quiet for fact in heard]
    assert quiet == ([False, True, False] if hears else [False, False])
    assert heard[-1].happened_at == THEN
