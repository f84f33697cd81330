"""Which facts reach whom, and what is said of them."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from services.incident.published import PUBLISHED as OF_INCIDENTS
from services.notification import subscription
from services.notification.copies import STATUS_AFTER, type_of
from services.notification.events import Channel, Template
from services.problem.published import PUBLISHED as OF_PROBLEMS
from shared.clock import new_id
from shared.ledger import Order
from tests.conftest import NewDatabase
from tests.notification.desk import DECLARED, Desk, open_desk

OTHER = UUID("0199aaaa-0000-7000-8000-00000000000b")


@pytest.fixture
async def desk(database: NewDatabase) -> AsyncIterator[Desk]:
    async with open_desk((await database("notification")).app) as opened:
        yield opened


async def _subjects(desk: Desk) -> list[str]:
    return [(await desk.words(each)).subject for each in await desk.planned()]


@pytest.mark.parametrize(
    ("filters", "passes"),
    [
        ({}, True),
        ({"priorities": [1, 2]}, True),
        ({"priorities": [2]}, False),
        ({"services": ["checkout", "search"]}, True),
        ({"services": ["search"]}, False),
        ({"priorities": [1], "services": ["checkout"]}, True),
        ({"priorities": [1], "services": ["search"]}, False),
    ],
)
async def test_filters_add_up(desk: Desk, filters: dict[str, Any], passes: bool) -> None:
    await desk.subscribe(await desk.contact(), Channel.EMAIL, **filters)
    await desk.hear(desk.fact("incident.declared", **DECLARED))
    assert len(await desk.planned()) == passes


@pytest.mark.parametrize("filters", [{"priorities": [3]}, {"services": ["checkout"]}])
async def test_what_is_not_known_passes_no_filter(desk: Desk, filters: dict[str, Any]) -> None:
    await desk.subscribe(await desk.contact(), Channel.EMAIL, **filters)
    await desk.hear(desk.fact("incident.declared", number="INC-1", title="Something"))
    assert await desk.planned() == []


async def test_a_message_tells_what_was_known_at_its_fact(desk: Desk) -> None:
    words = Template(subject="{{number}} {{status}} {{priority}} {{happened}}", text="{{service}}")
    facts = "incident.declared", "incident.prioritised", "incident.resolved", "incident.reopened"
    await desk.subscribe(await desk.contact(), Channel.EMAIL, *facts, template=words)
    await desk.hear(
        desk.fact("incident.declared", **DECLARED),
        desk.fact("incident.prioritised", impact=2, urgency=2, priority=3),
        desk.fact("incident.categorised", service="search"),
    )
    await desk.hear(desk.fact("incident.resolved", code="fixed"))
    await desk.hear(desk.fact("incident.reopened", by_reporter=True))
    told = [await desk.words(each) for each in await desk.planned()]
    assert {words.subject: words.text for words in told} == {
        "INC-7 new 1 declared": "checkout",
        "INC-7 new 3 prioritised": "checkout",
        "INC-7 resolved 3 resolved": "search",
        "INC-7 in progress 3 reopened": "search",
    }


async def test_problems_are_told_of_alike(desk: Desk) -> None:
    await desk.subscribe(await desk.contact(), Channel.EMAIL, "problem.logged")
    await desk.hear(desk.fact("problem.logged", OTHER, number="PRB-1", title="Leaks"))
    assert await _subjects(desk) == ["[PRB-1] Leaks: logged"]


async def test_a_reminder_from_a_side_stream_is_about_its_problem(desk: Desk) -> None:
    facts = "problem.logged", "problem.risk_review_due"
    await desk.subscribe(await desk.contact(), Channel.EMAIL, *facts)
    await desk.hear(
        desk.fact("problem.logged", OTHER, number="PRB-1", title="Leaks"),
        desk.fact("problem.risk_review_due", new_id(), problem=OTHER, review_date="2026-12-01"),
    )
    subjects = {"[PRB-1] Leaks: logged", "[PRB-1] Leaks: risk review due"}
    assert set(await _subjects(desk)) == subjects
    assert {each.state.delivery and each.state.delivery.about for each in await desk.planned()} == {
        OTHER
    }


async def test_a_subscription_does_not_reach_back(desk: Desk) -> None:
    earlier = desk.fact("incident.declared", **DECLARED)
    desk.clock.move(seconds=1)
    await desk.subscribe(await desk.contact(), Channel.EMAIL)
    await desk.hear(earlier)
    assert await desk.planned() == []


async def test_a_retired_subscription_tells_nothing(desk: Desk) -> None:
    held = await desk.subscribe(await desk.contact(), Channel.EMAIL)
    order = Order(stream=held, actor="admin")
    await desk.subscriptions.execute(order, subscription.retire)
    await desk.hear(desk.fact("incident.declared", **DECLARED))
    assert await desk.planned() == []


async def test_a_notification_names_its_cause(desk: Desk) -> None:
    await desk.subscribe(await desk.contact(), Channel.EMAIL)
    fact = desk.fact("incident.declared", **DECLARED)
    await desk.hear(fact)
    ((stream, *_),) = await desk.planned()
    (planned,) = await desk.store.log.stream(stream)
    assert (planned.causation_id, planned.correlation_id) == (fact.id, fact.correlation_id)
    assert planned.actor == "system:follower"


async def test_many_facts_of_one_page_are_one_append(desk: Desk) -> None:
    for _ in range(5):
        await desk.subscribe(await desk.contact(), Channel.EMAIL)
    facts = [desk.fact("incident.declared", new_id(), **DECLARED) for _ in range(100)]
    await desk.hear(*facts)
    assert len(await desk.planned()) == 500


def test_every_fact_one_can_subscribe_to_is_told() -> None:
    told = {type_of(kind.topic) for kind in (*OF_INCIDENTS, *OF_PROBLEMS)}
    assert {type_of(name) for name in STATUS_AFTER} <= told


async def test_nobody_is_told_of_imported_history_unless_it_is_live(desk: Desk) -> None:
    await desk.subscribe(await desk.contact(), Channel.EMAIL)
    past = replace(desk.fact("incident.declared", **DECLARED), imported=True)
    await desk.hear(past)
    assert await desk.planned() == []
    await desk.hear(replace(desk.fact("incident.declared", **DECLARED), imported=True, live=True))
    assert len(await desk.planned()) == 1
