"""What the commands of known errors take."""

from collections.abc import Collection
from typing import Annotated, Any, Self

from pydantic import AfterValidator, ConfigDict, Field, StrictBool, model_validator
from pydantic.config import JsonDict

from shared.http.body import Body, Line, Moment, Name, Text, Whole

Reference = Annotated[str, Field(min_length=1, max_length=40, examples=["KE-1"])]
Tag = Annotated[str, Field(min_length=1, max_length=100)]


def _distinct(names: list[str]) -> list[str]:
    return list(dict.fromkeys(names))


Names = Annotated[list[Name], Field(max_length=50), AfterValidator(_distinct)]
_VPN: JsonDict = {
    "title": "VPN drops every hour after the client update",
    "symptom": "The tunnel is cut after exactly 60 minutes and has to be dialled again",
    "cause": "Client 7.2 ignores the renewed session key",
    "workaround": "Go back to client 7.1, or dial again",
    "error_code": "VPN-4012",
    "services": ["remote-access"],
    "product": "Tunnelwerk",
    "product_version": "7.2",
}


class Content(Body):
    """What a known error says; what is not stated is not known, or as it was."""

    model_config = ConfigDict(json_schema_extra={"examples": [_VPN]})

    title: Line | None = None
    symptom: Annotated[Text | None, Field(description="How people recognise it")] = None
    cause: Text | None = None
    workaround: Annotated[Text | None, Field(description="What helps meanwhile")] = None
    solution: Annotated[Text | None, Field(description="What ends it for good")] = None
    error_code: Annotated[Line | None, Field(examples=["ORA-12514"])] = None
    services: Names = []
    items: Names = []
    product: Line | None = None
    product_version: Name | None = None
    tags: Annotated[list[Tag], Field(max_length=50)] = []
    valid_to: Annotated[Moment | None, Field(description="It retires by itself then")] = None

    def stated(self) -> dict[str, Any]:
        """The fields that were stated, null included, as a command takes them."""
        named: Collection[str] = self.model_fields_set & Content.model_fields.keys()
        told = {name: getattr(self, name) for name in named}
        return {name: tuple(v) if isinstance(v, list) else v for name, v in told.items()}


class Draft(Content):
    """A new known error, by hand or from a problem, whose facts it then copies."""

    problem: Annotated[str, Field(min_length=1, max_length=40, examples=["PRB-1"])] | None = None

    @model_validator(mode="after")
    def _has_a_title(self) -> Self:
        if self.title is None and self.problem is None:
            raise ValueError("give a title, or the problem it is of")
        return self


class Revision(Content):
    """What changes; null takes a text away, what is left out stays."""

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("say what changes")
        if "title" in self.model_fields_set and self.title is None:
            raise ValueError("a known error has a title")
        return self


class Successor(Body):
    """The published known error that takes its place."""

    by: Reference


class Reason(Body):
    reason: Text


class Note(Body):
    note: Text | None = None


class Use(Body):
    """That it was used on an incident; said again, the last word counts."""

    incident: Annotated[str, Field(min_length=1, max_length=40, examples=["INC-1"])]
    helped: StrictBool | None = None


class NoArguments(Body):
    """A command without arguments; the body may be left out."""


class Likeness(Body):
    """What is known of a new incident, or the incident itself; what is stated counts first."""

    incident: Annotated[str | None, Field(min_length=1, max_length=40, examples=["INC-1"])] = None
    title: Line | None = None
    description: Text | None = None
    error_code: Line | None = None
    service: Name | None = None
    item: Name | None = None
    category: Name | None = None
    subcategory: Name | None = None
    product: Line | None = None
    product_version: Name | None = None
    limit: Annotated[Whole, Field(ge=1, le=50)] = 10

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set - {"limit"}:
            raise ValueError("name the incident, or say what is known of it")
        return self
