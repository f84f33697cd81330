"""Whether a known error was used on an incident, and helped, over HTTP."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import Depends, Response

from services.problem.access import known_incident
from services.problem.discretion import discreetly
from services.problem.known_errors import bodies, offers
from services.problem.known_errors.access import known, known_errors_of
from services.problem.known_errors.known_error import require
from services.problem.known_errors.offers import OfferEvent, Offers, offers_stream
from services.problem.known_errors.routes import Reference
from services.problem.rules import RAISERS
from services.problem.side_streams import record_beside
from shared.aggregate import Folded
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.openapi import answers

ByRaiser = Annotated[Asked, Depends(allowed(*RAISERS))]

router = routes("known errors", "/v1/known-errors")


class UseView(msgspec.Struct, frozen=True):
    """What a known error was to an incident, as last recorded."""

    known_error: UUID
    incident: UUID
    used: bool
    helped: bool | None
    position: int


@router.post("/{id}/record-use", **answers(UseView))
async def record_use(id: Reference, body: bodies.Use, asked: ByRaiser) -> Response:
    """Record that it was used on an incident and, where that is known, whether it helped."""
    held = await known(asked, id)
    incident = (await known_incident(asked, body.incident)).id

    def use(state: Offers) -> Sequence[OfferEvent]:
        require(held.state, "record-use")
        number, helped = held.state.number, body.helped
        return offers.record_use(
            state, incident=incident, known_error=held.stream, number=number, helped=helped
        )

    ledger = known_errors_of(asked).offers
    async with discreetly(asked):
        after = await record_beside(asked, held.version, ledger, offers_stream(incident), use)
    return _answer(held.stream, incident, after)


def _answer(known_error: UUID, incident: UUID, after: Folded[Offers]) -> Response:
    used, helped = known_error in after.state.used, after.state.used.get(known_error)
    shown = UseView(known_error, incident, used, helped, after.position)
    headers = {"tocsin-position": str(after.position)}
    return Response(msgspec.json.encode(shown), headers=headers, media_type="application/json")
