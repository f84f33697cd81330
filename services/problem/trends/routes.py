"""Trend rules tried over HTTP before they are put in force."""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import Response
from pydantic import Field, StrictBool

from services.problem.access import hidden_from, on_record
from services.problem.answering import ByManager
from services.problem.candidate import Match
from services.problem.candidate_view import Window, shown
from services.problem.trends import journal
from services.problem.trends.bodies import TrendRuleBody
from services.problem.trends.dry_run import DryRun, Span, Trial
from services.problem.trends.group import MOST_MATCHES
from services.problem.trends.live import match_of, raised_by
from services.problem.trends.rules import POLICY
from shared.errors import Invalid, TooMany
from shared.http.app import routes
from shared.http.asked import Asked, correlation
from shared.http.body import Body, Moment, Whole
from shared.http.openapi import answers

MOST_AT_ONCE = 2
"""Dry runs that a process does at a time."""

router = routes("policies", f"/v1/problem/policies/{POLICY}")
_under_way: set[object] = set()


class DryRunBody(Body):
    """A rule to try, whether it is active or not.

    `as_of`: up to which position of the log of incidents, or by which time they were told; `limit`:
    how many candidates are shown, the earliest first.
    """

    rule: TrendRuleBody
    as_of: Annotated[Whole, Field(ge=0, le=10**18)] | Moment | None = None
    imported: StrictBool = True
    limit: Annotated[Whole, Field(ge=1, le=200)] = 50


class TrialView(msgspec.Struct, kw_only=True):
    """A candidate that the rule would have raised, at that fact of the log of incidents."""

    id: UUID
    raised_at: datetime
    raised_by: int
    window: Window
    alike: dict[str, str]
    like: UUID | None
    matches: list[Match]
    is_full: bool


class DryRunView(msgspec.Struct, kw_only=True):
    """What a rule would have raised, had it been active all the time and nobody decided anything.

    `sightings` counts the facts looked at, `position` is the last one's place in the log of
    incidents; without `complete` the time was over before all were. `held_back`: so many
    candidates would have been open that it would have raised no more.
    """

    rule: dict[str, Any]
    position: int
    sightings: int
    complete: bool
    held_back: bool
    raised: int
    candidates: list[TrialView]


@router.post("/dry-run", **answers(DryRunView, plain=True))
async def dry_run(body: DryRunBody, asked: ByManager) -> Response:
    """Try a rule over all incidents that were ever told, before it is put in force.

    The candidates are those that the live watch would have raised in the same order. Incidents
    that are hidden from the caller are left out of the evidence. At most 20 seconds.
    """
    correlation(asked.request.headers.get("x-correlation-id"))  # checked as of every POST
    until = await _until(asked, body.as_of)
    run = DryRun(body.rule.rule())
    if len(_under_way) >= MOST_AT_ONCE:
        raise TooMany("other dry runs are under way; try again when they have ended")
    _under_way.add(run)
    try:
        await run.over(asked.service.store.pool, Span(until, body.imported))
    finally:
        _under_way.discard(run)
    content = msgspec.json.encode(await _view(asked, body, run))
    return Response(content, media_type="application/json")


async def _until(asked: Asked, as_of: int | datetime | None) -> int:
    """The position up to which incidents are looked at. Raises Invalid."""
    pool = asked.service.store.pool
    if isinstance(as_of, datetime):
        if as_of > asked.now:
            raise Invalid(("/as_of", "lies in the future"))
        return await journal.last_position(pool, as_of)
    head = await journal.last_position(pool)
    if as_of is not None and as_of > head:
        raise Invalid(("/as_of", f"lies beyond what was told of incidents, which is {head}"))
    return head if as_of is None else as_of


async def _view(asked: Asked, body: DryRunBody, run: DryRun) -> DryRunView:
    hidden = await _hidden(asked, run.trials.values())
    views = [_trial(trial, hidden) for trial in run.trials.values()]
    visible = [view for view in views if view.matches]
    return DryRunView(
        rule=body.rule.model_dump(mode="json"),
        position=run.position,
        sightings=run.scanned,
        complete=run.is_complete,
        held_back=run.was_held_back,
        raised=len(visible),
        candidates=visible[: body.limit],
    )


def _trial(trial: Trial, hidden: Collection[UUID]) -> TrialView:
    raised = raised_by(trial.found, 0)
    window = Window(raised.window_from, raised.window_until)
    matches = [match_of(each) for each in trial.matches]
    return TrialView(
        id=trial.found.candidate,
        raised_at=trial.found.raised_by.told_at,
        raised_by=raised.raised_by,
        alike=raised.alike,
        is_full=len(matches) >= MOST_MATCHES,
        **shown(matches, raised.like, hidden, window).fields(),
    )


async def _hidden(asked: Asked, trials: Collection[Trial]) -> Collection[UUID]:
    """Which incidents the caller may not know of; those they may are on record as read."""
    named = {each.incident for trial in trials for each in trial.matches}
    hidden = await hidden_from(asked, named)
    await on_record(asked, named.difference(hidden))
    return hidden
