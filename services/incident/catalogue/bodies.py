"""What the commands of the catalogue take."""

from datetime import timedelta
from functools import cache
from typing import Annotated, Any, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from services.incident.catalogue.events import Criticality, Every, Repeats
from services.incident.catalogue.maintenance import period_of
from shared.http.body import Body, Line, Moment, Name, Text, Whole

_LONGEST = timedelta(days=366)
_PATCHES: JsonDict = {
    "reason": "Monthly patches",
    "services": ["checkout"],
    "from": "2026-12-06T01:00:00Z",
    "until": "2026-12-06T03:00:00Z",
    "time_zone": "Europe/Berlin",
    "repeats": {"every": "week", "interval": 4},
}


def _distinct(keys: list[str]) -> list[str]:
    return list(dict.fromkeys(keys))


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _is_zone(name: str) -> str:
    if name not in _zones():
        raise ValueError("must be a time zone's name, such as Europe/Berlin")
    return name


Keys = Annotated[list[Name], Field(max_length=500), AfterValidator(_distinct)]
TimeZone = Annotated[
    str, Field(max_length=64, examples=["Europe/Berlin"]), AfterValidator(_is_zone)
]


class Dependencies(Body):
    """By their keys; what nobody has added yet may be named."""

    services: Keys = []
    items: Keys = []


class EntryDocument(Body):
    """A service or a configuration item. Its key is what incidents name, and stays."""

    key: Annotated[Name, Field(examples=["checkout"])]
    name: Annotated[Line, Field(examples=["Checkout"])]
    description: Text | None = None
    criticality: Criticality | None = None
    owning_team: Name | None = None
    assignment_group: Annotated[
        Name | None,
        Field(description="The group to propose for its incidents; nothing is assigned by it"),
    ] = None
    dependencies: Dependencies = Dependencies()

    def arguments(self) -> dict[str, Any]:
        """As its command takes it."""
        said = super().arguments()
        del said["dependencies"]
        upon = self.dependencies
        return said | {
            "depends_on_services": tuple(upon.services),
            "depends_on_items": tuple(upon.items),
        }


class ServiceDocument(EntryDocument):
    """A service, as those who use it call it."""


class ItemDocument(EntryDocument):
    """A configuration item: what services run on."""

    type: Annotated[Name | None, Field(examples=["database"])] = None


class Repetition(Body):
    """Every so many days or weeks, at the same time of the clock on the wall."""

    every: Every
    interval: Annotated[Whole, Field(ge=1, le=52)] = 1
    until: Moment | None = None

    def repeats(self) -> Repeats:
        """As it is stored."""
        return Repeats(**self.arguments())


class WindowDocument(Body):
    """Planned work: from a moment until another, perhaps again and again."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PATCHES]})

    reason: Annotated[Line, Field(examples=["Monthly patches"])]
    services: Keys = []
    items: Keys = []
    starts_at: Annotated[Moment, Field(alias="from")]
    ends_at: Annotated[Moment, Field(alias="until", description="That moment is not part of it")]
    time_zone: Annotated[TimeZone, Field(description="Whose clock repetitions go by")] = "UTC"
    repeats: Repetition | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if not (self.services or self.items):
            raise ValueError("name the services or items that are worked on")
        if not timedelta(0) < self.ends_at - self.starts_at <= _LONGEST:
            raise ValueError("until must follow from, by a year at most")
        if self.repeats and self.ends_at - self.starts_at > period_of(self.repeats.repeats()):
            raise ValueError("a window that repeats ends before it begins again")
        return self

    def arguments(self) -> dict[str, Any]:
        """As its command takes it."""
        said = super().arguments() | {"repeats": self.repeats and self.repeats.repeats()}
        return said | {"services": tuple(self.services), "items": tuple(self.items)}


class NoArguments(Body):
    """A command without arguments; the body may be left out."""
