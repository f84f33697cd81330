"""What must be done before a major incident is closed, and who is told that it is."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from services.incident.events import Closed, IncidentEvent
from services.incident.incident import Incident
from services.incident.major import events as m
from services.incident.major.state import Task
from services.incident.relations.events import LinkKind
from services.incident.rules import CLOSES_ACCEPTED
from shared.auth.roles import Role
from shared.errors import Forbidden, Refused


def close_major(
    incident: Incident, *, roles: frozenset[Role], at: datetime, waive_problem: str | None = None
) -> Sequence[IncidentEvent]:
    """By its manager, once nothing is left to do. Raises Refused with each thing that is."""
    if roles.isdisjoint(CLOSES_ACCEPTED | {Role.ADMIN}):
        raise Forbidden("closing a major incident needs the role major_incident_manager")
    unmet = list(unmet_of(incident, waived=waive_problem is not None))
    if unmet:
        said = "; ".join(detail for _, detail in unmet)
        raise Refused(f"a major incident closes when nothing is left to do: {said}", unmet)
    waived = [] if waive_problem is None else [m.ProblemWaived(reason=waive_problem)]
    told = [task.planned for task in incident.major.tasks.values() if _is_owed(task)]
    names = tuple(planned.audience for planned in told)
    notice = m.ClosingNotice(audiences=names, ways=tuple(told), at=at)
    return [*waived, Closed(at=at), *([notice] if names else [])]


def unmet_of(incident: Incident, *, waived: bool = False) -> Iterable[tuple[str, str]]:
    """What is left to do before it may close: (condition, what to do about it)."""
    major = incident.major
    for name, task in major.tasks.items():
        if _is_owed(task) and not task.final_sent:
            yield (
                f"final_update:{name}",
                f"send the final update to {name} (post-update with final)",
            )
    if not major.review_completed:
        yield "review", "complete the post-incident review"
    if not (waived or major.problem_waived is not None or _has_problem(incident)):
        yield "problem", "link a problem, or waive it with a reason (waive_problem)"


def _is_owed(task: Task) -> bool:
    """An audience that the plan names, or that was told before another plan left it out."""
    return task.final_sent or task.closed_at is None or task.sent > 0


def _has_problem(incident: Incident) -> bool:
    linked = any(link.kind is LinkKind.PROBLEM for link in incident.links.values())
    return linked or incident.problem is not None
