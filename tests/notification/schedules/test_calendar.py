"""The calendar: read again by rules of RFC 5545 that are written down here a second time."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.notification.schedules import schedule
from services.notification.schedules.calendar import calendar, escaped, folded
from services.notification.schedules.events import Layer, ScheduleSet, Unit
from services.notification.schedules.on_call import shifts
from services.notification.schedules.schedule import Schedule

STREAM = UUID("0199aaaa-0000-7000-8000-000000000001")
START = datetime(2026, 3, 27, tzinfo=UTC)
NASTY = st.text(st.characters(exclude_categories=["Cs"]), max_size=120)


def lines_of(content: str) -> list[str]:
    """Content lines, unfolded."""
    assert content.endswith("\r\n")
    physical = content.split("\r\n")[:-1]
    assert all(len(line.encode()) <= 75 and "\n" not in line for line in physical)
    unfolded: list[str] = []
    for line in physical:
        if line.startswith(" "):
            unfolded[-1] += line[1:]
        else:
            unfolded.append(line)
    return unfolded


def text_of(value: str) -> str:
    """A text value as it is meant."""
    marks = {"n": "\n", "N": "\n"}
    told, characters = "", iter(value)
    for character in characters:
        assert character not in ";,"
        following = next(characters) if character == "\\" else ""
        told += marks.get(following, following) or character
    return told


def state_of(name: str) -> Schedule:
    layer = Layer(people=("ada", "bob"), starts_on=date(2026, 3, 28), unit=Unit.DAY)
    said = ScheduleSet(key="k", name=name, time_zone="Europe/Berlin", layers=(layer,), at=START)
    return schedule.evolve(Schedule(), said)


def written(name: str) -> str:
    told = shifts(state_of(name), START, START + timedelta(days=4))
    return calendar(STREAM, name, START, told)


def test_a_calendar_has_an_event_for_each_shift_and_none_for_a_gap() -> None:
    lines = lines_of(written("Payments"))
    events: list[dict[str, Any]] = []
    for line in lines:
        name, _, value = line.partition(":")
        if line == "BEGIN:VEVENT":
            events.append({})
        elif events:
            events[-1][name] = value
    assert [(e["DTSTART"], e["DTEND"]) for e in events] == [
        ("20260328T080000Z", "20260329T070000Z"),
        ("20260329T070000Z", "20260330T070000Z"),
        ("20260330T070000Z", "20260331T000000Z"),
    ]
    assert [e["SUMMARY"][:3] for e in events] == ["ada", "bob", "ada"]
    assert len({e["UID"] for e in events}) == 3
    assert (lines[0], lines[1], lines[-1]) == ("BEGIN:VCALENDAR", "VERSION:2.0", "END:VCALENDAR")
    assert written("Payments") == written("Payments")


@given(NASTY)
def test_a_name_brings_no_lines_of_its_own(name: str) -> None:
    lines = lines_of(written(name))
    assert sum(line.startswith("BEGIN:") for line in lines) == 4
    (told,) = [line.removeprefix("X-WR-CALNAME:") for line in lines if line.startswith("X-WR")]
    plain = "".join(c if c >= " " and c != "\x7f" else " " for c in name.replace("\r\n", " "))
    assert text_of(told).replace("\n", " ") == plain


@given(NASTY)
def test_folding_loses_nothing(text: str) -> None:
    line = f"SUMMARY:{escaped(text)}"
    assert lines_of(folded(line)) == [line]
