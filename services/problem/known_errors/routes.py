"""Known errors over HTTP: write one down, read it, take it through its life."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import msgspec
from fastapi import Body, Depends, Path, Query, Response

from services.problem.access import hidden_from
from services.problem.discretion import discreetly
from services.problem.known_errors import bodies, known_error
from services.problem.known_errors.access import (
    copied_from,
    known,
    known_errors_of,
    uses_of,
)
from services.problem.known_errors.events import KnownErrorEvent
from services.problem.known_errors.known_error import KnownError
from services.problem.known_errors.view import KnownErrorView, Uses, actions_of, view
from services.problem.rules import MANAGERS, READERS
from shared.aggregate import Folded
from shared.clock import new_id
from shared.errors import Refused, Stale
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.managed import When, command_answer, folded_at, read_answer, versions_answer
from shared.http.moments import position_of
from shared.http.openapi import answers
from shared.http.past import Events, PastQuery
from shared.work import Work, settle

Reference = Annotated[str, Path(max_length=40, description="Its id, or its number such as KE-1")]
ByManager = Annotated[Asked, Depends(allowed(*MANAGERS))]
ByReader = Annotated[Asked, Depends(allowed(*READERS))]
Nothing = Annotated[bodies.NoArguments | None, Body()]
FixNote = Annotated[bodies.Note | None, Body()]
_TRIES = 5

router = routes("known errors", "/v1/known-errors")


@router.post("", **answers(KnownErrorView, 201, "Drafted"))
async def draft_known_error(body: bodies.Draft, asked: ByManager) -> Response:
    """Draft a known error by hand, or from a problem: what is not stated is copied from it."""
    known_errors, copied = known_errors_of(asked), {}
    if body.problem is not None:
        if (before := await asked.repeated(known_errors)) is not None:
            return await _answer(asked, before, location="/v1/known-errors")
        copied = await copied_from(asked, body.problem)
    stated = {name: value for name, value in body.stated().items() if value or not copied}
    stream = new_id()
    number = await known_errors.numbers.next()
    order = await asked.order(stream, creates=True)
    drafted = await known_errors.execute(
        order, known_error.draft, number=number, **(copied | stated)
    )
    return await _answer(asked, drafted, location="/v1/known-errors")


@router.get("/{id}", **answers(KnownErrorView))
async def read_known_error(id: Reference, when: When, asked: ByReader) -> Response:
    """One known error, now or as it was, with its uses and what this caller may do."""
    stream = (await known(asked, id)).stream
    found = await folded_at(asked, known_errors_of(asked), stream, when)
    position = await position_of(when.as_of, asked.service.store.log)
    shown = await _shown(asked, found, await uses_of(asked, stream, position))
    is_named = shown.superseded_number is not None
    shown.actions = actions_of(found, asked.caller, names_successor=is_named)
    return read_answer(shown, found.version)


@router.get("/{id}/versions", **answers(Events))
async def list_known_error_versions(
    id: Reference, query: Annotated[PastQuery, Query()], asked: ByReader
) -> Response:
    """Everything that was said of it, who said it and when, oldest first."""
    stream = (await known(asked, id)).stream
    return await versions_answer(asked, known_errors_of(asked), stream, query)


@router.post("/{id}/revise", **answers(KnownErrorView))
async def revise_known_error(id: Reference, body: bodies.Revision, asked: ByManager) -> Response:
    """Say something of it anew; of a published one that is its next revision, in force at once."""
    stream = (await known(asked, id)).stream
    async with discreetly(asked):
        revised = await _revised(asked, stream, body.stated())
    return await _answer(asked, revised)


@router.post("/{id}/publish", **answers(KnownErrorView))
async def publish_known_error(id: Reference, asked: ByManager, body: Nothing = None) -> Response:
    """Publish it: from now on it is found, and offered on incidents that look like it."""
    return await _command(asked, id, known_error.publish, at=asked.now)


@router.post("/{id}/supersede", **answers(KnownErrorView))
async def supersede_known_error(
    id: Reference, body: bodies.Successor, asked: ByManager
) -> Response:
    """Let another published one take its place."""
    known_errors, stream = known_errors_of(asked), (await known(asked, id)).stream
    if (before := await asked.repeated(known_errors)) is not None:
        return await _answer(asked, before)
    other = (await known(asked, body.by)).stream
    if stream == other:
        raise Refused("a known error does not take its own place")

    async def replace(work: Work) -> Folded[KnownError]:
        successor = await work.rest_on(known_errors, other)
        known_error.require_published(successor.state)
        number = successor.state.number
        return await work.execute(
            known_errors, stream, known_error.supersede, by=other, number=number
        )

    async with discreetly(asked):
        replaced = await settle(known_errors, await asked.order(stream), replace)
    return await _answer(asked, replaced)


@router.post("/{id}/retire", **answers(KnownErrorView))
async def retire_known_error(id: Reference, body: bodies.Reason, asked: ByManager) -> Response:
    """End it: it is neither found nor offered any more."""
    return await _command(asked, id, known_error.retire, reason=body.reason)


@router.post("/{id}/mark-fixed", **answers(KnownErrorView))
async def mark_known_error_fixed(id: Reference, asked: ByManager, body: FixNote = None) -> Response:
    """Record that it is fixed for good; it stays for those who have not got the fix yet."""
    note = None if body is None else body.note
    return await _command(asked, id, known_error.mark_fixed, note=note)


async def _command(
    asked: Asked, reference: str, act: Callable[..., Sequence[KnownErrorEvent]], **said: Any
) -> Response:
    order = await asked.order((await known(asked, reference)).stream)
    async with discreetly(asked):
        done = await known_errors_of(asked).execute(order, act, **said)
    return await _answer(asked, done)


async def _revised(asked: Asked, stream: Any, stated: dict[str, Any]) -> Folded[KnownError]:
    """What it says is put together with what it said: decided on that version, or again."""
    known_errors, order = known_errors_of(asked), await asked.order(stream)
    for attempt in range(_TRIES):
        held = await known_errors.current(stream)
        said = await known_errors.said(held) | stated
        pinned = order if order.version else msgspec.structs.replace(order, version=held.version)
        try:
            return await known_errors.execute(pinned, known_error.revise, at=asked.now, **said)
        except Stale:
            if order.version is not None or attempt == _TRIES - 1:
                raise
    raise AssertionError("the last attempt answers or raises")


async def _answer(asked: Asked, folded: Folded[KnownError], location: str = "") -> Response:
    uses = Uses() if location else await uses_of(asked, folded.stream, folded.position)
    return command_answer(await _shown(asked, folded, uses), folded, location)


async def _shown(asked: Asked, folded: Folded[KnownError], uses: Uses) -> KnownErrorView:
    state = folded.state
    hidden = await hidden_from(asked, (state.problem, state.superseded_by))
    return await view(asked.service.store, folded, uses, hidden)
