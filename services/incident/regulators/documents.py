"""The regulators' clocks as people write them: regimes, their reports, and when each is due."""

from typing import Annotated, Literal, Self

from pydantic import Field, StrictBool, model_validator

from services.incident.clocks.documents import CalendarDocument, Calendars
from services.incident.regulators.federal import federal_holidays
from shared.http.body import Body, Line, Name, Whole

Fact = Literal["aware", "classified", "materiality_determined", "personal_data_affected"]
After = Literal[Fact, "first_report", "latest_report"]
TimeOfDay = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["17:30"])]


class Limit(Body):
    """So much time after this: hours, working days of the regime's calendar, or months.

    Working days end at `until`, in the calendar's zone; else at the time of day they began.
    """

    after: After
    report: Name | None = None
    hours: Annotated[Whole, Field(ge=1, le=8784)] | None = None
    business_days: Annotated[Whole, Field(ge=1, le=60)] | None = None
    months: Annotated[Whole, Field(ge=1, le=60)] | None = None
    until: TimeOfDay | None = None

    @model_validator(mode="after")
    def _says_how_long(self) -> Self:
        if sum(each is not None for each in (self.hours, self.business_days, self.months)) != 1:
            raise ValueError("name one of hours, business_days and months")
        if self.until is not None and self.business_days is None:
            raise ValueError("until belongs to business_days")
        if (self.report is None) == self.after.endswith("_report"):
            raise ValueError("first_report and latest_report name a report, the others none")
        return self


class ReportDocument(Body):
    """A report to the regulator.

    It is due `within` a limit; `at_most` brings that forward, but takes nothing from what begins
    only once that is over. All of `only_if` must be recorded as well.
    """

    name: Name
    title: Line | None = None
    within: Limit
    at_most: Limit | None = None
    only_if: Annotated[list[Fact], Field(max_length=4)] = []
    on_non_working_day: Literal["due_then", "noon_of_next_working_day"] = "due_then"
    warn_at: Annotated[float, Field(gt=0, lt=1)] = 0.75


class RegimeDocument(Body):
    """A regulator's regime; one that does not apply to this organisation runs no clock."""

    name: Name
    title: Line | None = None
    applies: StrictBool = True
    calendar: Name
    reports: Annotated[list[ReportDocument], Field(min_length=1, max_length=10)]


class RegulatorsDocument(Body):
    """Calendars by name (a day with hours is a working day) and the regimes that use them."""

    calendars: Calendars
    regimes: Annotated[list[RegimeDocument], Field(max_length=20)]


_WEEK = {day: ["00:00-24:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}
_HOLIDAYS = [{"date": day, "name": name} for day, name in federal_holidays(2020, 2040).items()]
_DORA_MOVES = {"on_non_working_day": "noon_of_next_working_day"}

BUILT_IN = RegulatorsDocument(
    calendars={
        "eu": CalendarDocument.model_validate({"timezone": "Europe/Brussels", "hours": _WEEK}),
        "sec": CalendarDocument.model_validate(
            {"timezone": "America/New_York", "hours": _WEEK, "holidays": _HOLIDAYS}
        ),
    },
    regimes=[
        RegimeDocument.model_validate(each)
        for each in (
            {
                "name": "dora",
                "title": "Regulation (EU) 2022/2554 (DORA), Article 19",
                "calendar": "eu",
                "reports": [
                    {
                        "name": "initial",
                        "title": "Initial notification",
                        "within": {"after": "classified", "hours": 4},
                        "at_most": {"after": "aware", "hours": 24},
                        **_DORA_MOVES,
                    },
                    {
                        "name": "intermediate",
                        "title": "Intermediate report",
                        "within": {"after": "first_report", "report": "initial", "hours": 72},
                        "only_if": ["classified"],
                        **_DORA_MOVES,
                    },
                    {
                        "name": "final",
                        "title": "Final report",
                        "within": {
                            "after": "latest_report",
                            "report": "intermediate",
                            "months": 1,
                        },
                        "only_if": ["classified"],
                        **_DORA_MOVES,
                    },
                ],
            },
            {
                "name": "nis2",
                "title": "Directive (EU) 2022/2555 (NIS2), Article 23",
                "calendar": "eu",
                "reports": [
                    {
                        "name": "early_warning",
                        "title": "Early warning",
                        "within": {"after": "aware", "hours": 24},
                    },
                    {
                        "name": "notification",
                        "title": "Incident notification",
                        "within": {"after": "aware", "hours": 72},
                    },
                    {
                        "name": "final",
                        "title": "Final report",
                        "within": {"after": "first_report", "report": "notification", "months": 1},
                    },
                ],
            },
            {
                "name": "sec",
                "title": "Form 8-K, Item 1.05",
                "calendar": "sec",
                "reports": [
                    {
                        "name": "8-k",
                        "title": "Current report",
                        "within": {
                            "after": "materiality_determined",
                            "business_days": 4,
                            "until": "17:30",
                        },
                    }
                ],
            },
            {
                "name": "gdpr",
                "title": "Regulation (EU) 2016/679 (GDPR), Article 33",
                "calendar": "eu",
                "reports": [
                    {
                        "name": "notification",
                        "title": "Notification of a personal data breach",
                        "within": {"after": "aware", "hours": 72},
                        "only_if": ["personal_data_affected"],
                    }
                ],
            },
        )
    ],
)
"""As the regulations have it; an organisation strikes out what does not bind it."""
