"""Rotations over daylight saving: the hand-over stays where the clock on the wall shows it."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from dateutil import tz
from hypothesis import given
from hypothesis import strategies as st

from services.notification.schedules import on_call as fast
from services.notification.schedules import rotation, schedule
from services.notification.schedules.events import (
    Hours,
    Layer,
    Overridden,
    OverrideRemoved,
    ScheduleEvent,
    ScheduleRetired,
    ScheduleSet,
    Unit,
    Weekday,
)
from services.notification.schedules.on_call import Gap
from services.notification.schedules.schedule import Schedule
from shared.clock import new_id
from tests.notification.schedules import naive

CHANGES = {
    "Europe/Berlin": [date(2026, 3, 29), date(2026, 10, 25)],
    "America/New_York": [date(2026, 3, 8), date(2026, 11, 1)],
    "Australia/Lord_Howe": [date(2026, 4, 5), date(2026, 10, 4)],  # by half an hour
    "America/Santiago": [date(2026, 4, 5), date(2026, 9, 6)],  # at midnight
    "Pacific/Auckland": [date(2026, 4, 5), date(2026, 9, 27)],
}
"""Five zones, and the days on which their clocks change."""

SAID = datetime(2026, 1, 1, tzinfo=UTC)
zones = st.sampled_from(sorted(CHANGES))
clocks = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))
hours = st.builds(
    Hours,
    days=st.lists(st.sampled_from(Weekday), min_size=1, max_size=7, unique=True).map(tuple),
    start=clocks,
    end=clocks,
)


def layers(near: date) -> st.SearchStrategy[Layer]:
    starts = st.integers(-20, 5).map(lambda days: near + timedelta(days=days))
    return st.builds(
        Layer,
        people=st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4).map(tuple),
        starts_on=starts,
        handover=clocks,
        unit=st.sampled_from(Unit),
        every=st.integers(1, 9),
        ends_on=st.none() | st.just(near + timedelta(days=9)),
        hours=st.lists(hours, max_size=2).map(tuple),
    )


@st.composite
def around_a_change(draw: Any) -> tuple[str, date, datetime]:
    """A zone, a day its clocks change, and a moment within two days of that."""
    zone = draw(zones)
    day = draw(st.sampled_from(CHANGES[zone]))
    minutes = draw(st.integers(-2 * 1440, 3 * 1440))
    return (
        zone,
        day,
        datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minutes),
    )


@given(around_a_change(), clocks)
def test_a_time_of_the_clock_is_the_moment_dateutil_says(
    place: tuple[str, date, datetime], clock: str
) -> None:
    zone, day, _ = place
    local = datetime.combine(day, datetime.strptime(clock, "%H:%M").time())  # noqa: DTZ007
    assert rotation.instant(day, clock, zone) == naive.moment(local, zone)


@given(around_a_change(), st.data())
def test_whose_turn_it_is_where_clocks_change(place: tuple[str, date, datetime], data: Any) -> None:
    zone, day, at = place
    said = ScheduleSet(
        key="k",
        name="K",
        time_zone=zone,
        layers=tuple(data.draw(st.lists(layers(day), max_size=3))),
        at=SAID,
    )
    state = schedule.evolve(Schedule(), said)
    assert fast.on_call(state, at).person == naive.on_call([said], at, at + timedelta(days=1))


@given(around_a_change(), st.data())
def test_shifts_say_the_same_as_each_moment_of_them(
    place: tuple[str, date, datetime], data: Any
) -> None:
    zone, day, start = place
    layer = data.draw(layers(day))
    said = ScheduleSet(key="k", name="K", time_zone=zone, layers=(layer,), at=SAID)
    state = schedule.evolve(Schedule(), said)
    end = start + timedelta(days=3)
    told = list(fast.shifts(state, start, end))
    assert (told[0].start, told[-1].end) == (start, end)
    for one, other in pairwise(told):
        assert one.end == other.start
        assert one.duty != other.duty
    at = start + timedelta(minutes=data.draw(st.integers(0, 3 * 1440 - 1)))
    (within,) = [each for each in told if each.start <= at < each.end]
    assert within.duty == fast.on_call(state, at)


def test_a_handover_keeps_its_clock_time_when_clocks_change() -> None:
    layer = Layer(people=("a", "b"), starts_on=date(2026, 3, 27), unit=Unit.DAY)
    handovers = [rotation.turn(layer, "Europe/Berlin", _utc(3, day, 12)) for day in (28, 29)]
    assert [turn and turn.start for turn in handovers] == [_utc(3, 28, 8), _utc(3, 29, 7)]


def test_a_turn_at_a_day_that_a_zone_left_out_is_empty() -> None:
    """Samoa had no 30 December 2011."""
    layer = Layer(people=("a", "b", "c"), starts_on=date(2011, 12, 29), unit=Unit.DAY)
    on_30 = datetime(2011, 12, 30, 18, tzinfo=UTC)  # the 30th by the old clock, before nine
    at = [on_30, on_30 + timedelta(hours=2)]
    assert [_person(layer, "Pacific/Apia", moment) for moment in at] == ["a", "c"]


def _utc(month: int, day: int, hour: int) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def _person(layer: Layer, zone: str, at: datetime) -> str | None:
    turn = rotation.turn(layer, zone, at)
    return turn and turn.person


def history() -> list[ScheduleEvent]:
    """Two years of a schedule that was changed, overridden, retired and taken up again."""
    day = Layer(
        people=("ada", "bob", "cleo"),
        starts_on=date(2025, 1, 6),
        hours=(Hours(days=tuple(Weekday)[:5], start="08:00", end="18:00"),),
    )
    night = Layer(
        people=("dan", "eve"), starts_on=date(2025, 1, 6), handover="18:00", unit=Unit.DAY
    )
    over = [new_id() for _ in range(4)]
    return [
        _set(datetime(2025, 1, 7, tzinfo=UTC), "Europe/Berlin", night, day),
        _stands_in(over[0], "zoe", datetime(2025, 3, 29, 20, tzinfo=UTC), hours=30),
        _set(
            datetime(2025, 6, 1, 12, tzinfo=UTC),
            "America/New_York",
            Layer(people=("ada", "dan"), starts_on=date(2025, 5, 1), unit=Unit.HOUR, every=12),
        ),
        _stands_in(over[1], "zoe", datetime(2025, 6, 1, 6, tzinfo=UTC), hours=48),
        _stands_in(over[2], "yan", datetime(2025, 6, 2, 0, tzinfo=UTC), hours=3),
        OverrideRemoved(override=over[0]),
        ScheduleRetired(key="k", at=datetime(2025, 12, 1, tzinfo=UTC)),
        _set(datetime(2026, 1, 1, tzinfo=UTC), "Pacific/Auckland", night),
        _stands_in(over[3], "xia", datetime(2025, 12, 20, tzinfo=UTC), hours=5),
    ]


def _set(at: datetime, zone: str, *said: Layer) -> ScheduleSet:
    return ScheduleSet(key="k", name="K", time_zone=zone, layers=said, at=at)


def _stands_in(id: Any, person: str, start: datetime, *, hours: int) -> Overridden:
    return Overridden(override=id, person=person, start=start, end=start + timedelta(hours=hours))


def test_who_was_on_call_is_what_a_replay_says_at_ten_thousand_moments() -> None:
    events, state = history(), Schedule()
    for event in events:
        state = schedule.evolve(state, event)
    began = datetime(2024, 12, 31, tzinfo=UTC)
    moments = [
        began + timedelta(minutes=(n * 7919 * 101) % (2 * 365 * 1440)) for n in range(10_000)
    ]
    horizon = datetime(2027, 2, 1, tzinfo=UTC)
    told = [fast.on_call(state, at).person for at in moments]
    assert told == [naive.on_call(events, at, horizon) for at in moments]
    assert {*"ada bob cleo dan eve zoe yan xia".split(), None} == set(told)


@pytest.mark.parametrize(
    ("at", "gap"),
    [
        (datetime(2025, 1, 1, tzinfo=UTC), Gap.NOT_YET),
        (datetime(2025, 12, 2, tzinfo=UTC), Gap.RETIRED),
    ],
)
def test_a_gap_says_why(at: datetime, gap: Gap) -> None:
    state = Schedule()
    for event in history():
        state = schedule.evolve(state, event)
    assert fast.on_call(state, at).gap is gap


def test_dateutil_knows_the_same_zones() -> None:
    assert all(tz.gettz(zone) is not None for zone in CHANGES)
