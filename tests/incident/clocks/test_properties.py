"""Calendars and clocks against what counts every minute by itself, over random worlds."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.incident import events as e
from services.incident.clocks.calendar import SECOND, Calendar, micros, moment_at
from services.incident.clocks.documents import CalendarDocument, SlaDocument
from services.incident.clocks.fold import fold
from services.incident.clocks.rules import calendar_of, rules_of
from services.incident.clocks.steps import settled, steps_of
from services.incident.clocks.view import clock_view
from tests.incident.clocks.brute import MINUTE, Hours, Promise, World
from tests.incident.clocks.worked import recorded

ZONES = [
    "UTC", "Europe/Berlin", "America/New_York", "America/St_Johns", "Australia/Lord_Howe",
    "Africa/Cairo", "Asia/Kathmandu", "America/Havana", "Pacific/Chatham", "Africa/Casablanca",
]  # fmt: skip
# Where something happens: clocks that go forward or back in one of these zones, and quiet days.
DAYS = [
    date(2026, 3, 7), date(2026, 3, 28), date(2026, 4, 4), date(2026, 4, 23), date(2026, 6, 1),
    date(2026, 9, 26), date(2026, 10, 3), date(2026, 10, 24), date(2026, 10, 29),
    date(2026, 10, 31), date(2026, 12, 30), date(2026, 2, 14), date(2026, 3, 21),
]  # fmt: skip
HOLDS = ["awaiting_caller", "awaiting_vendor"]

quarters = st.integers(0, 95).map(lambda quarter: quarter * 15)


@st.composite
def spans(draw: st.DrawFn) -> dict[int, list[tuple[int, int]]]:
    """Hours that do not overlap: by day, or one shift over midnight on every day."""
    if draw(st.booleans()):
        start, end = draw(quarters), draw(quarters)
        days = draw(st.sets(st.integers(0, 6), min_size=1))
        return {day: [(start, end)] for day in days if start != end} or {0: [(540, 1020)]}
    cuts = sorted(draw(st.sets(quarters, min_size=2, max_size=6)))
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    return dict.fromkeys(draw(st.sets(st.integers(0, 6), min_size=2)), pairs)


@st.composite
def calendars(draw: st.DrawFn) -> Hours:
    """Any calendar, with a holiday now and then."""
    days = st.builds(
        lambda day, n: day + timedelta(days=n), st.sampled_from(DAYS), st.integers(0, 3)
    )
    holidays = draw(st.frozensets(days, max_size=2))
    return Hours(draw(st.sampled_from(ZONES)), draw(spans()), holidays)


def built(hours: Hours) -> Calendar:
    return calendar_of(CalendarDocument.model_validate(hours.document()))


starts = st.builds(
    lambda day, minute: datetime(day.year, day.month, day.day, tzinfo=UTC) + minute * MINUTE,
    st.sampled_from(DAYS),
    st.integers(0, 2 * 1440),
)


@given(hours=calendars(), start=starts, minutes=st.integers(0, 3 * 1440))
@settings(max_examples=50, deadline=None)
def test_working_time_is_that_of_its_minutes(hours: Hours, start: datetime, minutes: int) -> None:
    counted = sum(hours.works(start + n * MINUTE) for n in range(minutes))
    end = start + minutes * MINUTE
    assert built(hours).working(micros(start), micros(end)) == counted * 60 * SECOND


instants = st.integers(
    micros(datetime(2020, 1, 1, tzinfo=UTC)), micros(datetime(2030, 1, 1, tzinfo=UTC))
)


@given(hours=calendars(), moments=st.lists(instants, min_size=3, max_size=3))
@settings(max_examples=30, deadline=None)
def test_working_time_adds_up_over_any_years(hours: Hours, moments: list[int]) -> None:
    a, b, c = sorted(moments)
    calendar = built(hours)
    assert calendar.working(a, b) + calendar.working(b, c) == calendar.working(a, c)
    assert 0 <= calendar.working(a, b) <= b - a
    assert calendar.working(b, a) == 0


@given(hours=calendars(), start=instants, amount=st.integers(1, 3000 * 3600 * SECOND))
@settings(max_examples=30, deadline=None)
def test_the_instant_after_some_work_is_the_first_one(
    hours: Hours, start: int, amount: int
) -> None:
    calendar = built(hours)
    after = calendar.after(start, amount)
    assert after is not None
    assert calendar.working(start, after) == amount
    assert calendar.working(start, after - 1) == amount - 1


@st.composite
def stories(draw: st.DrawFn) -> list[tuple[int, str, Any]]:
    """What may happen to an incident: minutes after its declaration, what, and of which kind."""
    told: list[tuple[int, str, Any]] = [(0, "priority", draw(st.sampled_from([None, 1, 2, 3])))]
    minute, status, answered = 0, "open", False
    for _ in range(draw(st.integers(0, 8))):
        minute += draw(st.sampled_from([0, 1, 7, 30, 45, 60, 240, 600, 1440]))
        possible = {
            "open": ["priority", "hold", "resolve"] + ["acknowledge"] * (not answered),
            "hold": ["priority", "hold", "resume", "resolve"],
            "resolved": ["reopen", "priority"],
        }[status]
        what = draw(st.sampled_from(possible))
        argument = draw(st.sampled_from([1, 2, 3] if what == "priority" else HOLDS))
        answered = answered or what in ("acknowledge", "resolve")
        status = {"hold": "hold", "resume": "open", "resolve": "resolved", "reopen": "open"}.get(
            what, status
        )
        told.append((minute, what, argument))
    return told


@st.composite
def promises(draw: st.DrawFn) -> dict[tuple[str, int], Promise]:
    """A target of each kind for each priority."""
    made = {}
    for kind in ("response", "resolution"):
        for priority in (1, 2, 3):
            made[kind, priority] = Promise(
                f"{kind}-{priority}",
                kind,
                draw(st.sampled_from([15, 30, 60, 90, 240, 480])),
                draw(st.frozensets(st.sampled_from(HOLDS))),
                draw(st.sampled_from(["keep", "reset", "reset_retroactive"])),
            )
    return made


def _policy(hours: Hours, made: dict[tuple[str, int], Promise]) -> dict[str, Any]:
    targets = [
        {
            "name": promise.name, "kind": promise.kind, "when": {"priority": [priority]},
            "duration": promise.minutes * 60, "calendar": "hours",
            "pauses_on": sorted(promise.pauses_on), "on_priority_change": promise.on_change,
        }
        for (_, priority), promise in made.items()
    ]  # fmt: skip
    document = {"calendars": {"hours": hours.document()}, "targets": targets}
    return SlaDocument.model_validate(document).model_dump(mode="json")


def _event(what: str, argument: Any, moment: datetime) -> e.IncidentEvent:
    match what:
        case "priority":
            return e.Prioritised(impact=1, urgency=1, priority=argument, matrix_version=1)
        case "hold":
            return e.Held(reason=e.HoldReason(argument))
        case "acknowledge":
            return e.Acknowledged(at=moment)
        case "resolve":
            return e.Resolved(code=e.ResolutionCode.FIXED, summary="Done", at=moment)
        case "reopen":
            return e.Reopened(reason="Again")
        case _:
            return e.Resumed()


@given(
    hours=calendars(),
    start=starts,
    story=stories(),
    made=promises(),
    rest=st.sampled_from([0, 1, 30, 240, 1000]),
)
@settings(max_examples=60, deadline=None)
def test_clocks_are_what_counting_every_minute_says(
    hours: Hours,
    start: datetime,
    story: list[tuple[int, str, Any]],
    made: dict[tuple[str, int], Promise],
    rest: int,
) -> None:
    events = [(start + minute * MINUTE, what, argument) for minute, what, argument in story]
    now = events[-1][0] + rest * MINUTE
    world = World(hours, made)
    world.live(events if story[0][2] else [(start, "begin", None), *events[1:]], now)
    declared = e.Declared(number=1, title="Slow", reporter="rita", priority=story[0][2])
    happened = [declared, *(_event(what, argument, at) for at, what, argument in events[1:])]
    log = [
        recorded(event, at, position, position)
        for position, (event, (at, _, _)) in enumerate(zip(happened, events, strict=True), 1)
    ]
    rules, moment = rules_of(_policy(hours, made), 1), micros(now)
    clocks = fold(steps_of(log), lambda _: rules)
    views = [clock_view(clock, moment) for clock in clocks]
    for kind in ("response", "resolution"):
        counted = [c for c in world.clocks if c.promise.kind == kind]
        found = [view for view in views if view.kind == kind]
        assert [(v.target, v.state, v.elapsed_seconds, v.breached_at) for v in found] == [
            (c.promise.name, world.state(c), c.minutes * 60, c.breached) for c in counted
        ]
        for view, clock in zip(found, counted, strict=True):
            if view.state == "running":
                expected = world.due(clock, now, 8)
                later = view.due_at is None or view.due_at > now + timedelta(days=8)
                assert view.due_at == expected or (expected is None and later)
    again = fold(settled(steps_of(log), moment), lambda _: rules)
    assert [clock_view(clock, moment) for clock in again] == views


def test_an_amount_that_never_passes_is_due_never() -> None:
    calendar = built(Hours("UTC", {0: [(0, 15)]}))
    assert calendar.after(micros(datetime(2026, 1, 1, tzinfo=UTC)), 10**6 * 3600 * SECOND) is None
    far = micros(datetime(9998, 12, 31, tzinfo=UTC))
    assert calendar.after(far, SECOND) is None
    assert moment_at(far).year == 9998
