"""What incidents can be filtered by: the query parameters of lists, facets and saved views."""

from enum import StrEnum
from typing import Annotated, Literal, get_args
from uuid import UUID

from pydantic import BeforeValidator, Field

from services.incident.events import HoldReason, ResolutionCode
from services.incident.rules import MajorState, Status
from shared.http.body import Moment
from shared.http.lists import LevelsOrNone, OfMoment, QueryText, Timed, TimedQuery, Without
from shared.http.pages import SOME, Words, split

Statuses = Annotated[list[Status], BeforeValidator(split), SOME]
HoldReasons = Annotated[list[HoldReason | Literal["none"]], BeforeValidator(split), SOME]
Codes = Annotated[list[ResolutionCode | Literal["none"]], BeforeValidator(split), SOME]
MajorStates = Annotated[list[MajorState], BeforeValidator(split), SOME]


class Mine(StrEnum):
    """Which way an incident is the caller's."""

    ASSIGNED = "assigned"
    REPORTED = "reported"
    GROUP = "group"


class Sla(StrEnum):
    """How its clocks stand."""

    BREACHED = "breached"
    AT_RISK = "at_risk"


class IncidentFilters(Timed):
    """Which incidents; several values of one filter are alternatives, filters add up.

    `none` is "has no value"; `me` is the caller, and as a group any team of the caller's. In double
    quotes a value is taken as it stands: `"none"`, `"a,b"`.
    """

    id: Annotated[Words | None, Field(description="Ids, or numbers such as INC-1")] = None
    status: Statuses | None = None
    open: Annotated[bool | None, Field(description="Not resolved, closed, cancelled or merged")] = (
        None
    )
    priority: LevelsOrNone | None = None
    impact: LevelsOrNone | None = None
    urgency: LevelsOrNone | None = None
    service: Words | None = None
    item: Words | None = None
    category: Words | None = None
    subcategory: Words | None = None
    group: Words | None = None
    assigned_to: Words | None = None
    reporter: Words | None = None
    mine: Annotated[
        Annotated[list[Mine], BeforeValidator(split), SOME] | None,
        Field(description="Assigned to me, reported by me, or of a group I am in"),
    ] = None
    source: Words | None = None
    external_ref: Words | None = None
    tag: Annotated[Words | None, Field(description="Any of these")] = None
    all_tags: Annotated[Words | None, Field(description="All of these")] = None
    label: Annotated[
        Words | None, Field(description="key=value, or a key alone; values of a key: any of them")
    ] = None
    hold_reason: HoldReasons | None = None
    resolution_code: Codes | None = None
    problem: Annotated[Words | None, Field(description="Ids, or numbers such as PRB-1")] = None
    known_error: Words | None = None
    link: Annotated[
        Words | None, Field(description="kind:reference", examples=[["change:CHG-7"]])
    ] = None
    parent: Annotated[Words | None, Field(description="Ids, or numbers such as INC-1")] = None
    has_children: bool | None = None
    merged_into: Annotated[Words | None, Field(description="Ids, or numbers such as INC-1")] = None
    reopened: Annotated[bool | None, Field(description="At least once")] = None
    reassigned: Annotated[bool | None, Field(description="To another group, at least once")] = None
    escalated: Annotated[bool | None, Field(description="At least once")] = None
    major: MajorStates | None = None
    restricted: bool | None = None
    imported: Annotated[bool | None, Field(description="From another system's past")] = None
    started_after: Moment | None = None
    started_before: Moment | None = None
    detected_after: Moment | None = None
    detected_before: Moment | None = None
    acknowledged_after: Moment | None = None
    acknowledged_before: Moment | None = None
    mitigated_after: Moment | None = None
    mitigated_before: Moment | None = None
    resolved_after: Moment | None = None
    resolved_before: Moment | None = None
    closed_after: Moment | None = None
    closed_before: Moment | None = None
    without: Annotated[
        Annotated[list[Without], BeforeValidator(split), SOME] | None,
        Field(
            description="filter:value, such as status:on_hold: not those", examples=[["tag:vip"]]
        ),
    ] = None
    sla: Annotated[
        Annotated[list[Sla], BeforeValidator(split), SOME] | None,
        Field(description="A clock was breached, or its warning was given and it still runs"),
    ] = None
    q: QueryText = None


SortName = Literal[
    "-updated_at", "updated_at", "-created_at", "created_at", "-number", "number",
    "priority", "-priority", "status", "-status", "impact", "-impact", "urgency", "-urgency",
    "title", "-title", "service", "-service", "item", "-item", "category", "-category",
    "group", "-group", "assigned_to", "-assigned_to", "reporter", "-reporter",
    "started_at", "-started_at", "detected_at", "-detected_at",
    "acknowledged_at", "-acknowledged_at", "mitigated_at", "-mitigated_at",
    "resolved_at", "-resolved_at", "closed_at", "-closed_at",
    "reopen_count", "-reopen_count", "reassignment_count", "-reassignment_count",
    "escalation_count", "-escalation_count", "child_count", "-child_count", "relevance",
]  # fmt: skip
SORT_NAMES: tuple[str, ...] = get_args(SortName)


class FilteredQuery(IncidentFilters, OfMoment):
    """Which incidents, of which moment."""

    view: Annotated[UUID | None, Field(description="Of a saved view; filters narrow it")] = None


class IncidentQuery(FilteredQuery, TimedQuery):
    """Which incidents, in which order."""

    sort: Annotated[
        SortName | None,
        Field(description="Newest change first if nothing is said; relevance only with q"),
    ] = None
