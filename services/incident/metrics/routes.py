"""Metrics over HTTP: which there are, their figures at any moment, and what is behind them."""

from typing import Annotated

import msgspec
from fastapi import Depends, Path, Query, Response

from services.incident.access import items_on_record
from services.incident.catalogue.catalogue import CATALOGUE
from services.incident.metrics.csv_form import as_csv
from services.incident.metrics.formulas import FORMULAS, Formula
from services.incident.metrics.inputs import inputs
from services.incident.metrics.kept import kept_by
from services.incident.metrics.measuring import measure
from services.incident.metrics.query import MetricQuery, Question
from services.incident.metrics.view import FormulaPage, InputPage, MetricView, formula_view
from services.incident.rules import READERS
from services.incident.visibility import visible_to
from shared.errors import Invalid, NotFound
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.figures import Behind, InForm, csv_answer, instant_of, wants_csv
from shared.http.openapi import answers
from shared.http.pages import Cursor, filters_of, read_cursor, write_cursor

ByReader = Annotated[Asked, Depends(allowed(*READERS))]
Name = Annotated[str, Path(max_length=60, json_schema_extra={"enum": list(FORMULAS)})]


class FormQuery(MetricQuery, InForm):
    """Also in which form."""


class InputQuery(MetricQuery, Behind):
    """A page of what is behind a metric."""


router = routes("metrics", "/v1/incident/metrics")
_METRIC = answers(MetricView)
_METRIC["openapi_extra"]["responses"]["200"]["content"]["text/csv"] = {"schema": {"type": "string"}}


@router.get("", **answers(FormulaPage))
async def list_metrics(asked: ByReader) -> Response:
    """The metrics that can be asked for, each with its formula and the version of it."""
    page = FormulaPage([formula_view(formula) for formula in FORMULAS.values()])
    return _json(page)


@router.get("/{name}", **_METRIC)
async def read_metric(
    name: Name, query: Annotated[FormQuery, Query()], asked: ByReader
) -> Response:
    """A metric's mean, median, 90th percentile and count, and what was left out of it and why.

    Times are effective; cancelled and merged incidents never count, imported ones on request. An
    incident falls into a period by the milestone that `period.by` names, or where it has none yet
    by its declaration.
    """
    question = await _question(asked, name, query)
    found = await measure(asked.service.store, asked.service.parts[CATALOGUE], question)
    if wants_csv(asked, query):
        return csv_answer(name, as_csv(found))
    return _json(found)


@router.get("/{name}/inputs", **answers(InputPage))
async def list_metric_inputs(
    name: Name, query: Annotated[InputQuery, Query()], asked: ByReader
) -> Response:
    """The incidents behind a metric by number: each value with the events that prove it."""
    filters = filters_of(query)
    cursor = read_cursor(query.cursor, asked, filters)
    question = await _question(asked, name, query, cursor)
    after = int(cursor.value) if cursor else 0
    rows, items = await inputs(
        asked.service.store, question, after=after, limit=query.limit, excluded=query.excluded
    )
    await items_on_record(asked, rows[: query.limit], is_present=False)
    (position, now, _), following = question.instant, None
    if len(rows) > query.limit:
        last = Cursor(position, str(rows[query.limit - 1]["place"]), now.isoformat())
        following = write_cursor(last, asked, filters)
    page = InputPage(items=items, next_cursor=following, total_estimate=None, position=position)
    return _json(page)


async def _question(
    asked: Asked, name: str, query: MetricQuery, cursor: Cursor | None = None
) -> Question:
    formula = _formula(name)
    _require_fitting(formula, query)
    instant = await instant_of(asked, query, cursor)
    if formula.of_clocks:
        exactly = (cursor or query.as_of or query.wait_for) is not None
        instant = await kept_by(asked.service.store, instant, exactly=exactly)
    return Question(formula, query, instant, visible_to(asked.caller))


def _formula(name: str) -> Formula:
    if (found := FORMULAS.get(name)) is None:
        raise NotFound(f"there is no metric {name}; there are {', '.join(FORMULAS)}")
    return found


def _require_fitting(formula: Formula, query: MetricQuery) -> None:
    if query.group_by == "target" and not formula.of_clocks:
        raise Invalid(("query:group_by", f"{formula.name} is of incidents, which have no target"))
    if query.effective_at is not None and formula.of_clocks:
        detail = "clocks are kept as they were known; one incident's are shown at any such moment"
        raise Invalid(("query:effective_at", detail))


def _json(content: msgspec.Struct) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")
