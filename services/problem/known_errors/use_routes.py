"""Whether a known error was used on an incident, and helped, over HTTP."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import Depends, Response

from services.problem.access import incident_known
from services.problem.known_errors import bodies, offers
from services.problem.known_errors.access import known, known_errors_of
from services.problem.known_errors.known_error import require
from services.problem.known_errors.offers import OfferEvent, Offers, offers_stream
from services.problem.known_errors.routes import Reference
from services.problem.rules import RAISERS
from shared.aggregate import Folded
from shared.errors import Stale, Unavailable
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.managed import is_known
from shared.http.openapi import answers
from shared.ledger import GuardMoved

ByRaiser = Annotated[Asked, Depends(allowed(*RAISERS))]
_TRIES = 3

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
    incident = (await incident_known(asked, body.incident)).id
    require(held.state, "record-use")
    order = await asked.order(offers_stream(incident))
    if order.version not in (None, held.version):
        raise Stale(f"it is at version {held.version} by now; read it again")

    def use(state: Offers) -> Sequence[OfferEvent]:
        number, helped = held.state.number, body.helped
        return offers.record_use(
            state, incident=incident, known_error=held.stream, number=number, helped=helped
        )

    ledger = known_errors_of(asked).offers
    for _ in range(_TRIES):
        creates = not await is_known(ledger, order.stream)
        try:
            now = msgspec.structs.replace(order, version=None, creates=creates)
            return _answer(held.stream, incident, await ledger.execute(now, use))
        except GuardMoved:
            continue
    raise Unavailable("others keep recording about this incident; try again")


def _answer(known_error: UUID, incident: UUID, after: Folded[Offers]) -> Response:
    used, helped = known_error in after.state.used, after.state.used.get(known_error)
    shown = UseView(known_error, incident, used, helped, after.position)
    headers = {"tocsin-position": str(after.position)}
    return Response(msgspec.json.encode(shown), headers=headers, media_type="application/json")
