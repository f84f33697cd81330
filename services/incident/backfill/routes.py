"""The backfill over HTTP."""

from typing import Annotated

import msgspec
from fastapi import Depends, Response

from services.incident.access import incidents_of
from services.incident.backfill.bodies import Backfill
from services.incident.backfill.history import Manner
from services.incident.backfill.intake import intake
from services.incident.backfill.report import BackfillReport
from services.incident.bodies import ReopeningDocument
from shared.auth.roles import Role
from shared.clock import new_id
from shared.errors import Stale
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.openapi import answers

router = routes("incidents", "/v1/incidents", large_bodies=True)
ByService = Annotated[Asked, Depends(allowed(Role.SERVICE))]


@router.post("/backfill", **answers(BackfillReport))
async def backfill(body: Backfill, asked: ByService) -> Response:
    """Take over the history of incidents of another system, as it was.

    Each step says what the source's record said from then on; the events that follow carry the
    source's time and actor. Steps that our rules would refuse are taken too, and listed as
    deviations. Tell the whole history of an incident each time: what is known already is skipped,
    so a second run adds nothing, and a longer history is continued. One that begins otherwise than
    the one that was imported is refused by itself. The rest of a request is stored together.

    Nobody is notified and nothing is armed because of it, unless it is `live`.
    """
    order = await asked.order(new_id())
    if order.version is not None:
        raise Stale("a backfill is about many incidents: it takes no If-Match")
    histories = [each.as_history() for each in body.incidents]
    for n, history in enumerate(histories):
        for m, step in enumerate(history.steps):
            asked.stated(step.at, f"incidents/{n}/steps/{m}/at")
    manner = Manner(body.system, body.live, await _close_after_days(asked) if body.live else None)
    report = await intake(incidents_of(asked), manner).all(order, histories)
    headers = {"tocsin-position": str(report.position)}
    return Response(msgspec.json.encode(report), headers=headers, media_type="application/json")


async def _close_after_days(asked: Asked) -> int | None:
    policy = await incidents_of(asked).policies.named("reopening", fresh=True)
    return ReopeningDocument(**(policy.state.document or {})).auto_close_days
