"""Metrics of problems over HTTP: which there are, their figures, and what is behind them."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import msgspec
from fastapi import Path, Query, Response

from services.problem.access import on_record
from services.problem.answering import ByReader
from services.problem.metrics.csv_form import as_csv
from services.problem.metrics.formulas import FORMULAS, Formula
from services.problem.metrics.inputs import inputs
from services.problem.metrics.measuring import ProblemMetricQuery, Subject, Value, metric, values
from services.problem.metrics.offered import in_period, measured_incidents
from services.problem.metrics.offered_inputs import offered_inputs
from services.problem.metrics.rows import measured
from services.problem.metrics.view import (
    ProblemFormulas,
    ProblemInputs,
    ProblemMetric,
    formula_view,
)
from shared.effective import Instant
from shared.errors import Invalid, NotFound
from shared.http.app import routes
from shared.http.asked import Asked
from shared.http.figures import Behind, InForm, csv_answer, instant_of, wants_csv
from shared.http.openapi import answers
from shared.http.pages import Cursor, filters_of, read_cursor, write_cursor
from shared.restrictions import not_derived, not_shut, visible_to

Name = Annotated[str, Path(max_length=60, json_schema_extra={"enum": list(FORMULAS)})]


class ProblemFormQuery(ProblemMetricQuery, InForm):
    """Also in which form."""


class ProblemInputQuery(ProblemMetricQuery, Behind):
    """A page of what is behind a metric."""


router = routes("metrics", "/v1/problem/metrics")
_METRIC = answers(ProblemMetric)
_METRIC["openapi_extra"]["responses"]["200"]["content"]["text/csv"] = {"schema": {"type": "string"}}


@router.get("", **answers(ProblemFormulas))
async def list_problem_metrics(asked: ByReader) -> Response:
    """The metrics that can be asked for, each with its formula and the version of it."""
    return _json(ProblemFormulas([formula_view(formula) for formula in FORMULAS.values()]))


@router.get("/{name}", **_METRIC)
async def read_problem_metric(
    name: Name, query: Annotated[ProblemFormQuery, Query()], asked: ByReader
) -> Response:
    """A metric's mean, median, 90th percentile and count, and what was left out of it and why.

    Times are effective; what was cancelled, merged or is a duplicate never counts, imported ones on
    request. Two metrics are of incidents: what known errors were to them. A problem (or incident)
    falls into a period by the milestone that `period.by` names, or where it has none yet by its
    logging.
    """
    formula, instant = _formula(name), await instant_of(asked, query)
    found = await _values(asked, formula, query, instant)
    shown = metric(formula, query, instant, found)
    if wants_csv(asked, query):
        return csv_answer(name, as_csv(shown))
    return _json(shown)


@router.get("/{name}/inputs", **answers(ProblemInputs))
async def list_problem_metric_inputs(
    name: Name, query: Annotated[ProblemInputQuery, Query()], asked: ByReader
) -> Response:
    """The problems (or incidents) behind a metric by number, each with the events that prove it."""
    formula = _formula(name)
    filters = filters_of(query)
    cursor = read_cursor(query.cursor, asked, filters)
    instant = await instant_of(asked, query, cursor)
    found = await _values(asked, formula, query, instant)
    if query.excluded is not None:
        found = [each for each in found if (each.excluded is not None) is query.excluded]
    after = int(cursor.value) if cursor else 0
    rest = [each for each in found if each.measured.number > after]
    shown, following = rest[: query.limit], None
    if len(rest) > query.limit:
        last = Cursor(instant.position, str(shown[-1].measured.number), instant.now.isoformat())
        following = write_cursor(last, asked, filters)
    await on_record(asked, [each.measured.id for each in shown])
    prove = inputs if formula.of == "problem" else offered_inputs
    items = await prove(asked.service.store, formula, instant, shown)
    return _json(ProblemInputs(items=items, next_cursor=following, total_estimate=len(found),
                               position=instant.position))  # fmt: skip


async def _values(
    asked: Asked, formula: Formula, query: ProblemMetricQuery, instant: Instant
) -> list[Value]:
    _require_told(formula, query)
    store = asked.service.store
    subjects: Sequence[Subject]
    if formula.of == "problem":
        visible = visible_to(asked.caller, not_derived("t.id"))
        subjects = await measured(store, instant, visible)
    else:
        where = visible_to(asked.caller, not_shut("t.id"))
        if instant.effective_at is None:
            where += in_period(formula.placed, query.begins, query.until)
        subjects = await measured_incidents(store, instant, where)
    return await asyncio.to_thread(values, formula, query, instant, subjects)


def _require_told(formula: Formula, query: ProblemMetricQuery) -> None:
    """Raises Invalid for what is not known here of incidents."""
    if formula.of == "problem":
        return
    unknown = [name for name in ("priority", "group") if getattr(query, name) is not None]
    unknown += ["group_by"] if query.group_by in ("priority", "group") else []
    if unknown:
        detail = "of incidents only service, category and month are known here"
        raise Invalid(*((f"query:{name}", detail) for name in unknown))


def _formula(name: str) -> Formula:
    if (found := FORMULAS.get(name)) is None:
        raise NotFound(f"there is no metric {name}; there are {', '.join(FORMULAS)}")
    return found


def _json(content: msgspec.Struct) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")
