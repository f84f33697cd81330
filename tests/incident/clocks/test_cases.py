"""Clocks against cases calculated by hand, each told as it happened."""

import re
from datetime import datetime
from itertools import pairwise
from operator import attrgetter

import pytest

from services.incident.clocks.calendar import micros, moment_at
from services.incident.clocks.clock import Clock
from services.incident.clocks.fold import fold
from services.incident.clocks.steps import settled, steps_of
from services.incident.clocks.view import ClockView, VerdictView, clock_view
from tests.incident.clocks.worked import Case, at, cases

CASES = list(cases())


def _clocks(case: Case) -> tuple[list[Clock], int]:
    steps = steps_of(case.events)
    moment = case.now or case.then
    assert moment is not None
    now = micros(moment)
    return fold(settled(steps, now) if case.then else steps, case.rules_at), now


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_worked_case(case: Case) -> None:
    clocks, now = _clocks(case)
    views = [clock_view(clock, now) for clock in clocks]
    assert bool(case.expected) == bool(views)
    for kind, number, state, expected in case.expected:
        found = [v for v in views if v.kind == kind and v.round == (number or 0)]
        assert len(found) == 1, (kind, number)
        assert number is not None or sum(v.kind == kind for v in views) == 1
        assert {"state": state, **expected} == {
            "state": found[0].state,
            **{name: _same(told, _told(found[0], name)) for name, told in expected.items()},
        }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_second_is_accounted_for(case: Case) -> None:
    clocks, now = _clocks(case)
    for clock in clocks:
        view = clock_view(clock, now)
        end = view.stopped_at or max(moment_at(now), view.started_at)
        if view.segments:
            assert view.segments[0].begin == view.started_at
            assert view.segments[-1].until == end
        else:
            assert end == view.started_at
        assert all(one.until == other.begin for one, other in pairwise(view.segments))
        assert sum(s.counted_seconds for s in view.segments) == view.elapsed_seconds
        assert all(s.counted_seconds == 0 for s in view.segments if s.kind == "paused")
        assert {s.because.event for s in view.segments} <= {each.event_id for each in case.events}


_PLACES = {
    "elapsed": "elapsed_seconds",
    "left": "remaining_seconds",
    "recorded": "verdict.recorded",
    "corrected": "verdict.corrected",
    "target": "target",
    "version": "policy_version",
}


def _told(view: ClockView, name: str) -> object:
    return attrgetter(_PLACES.get(name, f"{name}_at"))(view)


def _same(told: str, found: object) -> object:
    """What was expected where that is what was found; else what was found."""
    if isinstance(found, VerdictView):
        verdict, _, moment = told.partition("@")
        return told if moment and (verdict, at(moment)) == (found.verdict, found.at) else found
    if isinstance(found, datetime):
        return told if told != "-" and at(told) == found else found
    if isinstance(found, float):
        return told if _seconds(told) == found else found
    return told if found is None and told == "-" else str(found)


def _seconds(told: str) -> float:
    hours, minutes, seconds = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", told).groups()  # type: ignore[union-attr]
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
