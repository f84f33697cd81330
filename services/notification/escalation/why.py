"""Why somebody was, or was not, paged because of an event."""

from uuid import UUID

from services.notification.decisions.why import Because
from services.notification.escalation.escalation import Escalation, Status
from services.notification.escalation.events import Missed
from services.notification.escalation.lists import RUNNING
from services.notification.escalation.reaching import NO_METHOD, RESTRICTED, TOO_MANY
from services.notification.escalation.running import Running
from shared.aggregate import Folded
from shared.errors import NotFound
from shared.http.asked import Asked
from shared.http.managed import Moments, folded_at
from shared.work import Work

_OF_EVENT = (
    "select id from escalations where to_position is null and cause = $1 order by created_at"
)
_CODES = {
    NO_METHOD: "no_usable_contact_method",
    RESTRICTED: "restricted",
    TOO_MANY: "step_limit",
}


async def paged_because(
    asked: Asked, event: UUID, person: str, moments: Moments
) -> tuple[list[Because], UUID | None]:
    """What escalations of this event say of a person who was not paged; and what it is about."""
    running: Running = asked.service.parts[RUNNING]
    found: list[Because] = []
    about = None
    for row in await asked.service.store.pool.fetch(_OF_EVENT, event):
        try:
            held = await folded_at(asked, running.escalations, row["id"], moments)
        except NotFound:
            continue
        about = held.state.occasion.about if held.state.occasion else about
        found += await _because(asked, held, person, running)
    return found, about


async def _because(
    asked: Asked, held: Folded[Escalation], person: str, running: Running
) -> list[Because]:
    state = held.state
    if person in state.people:
        return []
    missed = [each for each in state.missed if each.target == person]
    if missed or state.status is not Status.ACKNOWLEDGED:
        return [_missed(each) for each in missed]
    work = Work(asked.service.store, "system:why")
    left = [each for step in state.steps[state.taken :] for each in step.targets]
    meant = await running.people.meant(left, asked.now, work)
    if person not in meant.people:
        return []
    detail = f"{state.acknowledged_by} acknowledged before the step that names them"
    return [Because(reason="acknowledged_meanwhile", detail=detail)]


def _missed(missed: Missed) -> Because:
    return Because(reason=_CODES.get(missed.reason, "not_paged"), detail=missed.reason)
