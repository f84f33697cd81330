"""An incident's facts as its events prove them: each with the right one."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.incident import events as e
from services.incident.major import events as m
from services.incident.major.events import MajorRole
from services.incident.review.replay import Replayed, replayed, seconds_in
from shared.codec import encode
from shared.domain import Event
from shared.effective import in_order
from shared.store.reader import Recorded

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DECLARED = e.Declared(number=1, title="Slow", reporter="rita")
RESOLVED = e.Resolved(at=START + 50 * MINUTE, code=e.ResolutionCode.FIXED, summary="Done")


def recorded(*events: Event, actor: str = "ann") -> list[Recorded]:
    """Each a minute after the other; the n-th has the id n."""
    told = []
    for place, event in enumerate(events, 1):
        stored = encode(event)
        at = START + (place - 1) * MINUTE
        told.append(
            Recorded(place, UUID(int=place), UUID(int=0), place, stored.topic, 1, stored.state,
                     actor, UUID(int=0), None, UUID(int=0), None, at)
        )  # fmt: skip
    return told


def told(*events: Event) -> Replayed:
    log = recorded(*events)
    return replayed(log, log)


def proofs(replay: Replayed) -> dict[str, int]:
    return {name: proven.event.int for name, proven in replay.milestones.items()}


def test_what_a_declaration_led_to_stands_behind_it_though_decided_a_moment_before() -> None:
    log = recorded(DECLARED, m.MajorAccepted(at=START - timedelta(microseconds=400)))
    assert in_order(log) == log


def test_each_milestone_names_the_event_that_stamped_it() -> None:
    replay = told(
        e.Declared(number=1, title="Slow", reporter="rita", started_at=START - 30 * MINUTE),
        e.Acknowledged(at=START + MINUTE),
        e.Acknowledged(at=START + 2 * MINUTE),
        e.Mitigated(action="Rolled back", at=START + 20 * MINUTE),
        RESOLVED,
    )
    assert proofs(replay) == {
        "declared": 1, "started": 1, "acknowledged": 2, "mitigated": 4, "resolved": 5
    }  # fmt: skip
    assert replay.impact is not None
    assert (replay.impact.since, replay.impact.until) == ("started", "mitigated")
    durations = {each.name: each.seconds / 60 for each in replay.durations}
    assert durations == {
        "time_to_mitigate": 50, "time_to_restore": 50, "time_to_resolve": 80, "time_to_repair": 49,
    }  # fmt: skip


def test_a_correction_proves_what_it_corrects() -> None:
    to = START - 10 * MINUTE
    replay = told(
        e.Declared(number=1, title="Slow", reporter="rita", started_at=START),
        e.MilestoneCorrected(milestone=e.Milestone.STARTED, to=to, was=START, reason="Graph"),
    )
    assert replay.milestones["started"] == (to, UUID(int=2))


def test_a_reopening_takes_back_what_was_stamped() -> None:
    again = e.Resolved(at=START + 99 * MINUTE, code=e.ResolutionCode.FIXED, summary="Now")
    replay = told(DECLARED, RESOLVED, e.Reopened(reason="No", at=START + 60 * MINUTE), again)
    assert proofs(replay)["resolved"] == 4
    assert [each.status for each in replay.stretches] == [
        "new", "resolved", "in_progress", "resolved"
    ]  # fmt: skip
    assert "resolved" not in proofs(told(DECLARED, RESOLVED, e.Reopened(at=START)))


def test_without_an_end_the_impact_goes_on() -> None:
    replay = told(DECLARED)
    assert replay.impact is not None
    assert (replay.impact.since, replay.impact.ends) == ("declared", None)


def test_everybody_who_took_part_is_named_once_for_each_part() -> None:
    replay = told(
        DECLARED,
        e.Assigned(group="payments", person="bob"),
        m.RoleAssigned(role=MajorRole.INCIDENT_COMMANDER, person="cora", at=START),
        m.RoleHandedOver(role=MajorRole.INCIDENT_COMMANDER, person="dan", was="cora", at=START),
        e.Noted(text="Looking"),
        m.Decided(decision="Fail over", person="dan", at=START),
    )
    assert [(each.person, each.as_, each.first.event.int) for each in replay.parts] == [
        ("rita", "reporter", 1), ("ann", "acted", 1), ("bob", "assigned", 2),
        ("cora", "incident_commander", 3), ("dan", "incident_commander", 4), ("dan", "decided", 6),
    ]  # fmt: skip


def test_machines_take_no_part() -> None:
    log = recorded(e.Closed(at=START), actor="system:auto-close")
    assert list(replayed([], log).parts) == []


COURSE: list[Event] = [
    e.Acknowledged(at=START),
    e.Held(reason=e.HoldReason.AWAITING_VENDOR),
    e.Resumed(),
    RESOLVED,
    e.Reopened(),
    e.Noted(text="x"),
    e.WorkStarted(),
]


@given(st.lists(st.sampled_from(COURSE), max_size=20))
@settings(max_examples=100, deadline=None)
def test_every_stretch_ends_where_the_next_begins(events: list[Event]) -> None:
    replay = told(DECLARED, *events)
    ends = [each.ends for each in replay.stretches]
    begins = [each.begins for each in replay.stretches]
    assert ends[:-1] == begins[1:]
    assert ends[-1] is None
    assert replay.stretches[-1].status == replay.incident.status
    assert all(each >= 0 for each in seconds_in(replay.stretches, START).values())
