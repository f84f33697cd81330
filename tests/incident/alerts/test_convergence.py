"""However a monitor's news is repeated, reordered and mixed, it ends the same."""

import itertools
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from services.incident.alerts.course import Course, course
from services.incident.alerts.events import AlertStatus, Heard, Signal
from services.incident.alerts.group import AlertGroup, evolve, news

T0 = datetime(2026, 3, 1, 10, tzinfo=UTC)
ECHO = timedelta(minutes=10)
WINDOW = timedelta(minutes=30)


@st.composite
def histories(draw: st.DrawFn) -> list[Signal]:
    """For each of a few alerts up to four intervals, one after the other; the last may be open."""
    told = []
    for name in draw(st.sets(st.sampled_from("abc"), min_size=1)):
        edges = draw(st.lists(st.integers(0, 500), min_size=1, max_size=8, unique=True))
        marks = [T0 + timedelta(seconds=n) for n in sorted(edges)]
        for place in range(0, len(marks), 2):
            start, end = marks[place], marks[place + 1] if place + 1 < len(marks) else None
            fires = Signal(fingerprint=name, status=AlertStatus.FIRING, starts_at=start)
            told.append(fires)
            if end is not None:
                over = {"status": AlertStatus.RESOLVED, "ends_at": end}
                told.append(msgspec.structs.replace(fires, **over))
    return told


@st.composite
def mixed(draw: st.DrawFn) -> tuple[list[Signal], list[list[Signal]]]:
    """A history, and the same in notifications: in any order, some of it several times."""
    history = draw(histories())
    again = draw(st.lists(st.sampled_from(history), max_size=8))
    order = draw(st.permutations(history + again))
    cuts = sorted(draw(st.sets(st.integers(1, len(order)), max_size=5)))
    bounds = [0, *cuts, len(order)]
    return history, [order[a:b] for a, b in itertools.pairwise(bounds) if a < b]


def hear(group: AlertGroup, signals: list[Signal], number: int) -> AlertGroup:
    """One notification; all of them within the echo time."""
    at = T0 + timedelta(minutes=9, seconds=number)
    places = news(group, signals, at=at, echo=ECHO)
    if not places:
        return group
    told = tuple(signals[place] for place in places)
    heard = Heard(receiver="r", group_key="g", signals=told, at=at)
    has_begun = course(group, heard, None, WINDOW) is Course.DECLARE
    incident = UUID(int=7) if group.incident or has_begun else None
    return evolve(group, msgspec.structs.replace(heard, incident=incident))


def ends_as(notifications: list[list[Signal]]) -> tuple[bool, dict[str, bool], bool]:
    """Whether it fires, which of its alerts do, and whether there was an incident."""
    group = AlertGroup()
    for number, signals in enumerate(notifications):
        group = hear(group, signals, number)
    alerts = {name: told.fires for name, told in group.alerts.items()}
    return group.fires, alerts, group.incident is not None


@given(mixed())
def test_any_order_and_repetition_ends_as_the_history_does(
    told: tuple[list[Signal], list[list[Signal]]],
) -> None:
    history, notifications = told
    assert ends_as(notifications) == ends_as([[signal] for signal in history])


@given(mixed())
def test_what_ends_is_what_the_intervals_say(
    told: tuple[list[Signal], list[list[Signal]]],
) -> None:
    history, notifications = told
    open_ones = {
        s.fingerprint
        for s in history
        if s.status is AlertStatus.FIRING
        and not any(
            o.status is AlertStatus.RESOLVED and o.starts_at == s.starts_at
            for o in history
            if o.fingerprint == s.fingerprint
        )
    }
    _, alerts, _ = ends_as(notifications)
    assert {name for name, fires in alerts.items() if fires} == open_ones


@given(mixed())
def test_telling_everything_again_is_no_news(
    told: tuple[list[Signal], list[list[Signal]]],
) -> None:
    _, notifications = told
    assert ends_as(notifications + notifications) == ends_as(notifications)
