"""Lists of services, items and maintenance windows, now or at any past moment."""

from typing import Annotated, Literal

from fastapi import Query, Response
from pydantic import BeforeValidator

from services.incident.catalogue import view
from services.incident.catalogue.asking import ByAnybody, ByReader
from services.incident.catalogue.events import Criticality
from services.incident.catalogue.view import ConfigurationItemPage, ServicePage, WindowPage
from shared.http.app import routes
from shared.http.body import Moment
from shared.http.lists import CHANGED, WHEN, TextQuery, TimedQuery, given, listed
from shared.http.managed import list_answer
from shared.http.openapi import answers
from shared.http.pages import Words, split
from shared.listing import Condition, Listing, Sort

EntrySort = Literal["key", "-key", "-created_at", "created_at", "-updated_at", "updated_at"]
WindowSort = Literal["-from", "from", "-created_at", "created_at", "-updated_at", "updated_at"]

_ENTRIES = Listing(
    "catalogue_entries",
    CHANGED | {"key": Sort("t.key", "text", False), "-key": Sort("t.key", "text", True)},
)
_ENTRY = WHEN | {
    "key": "t.key = any({}::text[])",
    "criticality": "t.criticality = any({}::text[])",
    "owning_team": "t.owning_team = any({}::text[])",
    "assignment_group": "t.assignment_group = any({}::text[])",
    "depends_on_service": "t.depends_on_services ?| {}::text[]",
    "depends_on_item": "t.depends_on_items ?| {}::text[]",
    "retired": "t.retired = {}::boolean",
    "q": (
        "strpos(lower(t.key || ' ' || t.name || ' ' || coalesce(t.description, '')), "
        "lower({}::text)) > 0"
    ),
}
_ITEM = _ENTRY | {"type": "t.type = any({}::text[])"}
_WINDOWS = Listing(
    "maintenance_windows",
    CHANGED
    | {
        "from": Sort("t.starts_at", "timestamptz", False),
        "-from": Sort("t.starts_at", "timestamptz", True),
    },
)
_WINDOW = WHEN | {
    "service": "t.services ?| {}::text[]",
    "item": "t.items ?| {}::text[]",
    "retired": "(t.retired_at is not null) = {}::boolean",
    "over_after": "coalesce(t.over_at, 'infinity') > {}::timestamptz",
    "begins_before": "t.starts_at < {}::timestamptz",
}


class ServiceQuery(TextQuery):
    """Which services; several values of one filter are alternatives, filters add up."""

    key: Words | None = None
    criticality: Annotated[list[Criticality], BeforeValidator(split)] | None = None
    owning_team: Words | None = None
    assignment_group: Words | None = None
    depends_on_service: Words | None = None
    depends_on_item: Words | None = None
    retired: bool | None = None
    sort: EntrySort = "key"


class ItemQuery(ServiceQuery):
    """Which items; several values of one filter are alternatives, filters add up."""

    type: Words | None = None


class WindowQuery(TimedQuery):
    """Which maintenance windows; several values of one filter are alternatives."""

    service: Words | None = None
    item: Words | None = None
    retired: bool | None = None
    over_after: Moment | None = None
    begins_before: Moment | None = None
    sort: WindowSort = "-from"


router = routes("catalogue", "/v1/catalogue")


@router.get("/services", **answers(ServicePage))
async def list_services(query: Annotated[ServiceQuery, Query()], asked: ByAnybody) -> Response:
    """Services by their keys; q finds letters of key, name and description."""
    conditions = [*given(query, _ENTRY), _of_kind("service")]
    found = await listed(asked, _ENTRIES, query, query.sort, conditions)
    return list_answer(found, list(map(view.service_item, found.rows)))


@router.get("/items", **answers(ConfigurationItemPage))
async def list_items(query: Annotated[ItemQuery, Query()], asked: ByReader) -> Response:
    """Configuration items by their keys; q finds letters of key, name and description."""
    conditions = [*given(query, _ITEM), _of_kind("item")]
    found = await listed(asked, _ENTRIES, query, query.sort, conditions)
    return list_answer(found, list(map(view.configuration_item, found.rows)))


@router.get("/maintenance-windows", **answers(WindowPage))
async def list_maintenance_windows(
    query: Annotated[WindowQuery, Query()], asked: ByReader
) -> Response:
    """Maintenance windows, latest beginning first; `over_after` now leaves out what is over."""
    found = await listed(asked, _WINDOWS, query, query.sort, given(query, _WINDOW))
    return list_answer(found, list(map(view.window_item, found.rows)))


def _of_kind(kind: str) -> Condition:
    return ("t.kind = {}", kind)
