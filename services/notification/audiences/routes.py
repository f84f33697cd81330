"""Audiences over HTTP: managed data, and who is in one now."""

from fastapi import Response

from services.notification.answer import ByReader, Nothing
from services.notification.audiences.bodies import AudienceDocument
from services.notification.audiences.events import AudienceRetired
from services.notification.audiences.members import AUDIENCES, Audiences
from services.notification.audiences.view import AudiencePage, AudienceView, Member, MembersView
from services.notification.keyed import asking
from services.notification.keyed.asking import ByAdmin, Kept, Listed, Past, Reference
from shared.http.app import routes
from shared.http.asked import Asked
from shared.http.managed import When, read_answer
from shared.http.openapi import answers
from shared.http.past import Events
from shared.work import Work

PATH = "/v1/audiences"

router = routes("audiences", PATH)


def audiences_of(asked: Asked) -> Kept:
    """The audiences of the service that was asked."""
    return Kept("audience", PATH, _ledger(asked), AudienceView)


def _ledger(asked: Asked) -> Audiences:
    found: Audiences = asked.service.parts[AUDIENCES]
    return found


@router.get("", **answers(AudiencePage))
async def list_audiences(query: Listed, asked: ByReader) -> Response:
    """Audiences by their keys."""
    return await asking.page(asked, audiences_of(asked), query)


@router.post("", **answers(AudienceView, 201, "Added"))
async def add_audience(body: AudienceDocument, asked: ByAdmin) -> Response:
    """Add an audience; a retired one of the same key is taken up again."""
    return await asking.add(asked, audiences_of(asked), body.said(), named=body.named())


@router.get("/{id}", **answers(AudienceView))
async def read_audience(id: Reference, when: When, asked: ByReader) -> Response:
    """One audience, now or as it was."""
    return await asking.read(asked, audiences_of(asked), id, when)


@router.put("/{id}", **answers(AudienceView))
async def change_audience(id: Reference, body: AudienceDocument, asked: ByAdmin) -> Response:
    """Say the whole audience anew; who was told before stays on record."""
    kept = audiences_of(asked)
    return await asking.change(asked, kept, id, body.said(), named=body.named())


@router.post("/{id}/retire", **answers(AudienceView))
async def retire_audience(id: Reference, asked: ByAdmin, body: Nothing = None) -> Response:
    """Nobody is told by it any more; its past stays."""
    return await asking.retire(asked, audiences_of(asked), id, AudienceRetired)


@router.get("/{id}/versions", **answers(Events))
async def list_audience_versions(id: Reference, query: Past, asked: ByReader) -> Response:
    """Everything that was said of it, who said it and when, oldest first."""
    return await asking.versions(asked, audiences_of(asked), id, query)


@router.get("/{id}/members", **answers(MembersView))
async def list_audience_members(id: Reference, asked: ByReader) -> Response:
    """Who would be told at this moment, by which channel, and by which rule they are in it."""
    kept, ledger = audiences_of(asked), _ledger(asked)
    held = await ledger.current(kept.find(id))
    work = Work(asked.service.store, "system:audiences")
    found = await ledger.members(held.state, (), asked.now, work)
    items = [
        Member(person=m.person, contact=m.contact, channel=m.channel, because=m.because)
        for m in found.members
    ]
    view = MembersView(
        audience=held.state.key,
        at=asked.now,
        items=items,
        missing=[f"{who}: {why}" for who, why in found.missing],
        position=held.position,
    )
    return read_answer(view, held.version)
