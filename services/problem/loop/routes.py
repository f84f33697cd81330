"""Whether a problem's workaround was used on an incident, and helped, over HTTP."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from fastapi import Response

from services.problem.access import hidden_from, known_incident, known_problem, problems_of
from services.problem.answering import ByRaiser, ByReader, Reference, WaitFor
from services.problem.loop import bodies
from services.problem.loop.events import LoopEvent
from services.problem.loop.loop import LOOP, Loop, loop_stream, record_use
from services.problem.side_streams import record_beside
from shared.aggregate import Folded
from shared.errors import Refused
from shared.http.app import routes
from shared.http.moments import AsOf, position_of
from shared.http.openapi import answers
from shared.http.waiting import has_seen
from shared.ledger import Ledger

_USES = """select problem, incident, revision, helped, from_position as position
    from workaround_uses where problem = $1 and from_position <= $2
    and (to_position is null or to_position > $2) order by from_position limit 1000"""

router = routes("problems", "/v1/problems")


class WorkaroundUseView(msgspec.Struct, frozen=True):
    """What a workaround was to an incident, as last recorded."""

    problem: UUID
    incident: UUID
    revision: int
    helped: bool | None
    position: int


@router.post("/{id}/record-workaround-use", **answers(WorkaroundUseView))
async def record_workaround_use(
    id: Reference, body: bodies.WorkaroundUse, asked: ByRaiser
) -> Response:
    """Record that it was used on an incident and, where that is known, whether it helped.

    The incident's timeline tells it; the problem's version stays.
    """
    stream = await known_problem(asked, id)
    incident = (await known_incident(asked, body.incident)).id
    held = await problems_of(asked).current(stream)
    revision = held.state.workaround.revision

    def use(state: Loop) -> Sequence[LoopEvent]:
        if revision == 0:
            raise Refused("this problem has never published a workaround")
        return record_use(
            state, problem=stream, incident=incident, revision=revision, helped=body.helped
        )

    ledger = Ledger(asked.service.store, LOOP)
    after = await record_beside(asked, held.version, ledger, loop_stream(stream), use)
    return _answer(stream, incident, after)


class WorkaroundUses(msgspec.Struct, frozen=True):
    """On which incidents it was used; those that the caller may not know of are left out."""

    used: int
    helped: int
    not_helped: int
    items: list[WorkaroundUseView]
    position: int


@router.get("/{id}/workaround-uses", **answers(WorkaroundUses))
async def workaround_uses(
    id: Reference, asked: ByReader, as_of: AsOf = None, wait_for: WaitFor = None
) -> Response:
    """Where the workaround was used and whether it helped, newest last; at most 1,000 of them."""
    await has_seen(asked.service, wait_for)
    stream = await known_problem(asked, id)
    log = asked.service.store.log
    position = await position_of(as_of, log) or (await log.head()).position
    found = await asked.service.store.pool.fetch(_USES, stream, position)
    hidden = await hidden_from(asked, [row["incident"] for row in found])
    items = [WorkaroundUseView(**dict(row)) for row in found if row["incident"] not in hidden]
    helped = [item.helped for item in items]
    counts = (len(items), helped.count(True), helped.count(False))
    content = msgspec.json.encode(WorkaroundUses(*counts, items, position))
    return Response(content, media_type="application/json")


def _answer(problem: UUID, incident: UUID, after: Folded[Loop]) -> Response:
    use = after.state.uses[incident]
    shown = WorkaroundUseView(problem, incident, use.revision, use.helped, after.position)
    headers = {"tocsin-position": str(after.position)}
    return Response(msgspec.json.encode(shown), headers=headers, media_type="application/json")
