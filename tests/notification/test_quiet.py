"""Quiet hours, by the clock where somebody is."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notification.contact_events import QuietHours
from services.notification.decisions.quiet import quiet_until

NIGHT = QuietHours(time_zone="Europe/Berlin", start="22:00", end="07:00", but_priorities=(1,))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2026-11-22T20:59:59", None),
        ("2026-11-22T21:00:00", "2026-11-23T06:00:00"),
        ("2026-11-23T05:59:59", "2026-11-23T06:00:00"),
        ("2026-11-23T06:00:00", None),
        ("2026-10-24T20:00:00", "2026-10-25T06:00:00"),  # the night with one hour more
        ("2026-03-28T21:00:00", "2026-03-29T05:00:00"),  # and the one with one less
    ],
)
def test_a_night_where_somebody_is(at: str, until: str | None) -> None:
    assert quiet_until(NIGHT, utc(at)) == (until and utc(until))


def test_some_priorities_come_through() -> None:
    at = utc("2026-11-22T23:00:00")
    assert quiet_until(NIGHT, at, 1) is None
    assert quiet_until(NIGHT, at, 2) is not None
    assert quiet_until(None, at) is None


def test_only_on_the_days_that_are_named() -> None:
    weekend = QuietHours(
        time_zone="America/New_York", start="00:00", end="00:00", days=("saturday", "sunday")
    )
    assert quiet_until(weekend, utc("2026-11-20T23:00:00")) is None  # Friday there
    assert quiet_until(weekend, utc("2026-11-21T12:00:00")) == utc("2026-11-22T05:00:00")
    assert quiet_until(weekend, utc("2026-11-23T05:00:00")) is None


ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]
CLOCKS = st.times().map(lambda t: t.strftime("%H:%M"))


@given(
    st.sampled_from(ZONES),
    CLOCKS,
    CLOCKS,
    st.integers(0, 365 * 24 * 60),
)
def test_they_end_within_a_day_at_the_time_that_was_said(
    zone: str, start: str, end: str, minutes: int
) -> None:
    hours = QuietHours(time_zone=zone, start=start, end=end)
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    until = quiet_until(hours, at)
    if until is None:
        return
    assert timedelta(0) < until - at <= timedelta(hours=25)
    shown = until.astimezone(ZoneInfo(zone))
    named = datetime.combine(shown.date(), shown.time().fromisoformat(end), ZoneInfo(zone))
    assert named.astimezone(UTC) == until
