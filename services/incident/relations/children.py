"""Parents and children: what each of the two says of it, and what a parent does to its children."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from services.incident import events as e
from services.incident.events import IncidentEvent, ResolutionCode
from services.incident.incident import Incident
from services.incident.lifecycle import refusal, require, why_not
from services.incident.relations import events as r
from services.incident.rules import OPEN, Status
from shared.errors import Refused

MOST_CHILDREN = 1_000


def add_child(parent: Incident, *, child: UUID, number: int) -> Sequence[IncidentEvent]:
    require(parent, "add-child")
    if child in parent.children:
        return []
    if len(parent.children) >= MOST_CHILDREN:
        raise Refused(f"an incident has {MOST_CHILDREN} children at most")
    return [r.ChildAdded(child=child, number=number)]


def get_parent(child: Incident, *, parent: UUID, number: int) -> Sequence[IncidentEvent]:
    """The other side of `add_child`."""
    if child.parent == parent:
        return []
    if refusal(child, "add-child") is not None:
        raise Refused(why_not(child, f"INC-{child.number}"))
    if child.parent is not None:
        raise Refused(
            f"INC-{child.number} is a child of INC-{child.parent_number} already; "
            "remove it there first"
        )
    return [r.ParentAdded(parent=parent, number=number)]


def require_removal(asked: Incident) -> None:
    """Raises Refused where no child may be removed from it, or from what is merged into it."""
    require(asked, "remove-child")


def remove_child(parent: Incident, *, child: UUID, number: int) -> Sequence[IncidentEvent]:
    """Also of one that was merged: its survivor speaks for it."""
    if child not in parent.children:
        raise Refused(f"INC-{number} is not a child of INC-{parent.number}")
    return [r.ChildRemoved(child=child, number=number)]


def tell_removal(survivor: Incident, *, child: UUID, number: int) -> Sequence[IncidentEvent]:
    """A child that a merged one had brought along is gone: its survivor says so too."""
    return [r.ChildRemoved(child=child, number=number)]


def lose_parent(child: Incident, *, parent: UUID, number: int) -> Sequence[IncidentEvent]:
    """The other side of `remove_child`; possible whatever became of the child."""
    return [r.ParentRemoved(parent=parent, number=number)] if child.parent == parent else []


def resolve_with_parent(
    child: Incident,
    *,
    parents: Collection[UUID],
    by: UUID,
    code: ResolutionCode | None,
    summary: str | None,
    at: datetime,
    known_error: str | None,
    close_after_days: int | None,
) -> Sequence[IncidentEvent]:
    """With the resolution of `by`, which stands for all of `parents`; only if it is open."""
    if child.status not in OPEN or child.parent not in parents:
        return []
    return [
        e.Resolved(
            code=code,
            summary=summary,
            at=at,
            known_error=known_error,
            close_after_days=close_after_days,
            with_parent=by,
        )
    ]


def reopen_with_parent(
    child: Incident,
    *,
    parents: Collection[UUID],
    by: UUID,
    reason: str | None,
    at: datetime,
    was_closed: bool,
) -> Sequence[IncidentEvent]:
    """If it was resolved with `by` and nobody has reopened it since.

    One that was closed meanwhile comes back only where its parent comes back from closed too.
    """
    takes = {Status.RESOLVED, Status.CLOSED} if was_closed else {Status.RESOLVED}
    if child.status not in takes or child.resolved_with != by or child.parent not in parents:
        return []
    return [e.Reopened(reason=reason, at=at, with_parent=by)]
