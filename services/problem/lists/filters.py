"""What problems can be filtered by: the query parameters of lists and facets."""

from enum import StrEnum
from typing import Annotated, Literal, get_args
from uuid import UUID

from pydantic import BeforeValidator, Field

from services.problem.bodies import Day
from services.problem.known_errors.known_error import KnownErrorStatus
from services.problem.rules import Status
from shared.http.body import Moment
from shared.http.lists import LevelsOrNone, OfMoment, QueryText, Timed, TimedQuery, Without
from shared.http.pages import SOME, Words, split

Statuses = Annotated[list[Status], BeforeValidator(split), SOME]
KnownErrorStatuses = Annotated[
    list[KnownErrorStatus | Literal["none"]], BeforeValidator(split), SOME
]
Ids = Annotated[list[UUID], BeforeValidator(split), SOME]
References = Annotated[Words, Field(description="Ids, or numbers such as INC-1")]


class Mine(StrEnum):
    """Which way a problem is the caller's."""

    ASSIGNED = "assigned"
    OWNED = "owned"
    GROUP = "group"


class ProblemFilters(Timed):
    """Which problems; several values of one filter are alternatives, filters add up.

    `none` is "has no value"; `me` is the caller, and as a group any team of the caller's. In double
    quotes a value is taken as it stands: `"none"`, `"a,b"`.
    """

    id: Annotated[Words | None, Field(description="Ids, or numbers such as PRB-1")] = None
    status: Statuses | None = None
    open: Annotated[
        bool | None, Field(description="Not resolved, closed, accepted, a duplicate or cancelled")
    ] = None
    priority: LevelsOrNone | None = None
    impact: LevelsOrNone | None = None
    urgency: LevelsOrNone | None = None
    service: Words | None = None
    item: Words | None = None
    category: Words | None = None
    subcategory: Words | None = None
    group: Words | None = None
    assigned_to: Words | None = None
    owner: Words | None = None
    mine: Annotated[
        Annotated[list[Mine], BeforeValidator(split), SOME] | None,
        Field(description="Assigned to me, owned by me, or of a group I am in"),
    ] = None
    tag: Annotated[Words | None, Field(description="Any of these")] = None
    all_tags: Annotated[Words | None, Field(description="All of these")] = None
    incident: Annotated[
        References | None, Field(description="Linked to any of these, by id or number")
    ] = None
    candidate: Ids | None = None
    duplicate_of: Annotated[Words | None, Field(description="Ids, or numbers such as PRB-1")] = None
    workaround: Annotated[Words | None, Field(description="drafted, published, withdrawn")] = None
    known_error: Annotated[
        KnownErrorStatuses | None, Field(description="Has one in any of these states; or none")
    ] = None
    major: bool | None = None
    has_root_cause: bool | None = None
    has_open_tasks: bool | None = None
    recurred: Annotated[bool | None, Field(description="Incidents came back after its fix")] = None
    reanalysed: Annotated[bool | None, Field(description="At least once")] = None
    reassigned: Annotated[bool | None, Field(description="To another group, at least once")] = None
    imported: Annotated[bool | None, Field(description="From another system's past")] = None
    source: Words | None = None
    external_ref: Words | None = None
    target_after: Day | None = None
    target_before: Day | None = None
    review_after: Day | None = None
    review_before: Day | None = None
    started_after: Moment | None = None
    started_before: Moment | None = None
    root_cause_after: Moment | None = None
    root_cause_before: Moment | None = None
    resolved_after: Moment | None = None
    resolved_before: Moment | None = None
    closed_after: Moment | None = None
    closed_before: Moment | None = None
    without: Annotated[
        Annotated[list[Without], BeforeValidator(split), Field(max_length=50)] | None,
        Field(description="filter:value, such as status:new: not those", examples=[["tag:vip"]]),
    ] = None
    q: QueryText = None


SortName = Literal[
    "-updated_at", "updated_at", "-created_at", "created_at", "-number", "number",
    "priority", "-priority", "status", "-status", "impact", "-impact", "urgency", "-urgency",
    "title", "-title", "service", "-service", "item", "-item", "category", "-category",
    "group", "-group", "assigned_to", "-assigned_to", "owner", "-owner",
    "target_date", "-target_date", "review_date", "-review_date",
    "started_at", "-started_at", "root_cause_at", "-root_cause_at",
    "resolved_at", "-resolved_at", "closed_at", "-closed_at",
    "open_tasks", "-open_tasks", "reanalysis_count", "-reanalysis_count",
    "reassignment_count", "-reassignment_count", "relevance",
]  # fmt: skip
SORT_NAMES: tuple[str, ...] = get_args(SortName)


class FilteredQuery(ProblemFilters, OfMoment):
    """Which problems, of which moment."""


class ProblemQuery(FilteredQuery, TimedQuery):
    """Which problems, in which order."""

    sort: Annotated[
        SortName | None,
        Field(description="Newest change first if nothing is said; relevance only with q"),
    ] = None
