"""Whatever happens: lists, single reads and the copy of another service decide alike."""

import random
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import msgspec
import pytest

from services.incident import lifecycle, restricting, triage
from services.incident.incidents import Incidents
from services.incident.matrix import DEFAULT, Matrix
from services.incident.published import PUBLISHED
from services.incident.rules import READERS
from services.incident.visibility import is_visible, visible_to
from shared.auth.caller import Caller
from shared.auth.roles import Role
from shared.clock import new_id
from shared.feed import Feed
from shared.followed_restrictions import FollowedRestrictions
from shared.follower import Fact
from shared.ledger import Order
from shared.restrictions import FOLLOWS, RESTRICTIONS, restricted_among
from shared.store.store import Store
from shared.vault import Vault
from shared.work import Work
from tests.support.postgres import Databases
from tests.support.service import RunningService
from tests.support.started import started

PEOPLE, TEAMS = ["ada", "bo", "cy", "network"], ["network", "legal", "ada"]
MATRIX = Matrix(version=1, cells=DEFAULT)
FOLLOWER = Caller(
    id="tocsin", name="", kind="service", roles=frozenset({Role.SERVICE}), expires=0,
    scopes=frozenset({FOLLOWS}),
)  # fmt: skip


@pytest.fixture(scope="module")
async def service(databases: Databases) -> AsyncIterator[RunningService]:
    async with started("incident", databases) as service:
        yield service


def some(chance: random.Random, names: list[Any]) -> list[Any]:
    return chance.sample(names, chance.randint(0, len(names)))


def a_caller(chance: random.Random) -> Caller:
    roles = frozenset(chance.sample(list(Role), chance.randint(1, 3)))
    who = chance.choice([*PEOPLE, "stranger"])
    teams = frozenset(some(chance, TEAMS))
    return Caller(id=who, name=who, kind="person", roles=roles, teams=teams, expires=0)


async def happen(incidents: Incidents, incident: UUID, chance: random.Random) -> None:
    order = Order(stream=incident, actor="ida")
    person, group = chance.choice([*PEOPLE, None]), chance.choice([*TEAMS, None])
    match chance.randint(0, 5):
        case 0 | 1:
            said = {"people": some(chance, PEOPLE), "teams": some(chance, TEAMS)}
            said |= {"roles": some(chance, [role.value for role in Role])}
            kept = {name: value for name, value in said.items() if chance.random() < 0.7}
            who = chance.choice(PEOPLE)
            await incidents.execute(order, restricting.restrict, by=who, reason="x", **kept)
        case 2:
            await incidents.execute(order, restricting.unrestrict, reason="x")
        case 3:
            await incidents.execute(order, triage.assign, group=group, person=person)
        case 4:
            await incidents.execute(order, triage.assign, person=person)
        case _:
            await incidents.execute(order, triage.note, text="x")


async def declared(incidents: Incidents, chance: random.Random) -> UUID:
    order = Order(stream=new_id(), actor="ida", creates=True)
    made = await incidents.execute(
        order,
        lifecycle.declare,
        number=await incidents.numbers.next(),
        title="Slow",
        reporter=chance.choice(PEOPLE),
        group=chance.choice([*TEAMS, None]),
        matrix=MATRIX,
    )
    return made.stream


async def listed(store: Store, caller: Caller, ids: list[UUID]) -> set[UUID]:
    sql: str = ""
    values: list[Any] = []
    for n, (condition, value) in enumerate(visible_to(caller), 2):
        sql, values = f"{sql} and {condition.format(f'${n}')}", [*values, value]
    found = await store.pool.fetch(
        f"select t.id from incidents t where to_position is null and t.id = any($1){sql}",
        ids, *values,
    )  # fmt: skip
    return {row["id"] for row in found}


async def copied(source: Store, copy: Store, chance: random.Random) -> None:
    """Another service hears of it, in pages of any size."""
    feed, restrictions = Feed("incident", source, PUBLISHED), FollowedRestrictions(copy, "incident")
    reactions, after = restrictions.reactions(), 0
    while (page := await feed.page(after, FOLLOWER, limit=chance.randint(1, 9))).scanned > after:
        work = Work(copy, actor="system:follower")
        for told in page.events:
            fact = msgspec.json.decode(feed.cloud_event(told), type=Fact)
            if (reaction := reactions.get(fact.type)) is not None:
                await reaction(fact, work)
        await work.append()
        after = page.scanned


@pytest.mark.parametrize("seed", range(4))
async def test_lists_reads_and_copies_decide_alike(
    service: RunningService, databases: Databases, seed: int
) -> None:
    chance, store = random.Random(seed), service.service.store
    incidents: Incidents = service.service.parts["incidents"]
    ids = [await declared(incidents, chance) for _ in range(8)]
    for _ in range(60):
        await happen(incidents, chance.choice(ids), chance)
    states = {id: (await incidents.current(id)).state for id in ids}
    assert any(state.restriction for state in states.values())
    database = await databases.create("kernel")
    copy = await Store.open(database.app, tables=(RESTRICTIONS,), vault=Vault(b"k" * 32))
    await copied(store, copy, chance)
    for caller in (a_caller(chance) for _ in range(60)):
        read = {id for id, state in states.items() if is_visible(state, caller)}
        assert await listed(store, caller, ids) == read
        if caller.has(*READERS):
            for place in (store, copy):
                hidden = (await restricted_among(place.pool, caller, ids)).hidden
                assert set(ids) - hidden == read
    await copy.close()
    await databases.drop(database)
