"""A saved view as it is stated."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from services.incident.lists.filters import IncidentFilters, SortName
from shared.auth.roles import Role
from shared.http.body import Body, Line, Name

Column = Literal[
    "number", "title", "status", "priority", "impact", "urgency", "service", "item", "category",
    "subcategory", "group", "assigned_to", "reporter", "source", "external_ref", "tags", "labels",
    "hold_reason", "resolution_code", "problem", "known_error", "created_at", "updated_at",
    "started_at", "detected_at", "acknowledged_at", "mitigated_at", "resolved_at", "closed_at",
    "reopen_count", "reassignment_count", "escalation_count", "child_count", "parent",
    "merged_into", "restricted", "imported",
]  # fmt: skip


class Sharing(Body):
    """With whom a view is shared beside its owner."""

    everyone: bool = False
    teams: Annotated[list[Name], Field(max_length=50)] = []
    roles: Annotated[list[Role], Field(max_length=len(Role))] = []


class SavedViewDocument(Body):
    """A whole view. Its filters are those of the list, as `GET /v1/incidents` takes them."""

    name: Annotated[Line, Field(examples=["Checkout, open and nobody's"])]
    shared_with: Sharing = Sharing()
    filters: Annotated[
        IncidentFilters,
        Field(examples=[{"open": True, "service": ["checkout"], "assigned_to": ["none"]}]),
    ] = IncidentFilters()
    sort: SortName | None = None
    columns: Annotated[list[Column], Field(max_length=50)] = []

    @model_validator(mode="after")
    def _each_column_once(self) -> Self:
        if len(set(self.columns)) < len(self.columns):
            raise ValueError("name each column once")
        return self
