"""What follows from another system's steps: native events with their origin, nothing refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.incident import events as e
from services.incident.backfill import events as b
from services.incident.backfill.conformance import deviations
from services.incident.backfill.history import Manner, declared, follows
from services.incident.events import HoldReason, IncidentEvent, ResolutionCode
from services.incident.incident import Incident, evolve
from services.incident.rules import Status
from shared.backfill.history import History, Step, digests
from shared.domain import Event

DAY = datetime(2016, 3, 1, 8, tzinfo=UTC)
QUIET = Manner("theirs")
STATUSES = ["new", "in_progress", "on_hold", "resolved", "closed", "cancelled"]


def step(hours: int = 0, /, note: str | None = None, **said: Any) -> Step:
    if said.get("status") == "on_hold":
        said = {"hold_reason": HoldReason.AWAITING_VENDOR} | said
    at = DAY + timedelta(hours=hours)
    return Step(at=at, by="21", set=said, note=note, source={"mod": hours})


def begun(**said: Any) -> Incident:
    """An incident whose first step said this."""
    return told(step(**said))


def told(*steps: Step, manner: Manner = QUIET) -> Incident:
    incident = Incident()
    details = {"title": "Slow", "reporter": "rita"}
    history = History(external_ref="T-1", details=details, steps=steps)
    for n, each in enumerate(steps):
        events = follows(incident, each, manner) if n else declared(history, 7, manner)
        for event in events:
            incident = evolve(incident, event)
    return incident


def kinds(incident: Incident, later: Step) -> list[type[Event]]:
    return [type(event) for event in follows(incident, later, QUIET)]


def test_a_history_begins_with_what_the_record_said_first() -> None:
    incident = begun(status="in_progress", group="56", impact=2, urgency=1, priority=4)
    assert (incident.status, incident.group, incident.priority) == (Status.IN_PROGRESS, "56", 4)
    assert (incident.matrix_version, incident.source) == (None, "theirs")
    assert (incident.external_ref, incident.imported) == ("T-1", True)


@pytest.mark.parametrize(
    ("here", "there", "expected"),
    [
        ("new", "in_progress", [e.Acknowledged]),
        ("new", "on_hold", [e.Held]),
        ("on_hold", "in_progress", [e.Resumed]),
        ("in_progress", "resolved", [e.Resolved]),
        ("resolved", "closed", [e.Closed]),
        ("resolved", "in_progress", [e.Reopened]),
        ("new", "cancelled", [e.Cancelled]),
        # none of ours, and taken all the same
        ("new", "closed", [e.Closed]),
        ("closed", "in_progress", [e.Reopened]),
        ("resolved", "on_hold", [e.Reopened, e.Held]),
        ("closed", "resolved", [e.Reopened, e.Resolved]),
        ("cancelled", "in_progress", [e.Reopened]),
        ("in_progress", "new", [b.StatusStated]),
        ("resolved", "new", [e.Reopened, b.StatusStated]),
    ],
)
def test_a_change_of_status_is_told_by_our_events(
    here: str, there: str, expected: list[type[Event]]
) -> None:
    assert kinds(begun(status=here), step(1, status=there)) == expected


@pytest.mark.parametrize("here", STATUSES)
@pytest.mark.parametrize("there", STATUSES)
def test_any_step_leads_where_the_record_went(here: str, there: str) -> None:
    first, second = step(status=here), step(1, status=there)
    assert told(first, second).status == there


def test_only_what_differs_becomes_an_event() -> None:
    incident = begun(status="in_progress", group="56", assigned_to="31", category="55")
    same = step(1, status="in_progress", group="56", category="55")
    assert kinds(incident, same) == [b.SourceStated]
    assert kinds(incident, step(1, group=None)) == [e.Assigned]
    (moved,) = follows(incident, step(1, group="70"), QUIET)
    assert isinstance(moved, e.Assigned)
    assert (moved.group, moved.person) == ("70", "31")


def test_a_reopening_comes_before_what_else_changed_with_it() -> None:
    reopening = step(1, status="in_progress", group="24")
    assert kinds(begun(status="closed"), reopening) == [e.Reopened, e.Assigned]


def test_another_reason_to_wait_is_told() -> None:
    waiting = begun(status="on_hold", hold_reason=HoldReason.AWAITING_VENDOR)
    other = step(1, status="on_hold", hold_reason=HoldReason.AWAITING_CALLER)
    assert kinds(waiting, other) == [e.Held]
    assert kinds(waiting, step(1, status="on_hold")) == [b.SourceStated]


def test_a_resolution_told_later_keeps_its_time() -> None:
    late = step(5, resolution="Restarted", resolution_code=ResolutionCode.WORKAROUND)
    incident = told(step(status="resolved"), late)
    assert (incident.resolved_at, incident.resolution) == (DAY, "Restarted")


def test_a_note_is_kept() -> None:
    assert kinds(begun(), step(1, note="Called back")) == [e.Noted]


def test_each_event_has_the_source_s_time_and_actor_and_one_what_it_stated() -> None:
    later = step(3, status="resolved", group="70", note="Done")
    events = follows(begun(group="56"), later, Manner("theirs", live=True))
    origins = [event.origin for event in events]
    assert [(o.at, o.by, o.live) for o in origins if o] == [(later.at, "21", True)] * 3
    assert [o.stated for o in origins if o] == [{"mod": 3}, {}, {}]


def test_what_the_source_states_adds_up() -> None:
    incident = told(step(0), step(1), step(2, status="closed"))
    assert incident.stated == {"mod": 2}


def test_it_closes_by_itself_only_where_it_is_live() -> None:
    live = Manner("theirs", live=True, close_after_days=5)
    for manner, days in ((QUIET, None), (live, 5)):
        (resolved,) = follows(begun(), step(1, status="resolved"), manner)
        assert isinstance(resolved, e.Resolved)
        assert resolved.close_after_days == days


@pytest.mark.parametrize(
    ("here", "there", "why"),
    [
        ("new", "closed", "is new"),
        ("closed", "in_progress", "takes an incident manager"),
        ("resolved", "on_hold", "is resolved"),
        ("cancelled", "new", "is cancelled"),
    ],
)
def test_a_step_that_is_none_of_ours_is_listed(here: str, there: str, why: str) -> None:
    (found,) = deviated(begun(status=here), step(1, status=there))
    assert (found.step, found.change) == (2, f"{here} → {there}")
    assert why in found.reason


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("new", "in_progress"), ("new", "resolved"), ("on_hold", "resolved"), ("new", "new"),
        ("resolved", "closed"), ("resolved", "in_progress"), ("on_hold", "on_hold"),
    ],
)  # fmt: skip
def test_one_of_ours_is_not(here: str, there: str) -> None:
    assert deviated(begun(status=here), step(1, status=there)) == []


def test_a_change_that_we_would_not_make_is_listed() -> None:
    (found,) = deviated(begun(status="closed"), step(1, group="70"))
    assert (found.change, found.reason) == ("assign", "the incident is closed; reopen it first")


def deviated(incident: Incident, later: Step) -> list[Any]:
    events: list[IncidentEvent] = list(follows(incident, later, QUIET))
    return list(deviations(incident, 2, later, events))


def test_histories_that_begin_alike_have_the_same_digests() -> None:
    first, second, third = step(0), step(1, group="70"), step(2)
    assert digests([first, second, third])[:2] == digests([first, second])
    assert digests([first, third])[1] != digests([first, second])[1]
    assert digests([second, first])[1] != digests([first, second])[1]
