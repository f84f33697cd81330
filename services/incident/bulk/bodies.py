"""A command on many incidents as it is asked for and answered."""

from typing import Annotated, Any, Self
from uuid import UUID

import msgspec
from pydantic import Field, model_validator

from services.incident.lists.filters import IncidentFilters
from services.incident.rules import RULES
from shared.http.body import Body, Whole

MOST = 100
Reference = Annotated[str, Field(min_length=1, max_length=40)]
CommandName = Annotated[str, Field(max_length=40, json_schema_extra={"enum": list(RULES)})]


class BulkCommand(Body):
    """A command, its arguments as it takes them alone, and the incidents: by name or by filter."""

    command: CommandName
    details: Annotated[dict[str, Any], Field(alias="arguments", max_length=50)] = {}
    ids: Annotated[
        list[Reference] | None,
        Field(min_length=1, max_length=MOST, description="Ids, or numbers such as INC-1"),
    ] = None
    filters: Annotated[
        IncidentFilters | None, Field(description="As the list takes them; needs `expected`")
    ] = None
    expected: Annotated[
        Annotated[Whole, Field(ge=1, le=MOST)] | None,
        Field(description="How many the filters find: else nothing is done"),
    ] = None

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if (self.ids is None) == (self.filters is None):
            raise ValueError("name the incidents by ids or by filters, one of the two")
        if (self.filters is None) != (self.expected is None):
            raise ValueError("filters go with expected: how many incidents you have seen there")
        return self


class BulkItem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """How the command fared on one incident: its new version, or the problem that a command alone
    would be answered with.
    """

    reference: str
    status: int
    id: UUID | None = None
    number: str | None = None
    version: int | None = None
    position: int | None = None
    problem: dict[str, Any] | None = None


class BulkAnswer(msgspec.Struct):
    """Each incident in the order asked for. `id` is the correlation id of all events."""

    id: UUID
    command: str
    items: list[BulkItem]
    done: int
    refused: int
