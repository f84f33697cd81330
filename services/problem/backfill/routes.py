"""The backfill over HTTP."""

from typing import Annotated

import msgspec
from fastapi import Depends, Response

from services.problem.access import problems_of
from services.problem.backfill.bodies import Backfill
from services.problem.backfill.history import Manner
from services.problem.backfill.intake import intake
from services.problem.backfill.report import BackfillReport
from shared.auth.roles import Role
from shared.clock import new_id
from shared.errors import Stale
from shared.http.app import routes
from shared.http.asked import Asked, allowed
from shared.http.openapi import answers

router = routes("problems", "/v1/problems", large_bodies=True)
ByService = Annotated[Asked, Depends(allowed(Role.SERVICE))]


@router.post("/backfill", **answers(BackfillReport))
async def backfill(body: Backfill, asked: ByService) -> Response:
    """Take over the history of problems of another system, as it was.

    Each step says what the source's record said from then on; the events that follow carry the
    source's time and actor. Steps that our rules would refuse are taken too, and listed as
    deviations. Tell the whole history of a problem each time: what is known already is skipped, so
    a second run adds nothing, and a longer history is continued. One that begins otherwise than the
    one that was imported is refused by itself. The rest of a request is stored together.

    Nobody is notified and nothing is armed because of it, unless it is `live`.
    """
    order = await asked.order(new_id())
    if order.version is not None:
        raise Stale("a backfill is about many problems: it takes no If-Match")
    histories = [each.as_history() for each in body.problems]
    for n, history in enumerate(histories):
        for m, step in enumerate(history.steps):
            asked.stated(step.at, f"problems/{n}/steps/{m}/at")
    manner = Manner(body.system, body.live)
    report = await intake(problems_of(asked), manner).all(order, histories)
    headers = {"tocsin-position": str(report.position)}
    return Response(msgspec.json.encode(report), headers=headers, media_type="application/json")
