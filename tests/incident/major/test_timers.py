"""The clock of major incidents on PostgreSQL: said once, kept through an end and a beginning."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.incident import lifecycle
from services.incident.events import ResolutionCode
from services.incident.major import responders, roles, turning, updates
from services.incident.major.due import COMMUNICATIONS
from services.incident.major.events import MajorRole, Target
from services.incident.major.reminders import RequestTimedOut, UpdateDue, UpdateOverdue
from services.incident.major.ringing import ringing
from services.incident.major.state import punctuality
from services.incident.rules import Status
from shared.auth.roles import Role
from shared.timers import Timers
from tests.incident.major.conftest import START, Room

MANAGER = frozenset({Role.MAJOR_INCIDENT_MANAGER})
AUDIENCES = ["management", "affected-users", "technical-teams"]


async def led(room: Room) -> UUID:
    incident = await room.declare()
    await room.give(incident, turning.accept_major, at=room.now)
    commander = MajorRole.INCIDENT_COMMANDER
    await room.give(incident, roles.assign_role, role=commander, person="ada", **by(room))
    return incident


def by(room: Room) -> dict[str, Any]:
    return {"by": "mia", "roles": MANAGER, "at": room.now}


async def post(room: Room, incident: UUID, *, final: bool = False) -> None:
    told = {"update": incident, "status": "Found", "impact": "Some", "action": "Rolling back"}
    await room.give(incident, updates.post_update, **told, final=final, **by(room))


async def said(room: Room, incident: UUID) -> list[tuple[str, str, float]]:
    """What was recorded of updates, minutes after the start."""
    names = {UpdateDue: "due", UpdateOverdue: "overdue"}
    return [
        (names[type(each)], each.audience, (each.at - START) / timedelta(minutes=1))
        for each in await room.facts(incident)
        if isinstance(each, UpdateDue | UpdateOverdue)
    ]


async def test_an_acceptance_arms_the_first_reminder_and_nothing_else_does(room: Room) -> None:
    incident = await room.declare()
    assert await room.armed() == []
    await room.give(incident, turning.propose_major, reason="Down", at=room.now)
    assert await room.armed() == []
    await room.give(incident, turning.accept_major, at=room.now)
    assert await room.armed() == [(COMMUNICATIONS, 10)]


async def test_each_is_reminded_of_and_overdue_once_and_the_version_stays(room: Room) -> None:
    incident = await led(room)
    version = (await room.incidents.current(incident)).version
    await room.minutes(120)
    assert sorted(await said(room, incident)) == sorted(
        (what, audience, at)
        for audience in AUDIENCES
        for what, at in (("due", 10.0), ("overdue", 15.0))
    )
    assert (await room.incidents.current(incident)).version == version
    assert await room.armed() == []


async def test_updates_on_cadence_are_never_overdue(room: Room) -> None:
    incident = await led(room)
    await room.minutes(14)
    await post(room, incident)
    await room.minutes(29)
    await post(room, incident)
    await room.minutes(29)
    told = await said(room, incident)
    assert {what for what, _, _ in told} == {"due"}
    assert {at for _, _, at in told} == {10, 39, 68}


async def test_nothing_is_lost_while_nobody_was_there_nor_said_twice(room: Room) -> None:
    incident = await led(room)
    await room.minutes(11)
    await room.store.close()
    room.now += timedelta(hours=3)
    await room.open()
    other = Timers(room.store, {COMMUNICATIONS: ringing(room.incidents)})
    await asyncio.gather(room.timers.ring(), other.ring())
    await room.minutes(2)
    assert len(await said(room, incident)) == 6


async def test_what_is_overdue_is_said_although_somebody_acts_in_the_same_moment(
    room: Room,
) -> None:
    incident = await led(room)
    room.now += timedelta(minutes=15, seconds=6)
    scribe = MajorRole.SCRIBE
    await room.give(incident, roles.assign_role, role=scribe, person="sam", **by(room))
    await room.minutes(0)
    assert await room.armed() == [(COMMUNICATIONS, 15.1)]
    await room.minutes(1)
    assert ("overdue", "management", 15.0) in await said(room, incident)


async def test_an_update_that_comes_late_before_the_timer_has_rung_was_overdue_all_the_same(
    room: Room,
) -> None:
    incident = await led(room)
    room.now += timedelta(minutes=16)
    await post(room, incident)
    version = (await room.incidents.current(incident)).version
    await room.store.close()
    await room.open()
    while await room.timers.ring():
        pass
    await room.minutes(3)
    overdue = [each for each in await room.facts(incident) if isinstance(each, UpdateOverdue)]
    told = sorted((each.audience, each.due_at - START, each.until) for each in overdue)
    late = (timedelta(minutes=15), START + timedelta(minutes=16))
    assert told == [(each, *late) for each in sorted(AUDIENCES)]
    held = await room.incidents.current(incident)
    counted = punctuality(held.state.major)
    assert counted is not None
    assert (held.version, counted["due"] - counted["met"]) == (version, len(overdue))


async def test_a_request_times_out_and_goes_on_to_the_next(room: Room) -> None:
    incident = await led(room)
    asked = [Target(person="bob"), Target(person="cem")]
    request: dict[str, Any] = {"request": incident, "asked": asked, "message": "Come", "by": "ann"}
    await room.give(
        incident, responders.request_responder, **request, within_minutes=3, at=room.now
    )
    await room.minutes(9)
    timed = [each for each in await room.facts(incident) if isinstance(each, RequestTimedOut)]
    assert [(each.asked.person, each.next and each.next.person) for each in timed] == [
        ("bob", "cem"),
        ("cem", "ada"),
    ]


async def test_the_final_update_and_a_demotion_silence_the_clock(room: Room) -> None:
    first, second = await led(room), await led(room)
    resolution: dict[str, Any] = {"code": ResolutionCode.FIXED, "summary": "Back"}
    await room.give(first, lifecycle.resolve, **resolution, at=room.now)
    await post(room, first, final=True)
    await room.give(second, turning.demote_major, reason="One user", at=room.now)
    assert await room.armed() == []
    await room.minutes(60)
    assert await said(room, first) + await said(room, second) == []


async def test_a_reopening_owes_updates_again(room: Room) -> None:
    incident = await led(room)
    resolution: dict[str, Any] = {"code": ResolutionCode.FIXED, "summary": "Back"}
    await room.give(incident, lifecycle.resolve, **resolution, at=room.now)
    await post(room, incident, final=True)
    again: dict[str, Any] = {"reason": "Back", "at": room.now, "window": timedelta(days=1)}
    await room.give(incident, lifecycle.reopen, **again, roles=frozenset({Role.INCIDENT_MANAGER}))
    assert await room.armed() == [(COMMUNICATIONS, 25)]


async def test_it_never_closes_by_itself_while_it_is_a_major_incident(room: Room) -> None:
    major, ordinary = await led(room), await room.declare()
    resolution: dict[str, Any] = {"code": ResolutionCode.FIXED, "summary": "Back"}
    for each in (major, ordinary):
        await room.give(each, lifecycle.resolve, **resolution, at=room.now, close_after_days=5)
    room.now += timedelta(days=6)
    await room.minutes(1)
    statuses = [(await room.incidents.current(each)).state.status for each in (major, ordinary)]
    assert statuses == [Status.RESOLVED, Status.CLOSED]


async def test_a_rule_put_in_force_holds_for_the_next_command(room: Room) -> None:
    rule = {"name": "p1", "then": "promote", "when": {"priority_at_most": 1}}
    before = await room.declare()
    await room.put("major-triggers", {"rules": [rule]})
    incident, slow = await room.declare(), await room.declare(impact=3, urgency=3)
    states = [
        (await room.incidents.current(each)).state.major.state for each in (before, incident, slow)
    ]
    assert states == ["none", "accepted", "none"]
    assert await room.armed() == [(COMMUNICATIONS, 10)]


async def test_another_process_learns_of_a_rule(room: Room) -> None:
    other = Room(room.database)
    await other.open()
    rule = {"name": "p1", "then": "propose", "when": {"priority_at_most": 1}}
    await room.put("major-triggers", {"rules": [rule]})
    await other.grounds.refresh()
    incident = await other.declare()
    assert (await other.incidents.current(incident)).state.major.state == "proposed"
    await other.store.close()
