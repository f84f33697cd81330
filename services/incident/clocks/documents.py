"""The policy of service levels as people write it: calendars with their hours, and targets."""

import re
from datetime import date
from functools import cache
from typing import Annotated, Any, Literal, get_args
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field

from services.incident.events import HoldReason
from shared.http.body import Body, Line, Name, Whole

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)

LONGEST = 366 * 86_400
_DURATION = re.compile(r"(?:PT)?(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?", re.IGNORECASE)
_SPAN = r"^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$"
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _known_zone(name: str) -> str:
    if name not in _zones():
        raise ValueError("must be a time zone of the IANA database, such as Europe/Berlin")
    return name


def _seconds(value: Any) -> Any:
    """A duration told as text, such as 4h, 1h30m or PT4H, as seconds."""
    if not isinstance(value, str):
        return value
    found = _DURATION.fullmatch(value)
    if found is None or not any(found.groups()):
        raise ValueError("must be seconds, or a text such as 30m, 4h, 1h30m or PT4H")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def _plain_date(value: Any) -> Any:
    if isinstance(value, date) or (isinstance(value, str) and _DAY.fullmatch(value)):
        return value
    raise ValueError("must be a date, such as 2026-12-25")


Zone = Annotated[str, Field(max_length=64, examples=["Europe/Berlin"]), AfterValidator(_known_zone)]
Span = Annotated[str, Field(pattern=_SPAN, examples=["09:00-17:30"])]
Duration = Annotated[
    Whole,
    Field(gt=0, le=LONGEST, description="Seconds, or a text such as 30m, 4h or 1h30m"),
    BeforeValidator(_seconds),
]
Words = Annotated[list[Name], Field(min_length=1, max_length=100)]
Priorities = Annotated[list[Annotated[Whole, Field(ge=1, le=9)]], Field(min_length=1, max_length=9)]


class Holiday(Body):
    """A date without working time, in the calendar's zone."""

    date: Annotated[date, BeforeValidator(_plain_date)]
    name: Line | None = None


class CalendarDocument(Body):
    """When people work: always, or these hours of each weekday; never on its holidays.

    Hours that end before they begin go on into the next day; 24:00 is a day's end.
    """

    timezone: Zone = "UTC"
    always: bool = False
    hours: dict[Weekday, Annotated[list[Span], Field(max_length=20)]] = {}
    holidays: Annotated[list[Holiday], Field(max_length=1000)] = []


class When(Body):
    """Which incidents: several values are alternatives, all that is named must hold."""

    priority: Priorities | None = None
    service: Words | None = None
    item: Words | None = None
    category: Words | None = None
    subcategory: Words | None = None
    group: Words | None = None


class TargetDocument(Body):
    """What is promised to which incidents.

    `pauses_on` names the reasons of a hold that stop the clock. `on_priority_change` says what
    becomes of a running clock when another target applies: it is kept, or the new target's clock
    begins then (`reset`) or counts from the declaration (`reset_retroactive`).
    """

    name: Name
    kind: Literal["response", "resolution"]
    when: When = When()
    duration: Duration
    calendar: Name
    pauses_on: Annotated[list[HoldReason], Field(max_length=10)] = list(HoldReason)
    on_priority_change: Literal["keep", "reset", "reset_retroactive"] = "reset_retroactive"
    warn_at: Annotated[float, Field(gt=0, lt=1)] = 0.75


Calendars = Annotated[dict[Name, CalendarDocument], Field(min_length=1, max_length=50)]


class SlaDocument(Body):
    """Calendars by name, and targets: the first of each kind that applies counts."""

    calendars: Calendars
    targets: Annotated[list[TargetDocument], Field(max_length=300)]


def _built_in() -> SlaDocument:
    promised = {
        1: ("15m", "4h"),
        2: ("30m", "8h"),
        3: ("2h", "24h"),
        4: ("8h", "72h"),
        5: ("24h", "120h"),
    }
    targets = [
        {
            "name": f"{kind}-p{priority}",
            "kind": kind,
            "when": {"priority": [priority]},
            "duration": durations[place],
            "calendar": "24x7",
        }
        for place, kind in enumerate(("response", "resolution"))
        for priority, durations in promised.items()
    ]
    return SlaDocument.model_validate({"calendars": {"24x7": {"always": True}}, "targets": targets})


BUILT_IN = _built_in()
"""Round the clock, for the priorities of the built-in matrix."""
