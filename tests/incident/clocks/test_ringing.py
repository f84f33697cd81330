"""Warnings and breaches are recorded once each, by timers that follow what happens."""

import asyncio
from datetime import timedelta
from uuid import UUID

from services.incident import events as e
from services.incident.facts import SlaBreached, SlaWarned
from shared.domain import Origin
from tests.incident.clocks.conftest import START, House

MINUTE = timedelta(minutes=1)
ACKNOWLEDGED = e.Acknowledged(at=START)
RESOLVED = e.Resolved(code=e.ResolutionCode.FIXED, summary="Done", at=START)
HELD = e.Held(reason=e.HoldReason.AWAITING_VENDOR)


async def told(house: House, stream: UUID) -> list[tuple[str, str, float]]:
    """What was recorded: which fact of which clock, minutes after the start."""
    names = {SlaWarned: "warned", SlaBreached: "breached"}
    facts = await house.facts(stream)
    return [(names[type(f)], f.kind, (f.at - START) / MINUTE) for f in facts]


async def test_a_declaration_arms_the_first_warning(house: House) -> None:
    await house.declare()
    await house.settle()
    assert await house.armed() == [START + 11.25 * MINUTE]


async def test_each_is_recorded_once_when_it_is_due(house: House) -> None:
    stream = await house.declare()
    for _ in range(6 * 60):
        house.forward(minutes=1)
        await house.settle()
    assert await told(house, stream) == [
        ("warned", "response", 11.25),
        ("breached", "response", 15),
        ("warned", "resolution", 180),
        ("breached", "resolution", 240),
    ]
    assert await house.armed() == []


async def test_nothing_is_lost_while_nobody_was_there(house: House) -> None:
    stream = await house.declare()
    await house.settle()
    await house.store.close()
    house.forward(days=3)
    await house.open()
    await house.settle()
    assert await told(house, stream) == [
        ("warned", "response", 11.25),
        ("breached", "response", 15),
        ("warned", "resolution", 180),
        ("breached", "resolution", 240),
    ]


async def test_a_clock_that_goes_back_records_nothing_twice(house: House) -> None:
    stream = await house.declare()
    house.forward(minutes=20)
    await house.settle()
    before = await told(house, stream)
    house.forward(minutes=-15)
    await house.settle()
    house.forward(minutes=30)
    await house.settle()
    assert await told(house, stream) == before


async def test_a_hold_cancels_the_timer_and_its_end_arms_it_later(house: House) -> None:
    stream = await house.declare()
    await house.give(stream, ACKNOWLEDGED)
    await house.settle()
    assert await house.armed() == [START + 180 * MINUTE]
    house.forward(minutes=60)
    await house.give(stream, HELD)
    await house.settle()
    assert await house.armed() == []
    house.forward(minutes=600)
    await house.give(stream, e.Resumed())
    await house.settle()
    assert await house.armed() == [START + 780 * MINUTE]
    assert await told(house, stream) == []


async def test_a_timer_that_rings_for_nothing_is_harmless(house: House) -> None:
    stream = await house.declare()
    await house.settle()
    await house.give(stream, HELD)
    house.forward(hours=1)
    assert await house.timers.ring() == 1  # the keeper has not heard of the hold yet
    assert await told(house, stream) == []
    await house.give(stream, e.Resumed())
    await house.settle()
    assert await house.armed() == [START + 71.25 * MINUTE]


async def test_a_timer_that_rings_early_rings_again(house: House) -> None:
    stream = await house.declare()
    await house.settle()
    house.forward(minutes=1)
    await house.rows("update timers set due_at = due_at - interval '11 minutes'")
    await house.settle()
    assert await told(house, stream) == []
    assert await house.armed() == [START + 11.25 * MINUTE]


async def test_met_in_time_nothing_is_recorded(house: House) -> None:
    stream = await house.declare()
    house.forward(minutes=5)
    await house.give(stream, e.Resolved(code=RESOLVED.code, summary="Done", at=house.now))
    house.forward(days=1)
    await house.settle()
    assert await told(house, stream) == []


async def test_resolved_too_late_before_anybody_rang_it_is_still_recorded(house: House) -> None:
    stream = await house.declare()
    await house.give(stream, ACKNOWLEDGED)
    house.forward(hours=5)
    await house.give(stream, e.Resolved(code=RESOLVED.code, summary="Done", at=house.now))
    await house.settle()
    assert await told(house, stream) == [("breached", "resolution", 240)]


async def test_a_breach_stays_when_the_milestone_is_stated_late(house: House) -> None:
    stream = await house.declare()
    house.forward(minutes=16)
    await house.settle()
    await house.give(stream, e.Acknowledged(at=START + 10 * MINUTE))
    clock = (await house.read(stream)).clocks[0]
    assert (clock.recorded and clock.recorded.is_met) is False
    assert (clock.corrected and clock.corrected.is_met) is True
    assert clock.breach is not None


async def test_another_round_has_warnings_of_its_own(house: House) -> None:
    stream = await house.declare(3, 3)
    await house.give(stream, ACKNOWLEDGED)
    house.forward(hours=91)
    await house.settle()
    raised = e.Prioritised(impact=1, urgency=1, priority=1, matrix_version=1)
    await house.give(stream, raised)
    await house.settle()
    facts = await house.facts(stream)
    assert [(f.topic, f.round, f.target) for f in facts] == [
        (SlaWarned.topic, 0, "resolution-p5"),
        (SlaBreached.topic, 1, "resolution-p1"),
    ]
    assert facts[1].at == house.now


async def test_imported_history_arms_no_timer_and_records_nothing(house: House) -> None:
    stream = await house.declare(origin=Origin(at=START - timedelta(days=900), by="them"))
    await house.settle()
    assert await house.armed() == []
    house.forward(days=9)
    await house.settle()
    assert await told(house, stream) == []
    assert {clock.is_breached for clock in (await house.read(stream)).clocks} == {False}
    assert {r["state"] for r in await house.rows("select state from incident_clocks")} == {
        "running"
    }


async def test_a_resolution_that_races_with_the_timer(house: House) -> None:
    """Whatever comes first: the log bears out what is recorded, and nothing is recorded twice."""
    streams = [await house.declare() for _ in range(20)]
    for stream in streams:
        await house.give(stream, ACKNOWLEDGED)
    await house.settle()
    house.forward(hours=4)
    late = e.Resolved(code=RESOLVED.code, summary="Done", at=START + 30 * MINUTE)
    await asyncio.gather(
        house.timers.ring(), *(house.give(s, late) for s in streams), house.timers.ring()
    )
    await house.settle()
    for stream in streams:
        facts = await told(house, stream)
        assert len(facts) == len(set(facts))
        clock = (await house.read(stream)).clocks[1]
        assert clock.ended_at is not None
        breached = ("breached", "resolution", 240) in facts
        assert breached is (clock.breach is not None)
        assert (clock.corrected and clock.corrected.is_met) is (True if clock.is_breached else None)
