"""The commands on a review over HTTP; each answers with the review."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Annotated, Concatenate, ParamSpec

from fastapi import Body, Depends, Response

from services.incident.access import seen
from services.incident.bodies import NoArguments, Reason
from services.incident.discretion import discreetly
from services.incident.incident import Incident
from services.incident.major.events import ReviewCompleted
from services.incident.review import bodies, commands
from services.incident.review.document import ReviewDocument
from services.incident.review.events import ReviewEvent, review_stream
from services.incident.review.review import Review
from services.incident.review.rights import COMPLETERS, WRITERS
from services.incident.review.routes import answer, desk_of
from services.incident.routes import Reference
from services.incident.visibility import require_visible
from shared.aggregate import Folded
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.openapi import answers
from shared.work import Work, settle

P = ParamSpec("P")

router = routes("reviews", "/v1/incidents")

ByWriter = Annotated[Asked, Depends(allowed(*WRITERS))]
ByCompleter = Annotated[Asked, Depends(allowed(*COMPLETERS))]
Nothing = Annotated[NoArguments | None, Body()]
_REVIEW = answers(ReviewDocument)


@router.post("/{id}/review/open", **_REVIEW)
async def open_review(id: Reference, asked: ByWriter, body: Nothing = None) -> Response:
    """Open the review of a resolved incident; that of a major incident opens by itself."""
    desk = desk_of(asked)

    async def act(work: Work, incident: Folded[Incident]) -> Folded[Review]:
        return await work.execute(
            desk.reviews,
            review_stream(incident.stream),
            commands.open_review,
            incident=incident.state,
            id=incident.stream,
            at=asked.now,
        )

    return await _carried(asked, id, act)


@router.post("/{id}/review/write-section", **_REVIEW)
async def write_section(id: Reference, body: bodies.Section, asked: ByWriter) -> Response:
    """Say a section as a whole; an empty text empties it. Earlier wordings stay in the log."""
    return await _command(asked, id, commands.write_section, **body.arguments())


@router.post("/{id}/review/add-action-item", **_REVIEW)
async def add_action_item(id: Reference, body: bodies.NewActionItem, asked: ByWriter) -> Response:
    """Note what is to be done; owner and due date may follow until the review is completed.

    A due date that is past everywhere on earth is refused: it is a slip.
    """
    return await _command(asked, id, commands.add_action_item, at=asked.now, **body.arguments())


@router.post("/{id}/review/change-action-item", **_REVIEW)
async def change_action_item(
    id: Reference, body: bodies.ActionItemChange, asked: ByWriter
) -> Response:
    """Give it another title, owner or due date; after completion the last two only."""
    return await _command(asked, id, commands.change_action_item, at=asked.now, **body.arguments())


@router.post("/{id}/review/complete-action-item", **_REVIEW)
async def complete_action_item(
    id: Reference, body: bodies.WhichActionItem, asked: ByWriter
) -> Response:
    """It is done; also after the review was completed, which stays as it is."""
    return await _command(asked, id, commands.complete_action_item, item=body.item, at=asked.now)


@router.post("/{id}/review/drop-action-item", **_REVIEW)
async def drop_action_item(
    id: Reference, body: bodies.DroppedActionItem, asked: ByWriter
) -> Response:
    """It will not be done, and why."""
    return await _command(asked, id, commands.drop_action_item, **body.arguments())


@router.post("/{id}/review/complete", **_REVIEW)
async def complete_review(id: Reference, asked: ByCompleter, body: Nothing = None) -> Response:
    """End it, with its facts as the log has them now; `unmet` names each thing that is missing.

    Required are its five sections, and an owner and a due date of each action item.
    """
    desk = desk_of(asked)

    async def act(work: Work, incident: Folded[Incident]) -> Folded[Review]:
        position = (await desk.store.log.head()).position
        after = await work.execute(
            desk.reviews,
            review_stream(incident.stream),
            commands.complete,
            incident=incident.state,
            position=position,
            at=asked.now,
        )
        told = ReviewCompleted(revision=after.state.revision, at=asked.now)
        await work.execute(desk.incidents, incident.stream, lambda _: [told])
        return after

    return await _carried(asked, id, act)


@router.post("/{id}/review/reopen", **_REVIEW)
async def reopen_review(id: Reference, body: Reason, asked: ByCompleter) -> Response:
    """Begin the next revision with what the last one says; that one stays readable as it was.

    A major incident that is not closed yet must have it completed again before it closes.
    """
    desk = desk_of(asked)

    async def act(work: Work, incident: Folded[Incident]) -> Folded[Review]:
        stream = review_stream(incident.stream)
        reopen = partial(commands.reopen, reason=body.reason, at=asked.now)
        review = await work.execute(desk.reviews, stream, reopen)
        await desk.tell(work, incident, review, asked.now)
        return review

    return await _carried(asked, id, act)


async def _command(
    asked: Asked,
    reference: str,
    command: Callable[Concatenate[Review, P], Sequence[ReviewEvent]],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> Response:
    desk = desk_of(asked)

    async def act(work: Work, incident: Folded[Incident]) -> Folded[Review]:
        stream = review_stream(incident.stream)
        return await work.execute(desk.reviews, stream, command, *args, **kwargs)

    return await _carried(asked, reference, act)


async def _carried(
    asked: Asked,
    reference: str,
    act: Callable[[Work, Folded[Incident]], Awaitable[Folded[Review]]],
) -> Response:
    """Carried out on the review as its incident's course leaves it, and answered with it."""
    desk, incident = desk_of(asked), (await seen(asked, reference)).stream

    async def decide(work: Work) -> Folded[Review]:
        held = await desk.catch_up(work, incident, asked.now)
        return await act(work, require_visible(held, asked.caller))

    order = await asked.order(review_stream(incident))
    async with discreetly(asked):
        after = await settle(desk.reviews, order, decide)
    return await answer(asked, incident, after)
