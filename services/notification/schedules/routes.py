"""Schedules over HTTP: managed data, who is on call, and a calendar of it."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from services.notification.answer import ByReader, Nothing
from services.notification.keyed import asking
from services.notification.keyed.asking import ByAdmin, Kept, Listed, Past, Reference
from services.notification.schedules import schedule
from services.notification.schedules.bodies import OverrideDocument, Reached, ScheduleDocument
from services.notification.schedules.calendar import calendar
from services.notification.schedules.events import ScheduleSet
from services.notification.schedules.on_call import changes_at, on_call, shifts
from services.notification.schedules.view import (
    OnCallView,
    SchedulePage,
    ScheduleView,
    ShiftsView,
    ShiftView,
    told,
)
from shared.clock import new_id
from shared.errors import Invalid
from shared.http.app import routes
from shared.http.asked import Asked
from shared.http.body import Body
from shared.http.managed import Moments, When, folded_at, read_answer
from shared.http.openapi import answers
from shared.http.past import Events

PATH = "/v1/schedules"
_LONGEST = timedelta(days=100)
_BEFORE, _AHEAD = timedelta(days=7), timedelta(days=60)

_ICS: dict[str, Any] = {"text/calendar": {"schema": {"type": "string"}}}
_CALENDAR: dict[str, Any] = {
    "response_model": None,
    "openapi_extra": {"responses": {"200": {"description": "The calendar", "content": _ICS}}},
}

router = routes("schedules", PATH)


class OfMoment(BaseModel):
    """What was known when."""

    model_config = ConfigDict(extra="forbid")

    as_of: Annotated[
        str | None, Field(max_length=64, description="What was known then: a time or a position")
    ] = None
    wait_for: Annotated[
        str | None, Field(max_length=64, description="service:position to have been seen")
    ] = None


class OnCallQuery(OfMoment):
    """Of which moment."""

    at: Annotated[Reached | None, Field(description="Now if left out")] = None


class ShiftsQuery(OfMoment):
    """From when until when: a hundred days at most."""

    start: Annotated[Reached | None, Field(alias="from", description="A week ago if left out")] = (
        None
    )
    end: Annotated[
        Reached | None, Field(alias="until", description="Sixty days ahead if left out")
    ] = None


class Removing(Body):
    """Which override."""

    override: UUID


def schedules_of(asked: Asked) -> Kept:
    """The schedules of the service that was asked."""
    return Kept("schedule", PATH, asked.service.parts["schedules"], ScheduleView)


@router.get("", **answers(SchedulePage))
async def list_schedules(query: Listed, asked: ByReader) -> Response:
    """Schedules by their keys."""
    return await asking.page(asked, schedules_of(asked), query)


@router.post("", **answers(ScheduleView, 201, "Added"))
async def add_schedule(body: ScheduleDocument, asked: ByAdmin) -> Response:
    """Add a schedule; a retired one of the same key is taken up again."""
    return await asking.add(asked, schedules_of(asked), _said(body, asked), schedule.add)


@router.get("/{id}", **answers(ScheduleView))
async def read_schedule(id: Reference, when: When, asked: ByReader) -> Response:
    """One schedule, now or as it was."""
    return await asking.read(asked, schedules_of(asked), id, when)


@router.put("/{id}", **answers(ScheduleView))
async def change_schedule(id: Reference, body: ScheduleDocument, asked: ByAdmin) -> Response:
    """Say the whole schedule anew, from now on; who was on call before stays as it was."""
    kept, said = schedules_of(asked), _said(body, asked)
    return await asking.command(asked, kept, id, schedule.change, said=said)


@router.post("/{id}/retire", **answers(ScheduleView))
async def retire_schedule(id: Reference, asked: ByAdmin, body: Nothing = None) -> Response:
    """Nobody is on call by it from now on; its past stays."""
    return await asking.command(asked, schedules_of(asked), id, schedule.retire, at=asked.now)


@router.get("/{id}/versions", **answers(Events))
async def list_schedule_versions(id: Reference, query: Past, asked: ByReader) -> Response:
    """Everything that was said of it, who said it and when, oldest first."""
    return await asking.versions(asked, schedules_of(asked), id, query)


@router.post("/{id}/override", **answers(ScheduleView))
async def override_schedule(id: Reference, body: OverrideDocument, asked: ByAdmin) -> Response:
    """Let somebody else be on call for a time; of a time that is past, say that they were."""
    kept, said = schedules_of(asked), body.arguments()
    return await asking.command(asked, kept, id, schedule.override, id=new_id(), **said)


@router.post("/{id}/remove-override", **answers(ScheduleView))
async def remove_override(id: Reference, body: Removing, asked: ByAdmin) -> Response:
    """Take an override back, as if it had never been."""
    kept, said = schedules_of(asked), body.arguments()
    return await asking.command(asked, kept, id, schedule.remove_override, **said)


@router.get("/{id}/on-call", **answers(OnCallView))
async def read_on_call(
    id: Reference, query: Annotated[OnCallQuery, Query()], asked: ByReader
) -> Response:
    """Who is on call at a moment, past or to come; `as_of`: as it was known then.

    A past moment is answered by the plan that was in force at it; overrides said since correct it.
    """
    found = await _folded(asked, id, query)
    at = query.at or asked.now
    duty = on_call(found.state, at)
    view = OnCallView(
        schedule=found.state.key,
        at=at,
        until=changes_at(found.state, at),
        position=found.position,
        **told(duty),
    )
    return read_answer(view, found.version)


@router.get("/{id}/shifts", **answers(ShiftsView))
async def list_shifts(
    id: Reference, query: Annotated[ShiftsQuery, Query()], asked: ByReader
) -> Response:
    """Who is on call from one moment to another, gaps among them."""
    found = await _folded(asked, id, query)
    items = [
        ShiftView(start=shift.start, end=shift.end, **told(shift.duty))
        for shift in shifts(found.state, *_span(query, asked))
    ]
    view = ShiftsView(schedule=found.state.key, items=items, position=found.position)
    return read_answer(view, found.version)


@router.get("/{id}/calendar.ics", **_CALENDAR)
async def read_calendar(
    id: Reference, query: Annotated[ShiftsQuery, Query()], asked: ByReader
) -> Response:
    """The same as an iCalendar (RFC 5545): one event a shift, gaps left out."""
    found = await _folded(asked, id, query)
    told_shifts = shifts(found.state, *_span(query, asked))
    content = calendar(found.stream, found.state.name, found.updated_at, told_shifts)
    headers = {"etag": f'"{found.version}"'}
    return Response(content, headers=headers, media_type="text/calendar; charset=utf-8")


async def _folded(asked: Asked, reference: str, query: OfMoment) -> Any:
    kept = schedules_of(asked)
    moments = Moments(as_of=query.as_of, wait_for=query.wait_for)
    return await folded_at(asked, kept.ledger, kept.find(reference), moments)


def _span(query: ShiftsQuery, asked: Asked) -> tuple[datetime, datetime]:
    """From when until when is asked. Raises Invalid."""
    start = query.start or (query.end or asked.now + _AHEAD) - _BEFORE - _AHEAD
    end = query.end or start + _BEFORE + _AHEAD
    if not timedelta(0) < end - start <= _LONGEST:
        raise Invalid(("query:until", "must follow from, by 100 days at most"))
    return start, end


def _said(body: ScheduleDocument, asked: Asked) -> ScheduleSet:
    layers = tuple(layer.said() for layer in body.layers)
    return ScheduleSet(
        key=body.key, name=body.name, time_zone=body.time_zone, layers=layers, at=asked.now
    )
