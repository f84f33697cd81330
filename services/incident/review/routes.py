"""The review over HTTP, as JSON, HTML, Markdown or PDF; its action items as they are now."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import Query, Response
from pydantic import Field

from services.incident.access import seen
from services.incident.incident import Incident
from services.incident.review.composing import action_items, composed, texts_of
from services.incident.review.content import Content, content_of
from services.incident.review.desk import DESK, ReviewDesk
from services.incident.review.document import ActionItemView, ReviewDocument
from services.incident.review.events import Completed, review_stream
from services.incident.review.forms import TYPES, accepted, described, rendered
from services.incident.review.outline import of_review
from services.incident.review.review import Review, Standing
from services.incident.review.rights import actions_on
from services.incident.routes import ByReader, Reference, WaitFor
from shared.aggregate import Folded
from shared.errors import NotFound
from shared.http.app import routes
from shared.http.asked import Asked
from shared.http.body import Body
from shared.http.content import JsonBytes
from shared.http.moments import AsOf, position_of, time_of
from shared.http.openapi import answers
from shared.http.waiting import has_seen

router = routes("reviews", "/v1/incidents")


class ReviewQuery(Body):
    """Which revision, as known when; by default the newest one."""

    revision: Annotated[int | None, Field(ge=1, le=10**6)] = None
    as_of: AsOf = None
    wait_for: WaitFor = None


class ActionItems(msgspec.Struct, kw_only=True):
    """The action items as they are now, also where the review was completed long ago."""

    incident: UUID
    version: int
    items: list[ActionItemView]


def desk_of(asked: Asked) -> ReviewDesk:
    """The reviews of the service that was asked."""
    found: ReviewDesk = asked.service.parts[DESK]
    return found


@router.get("/{id}/review", **described(ReviewDocument))
async def review(
    id: Reference, query: Annotated[ReviewQuery, Query()], asked: ByReader
) -> Response:
    """Its post-incident review; the form as `Accept` says: JSON, HTML, Markdown or PDF.

    The facts are replayed from the log up to the position it names, each with the event that
    proves it. A completed revision is answered as it was completed, byte for byte.
    """
    return await _read(accepted(asked.request.headers.get("accept")), id, query, asked)


def _in_form(form: str) -> None:
    async def read(
        id: Reference, query: Annotated[ReviewQuery, Query()], asked: ByReader
    ) -> Response:
        """Its post-incident review in this form, whatever `Accept` says."""
        return await _read(form, id, query, asked)

    told = described(ReviewDocument, form)
    router.add_api_route(
        f"/{{id}}/review.{form}", read, methods=["GET"], name=f"review_as_{form}", **told
    )


for _form in TYPES:
    _in_form(_form)


@router.get("/{id}/review/action-items", **answers(ActionItems))
async def review_action_items(
    id: Reference, asked: ByReader, as_of: AsOf = None, wait_for: WaitFor = None
) -> Response:
    """Its action items as they are now: what was done after the review was completed, too."""
    await has_seen(asked.service, wait_for)
    desk, incident = desk_of(asked), (await seen(asked, id)).stream
    position = await position_of(as_of, desk.store.log)
    told = await desk.store.log.stream(review_stream(incident))
    content = content_of([e for e in told if position is None or e.position <= position])
    await desk.store.vault.load(desk.store.pool, texts_of(content))
    found = ActionItems(
        incident=incident,
        version=0 if content.last is None else content.last.originator_version,
        items=action_items(content, desk.store.vault),
    )
    return JsonBytes(msgspec.json.encode(found, order="deterministic"))


async def _read(form: str, id: str, query: ReviewQuery, asked: Asked) -> Response:
    await has_seen(asked.service, query.wait_for)
    found, position, now = await incident_at(asked, id, query.as_of)
    document = await _document(asked, found, position, now, query.revision)
    if document.status == Standing.OPEN and query.as_of is None:
        document.actions = actions_on(found.stream, Standing.OPEN, asked.caller)
    headers = [("etag", f'"{document.version}"')]
    return await rendered(form, document, of_review(document), headers)


async def answer(asked: Asked, incident: UUID, after: Folded[Review]) -> Response:
    """The review after a command, as JSON."""
    held = await desk_of(asked).incidents.current(incident)
    document = await _document(asked, held, after.position, asked.now, None)
    headers = [(b"etag", b'"%d"' % after.version), (b"tocsin-position", b"%d" % after.position)]
    return JsonBytes(msgspec.json.encode(document, order="deterministic"), headers=headers)


async def _document(
    asked: Asked, found: Folded[Incident], position: int, now: datetime, revision: int | None
) -> ReviewDocument:
    """Of a completed revision the facts end where, and when, it was completed."""
    desk = desk_of(asked)
    content = await desk.content(found, position, revision=revision, at=now)
    until, moment = _end_of(content) or (position, now)
    facts = await desk.facts(asked, found, until, moment)
    await desk.store.vault.load(desk.store.pool, texts_of(content))
    return composed(found.stream, content, facts, desk.store.vault)


def _end_of(content: Content) -> tuple[int, datetime] | None:
    event: Any = None if content.completed is None else content.completed.event
    return (event.position, event.at) if isinstance(event, Completed) else None


async def incident_at(
    asked: Asked, reference: str, as_of: str | None
) -> tuple[Folded[Incident], int, datetime]:
    """An incident at a moment, with the moment's position and time. Raises NotFound."""
    found, log = await seen(asked, reference), asked.service.store.log
    position = await position_of(as_of, log)
    if position is None:
        return found, (await log.head()).position, asked.now
    held = await desk_of(asked).incidents.held_at(found.stream, position)
    if held.version == 0:
        raise NotFound("there was no such incident then")
    return held, position, await time_of(as_of, log) or asked.now
