"""When maintenance is: by hand where clocks change, against brute force everywhere else."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.incident.catalogue.events import Every, Repeats
from services.incident.catalogue.known import Present
from services.incident.catalogue.maintenance import (
    Interval,
    covers,
    length,
    merged,
    occurrences,
    within,
    without,
)
from services.incident.catalogue.window import Window
from shared.clock import new_id

BERLIN = "Europe/Berlin"
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def utc(month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def weekly(start: datetime, duration: timedelta, **more: object) -> Window:
    repeats = Repeats(every=Every.WEEK, **more)  # type: ignore[arg-type]
    return Window(starts_at=start, ends_at=start + duration, time_zone=BERLIN, repeats=repeats)


def test_a_window_begins_at_its_first_moment_and_is_over_at_its_last() -> None:
    window = Window(starts_at=utc(3, 1), ends_at=utc(3, 2))
    moments = (utc(3, 1) - timedelta(microseconds=1), utc(3, 1), utc(3, 2))
    assert [covers(window, at) for at in moments] == [False, True, False]
    assert covers(window, utc(3, 2) - timedelta(microseconds=1))


def test_a_repetition_keeps_the_hour_on_the_wall() -> None:
    """Sundays from 3 to 5 in Berlin; clocks go forward on the 29th of March."""
    window = weekly(utc(3, 22, 2), 2 * HOUR)
    found = list(occurrences(window, utc(3, 20), utc(4, 6)))
    assert [(i.start, i.end) for i in found] == [
        (utc(3, 22, 2), utc(3, 22, 4)),
        (utc(3, 29, 1), utc(3, 29, 3)),
        (utc(4, 5, 1), utc(4, 5, 3)),
    ]


def test_where_the_clocks_leave_nothing_of_an_occurrence_there_is_none() -> None:
    """From 2 to 3 at night: on the 29th of March this hour is left out."""
    window = weekly(utc(3, 22, 1), HOUR)
    assert [i.start.day for i in occurrences(window, utc(3, 20), utc(4, 6))] == [22, 5]


def test_it_repeats_every_other_week_and_no_more_after_its_end() -> None:
    window = weekly(utc(6, 7), HOUR, interval=2, until=utc(7, 5))
    assert [i.start for i in occurrences(window, utc(1, 1), utc(12, 1))] == [utc(6, 7), utc(6, 21)]


def test_a_retired_window_has_been_until_then() -> None:
    window = Window(starts_at=utc(3, 1), ends_at=utc(3, 2), retired_at=utc(3, 1, 12))
    assert list(occurrences(window, utc(1, 1), utc(12, 1))) == [Interval(utc(3, 1), utc(3, 1, 12))]
    never = Window(starts_at=utc(3, 1), ends_at=utc(3, 2), retired_at=utc(2, 1))
    assert list(occurrences(never, utc(1, 1), utc(12, 1))) == []


@pytest.mark.parametrize(
    "at", [datetime(1970, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)]
)
def test_no_moment_is_too_far(at: datetime) -> None:
    assert not covers(weekly(utc(3, 1), HOUR, interval=52), at)


@given(
    start=st.integers(0, 365 * 24 * 60).map(lambda m: utc(1, 1) + timedelta(minutes=m)),
    minutes=st.integers(1, 24 * 60),
    interval=st.integers(1, 5),
    every=st.sampled_from(list(Every)),
    zone=st.sampled_from([BERLIN, "UTC", "America/New_York", "Australia/Lord_Howe"]),
    offset=st.integers(-3 * 24 * 60, 120 * 24 * 60),
)
def test_a_moment_is_covered_if_any_repetition_holds_it(  # noqa: PLR0917
    start: datetime, minutes: int, interval: int, every: Every, zone: str, offset: int
) -> None:
    first = (start, start + timedelta(minutes=minutes))
    window = Window(
        starts_at=first[0], ends_at=first[1], time_zone=zone,
        repeats=Repeats(every=every, interval=interval),
    )  # fmt: skip
    at = first[0] + timedelta(minutes=offset)
    days = interval * (1 if every is Every.DAY else 7)
    walls = [moment.astimezone(ZoneInfo(zone)) for moment in first]
    occurring = ([(wall + n * days * DAY).astimezone(UTC) for wall in walls] for n in range(200))
    expected = any(begins <= at < ends for begins, ends in occurring)
    assert covers(window, at) == expected


numbers = st.integers(0, 40)
intervals = st.lists(st.tuples(numbers, numbers)).map(
    lambda pairs: [Interval(utc(1, 1) + a * HOUR, utc(1, 1) + b * HOUR) for a, b in pairs if a < b]
)


def hours_of(found: list[Interval]) -> set[int]:
    """Brute force: the hours that these intervals hold."""
    return {n for n in range(41) if any(i.start <= utc(1, 1) + n * HOUR < i.end for i in found)}


@given(intervals, intervals, numbers, numbers)
def test_intervals_are_sets_of_moments(
    some: list[Interval], taken: list[Interval], start: int, end: int
) -> None:
    assert hours_of(merged(some)) == hours_of(some)
    assert hours_of(without(some, taken)) == hours_of(some) - hours_of(taken)
    cut = within(some, utc(1, 1) + start * HOUR, utc(1, 1) + end * HOUR)
    assert hours_of(cut) == hours_of(some) & set(range(start, end))
    assert length(without(some, taken)) == len(hours_of(some) - hours_of(taken)) * HOUR


def test_only_what_a_window_names_is_in_maintenance() -> None:
    present = Present()
    row = {"id": new_id(), "version": 3, "services": ["checkout"], "items": ["db-1"]}
    row |= {"starts_at": utc(3, 1), "ends_at": utc(3, 2), "time_zone": "UTC", "repeats": None}
    present.take_windows([row | {"reason": "Patches", "retired_at": None}])
    found = present.maintenance(utc(3, 1, 1), service="checkout")
    assert found is not None
    assert (found.id, found.version) == (row["id"], 3)
    assert present.maintenance(utc(3, 1, 1), item="db-1") == found
    assert present.maintenance(utc(3, 1, 1), service="db-1", item="checkout") is None
    assert present.maintenance(utc(3, 3), service="checkout") is None
