"""The incident as its events tell it, and how each event changes it.

What may happen is decided in `lifecycle.py`, `triage.py`, `milestones.py` and `relations/`.
"""

from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from services.incident import events as e
from services.incident.backfill import events as b
from services.incident.events import HoldReason, IncidentEvent, ResolutionCode
from services.incident.major import folding as major
from services.incident.major.state import NOT_MAJOR, Major
from services.incident.parts import Attachment, Escalation, Link, Restriction, Stretches
from services.incident.regulators.events import RegulatoryRecord, RegulatoryRecorded, record_of
from services.incident.relations import events as r
from services.incident.relations.events import LinkKind
from services.incident.rules import ENDED, Status
from shared.domain import Origin, Personal, State, Stated, changed


class Incident(State, frozen=True):
    """An incident as its events tell it. Times are effective; texts are sealed."""

    status: Status | None = None
    number: int = 0
    title: str = ""
    description: Personal | None = None
    reporter: str = ""
    reporter_name: Personal | None = None
    reporter_email: Personal | None = None
    service: str | None = None
    item: str | None = None
    category: str | None = None
    subcategory: str | None = None
    impact: int | None = None
    urgency: int | None = None
    priority: int | None = None
    matrix_version: int | None = None
    group: str | None = None
    assigned_to: str | None = None
    source: str | None = None
    tags: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    external_ref: str | None = None
    started_at: datetime | None = None
    detected_at: datetime | None = None
    acknowledged_at: datetime | None = None
    mitigated_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    hold_reason: HoldReason | None = None
    problem: UUID | None = None
    cause: Personal | None = None
    resolution_code: ResolutionCode | None = None
    resolution: Personal | None = None
    known_error: str | None = None
    close_after_days: int | None = None
    resolved_with: UUID | None = None
    reopen_count: int = 0
    reassignment_count: int = 0
    imported: bool = False
    stated: dict[str, Stated] = {}  # what the source's own record says beside
    imported_steps: int = 0
    imported_digest: str = ""
    declared_at: datetime | None = None  # where another system knows; else the envelope does
    escalation_count: int = 0
    escalation: Escalation | None = None
    correction_count: int = 0
    parent: UUID | None = None
    parent_number: int | None = None
    children: dict[UUID, int] = {}
    merged_into: UUID | None = None
    merged_number: int | None = None
    status_before_merge: Status | None = None
    absorbed: dict[UUID, int] = {}
    links: dict[str, Link] = {}
    attachments: dict[str, Attachment] = {}
    stretches: Stretches = Stretches()
    restriction: Restriction | None = None
    major: Major = NOT_MAJOR
    regulatory: tuple[RegulatoryRecord, ...] = ()


_UNRESOLVED: dict[str, Any] = dict.fromkeys(
    (
        "resolved_at", "closed_at", "mitigated_at", "resolution_code", "resolution", "known_error",
        "close_after_days", "resolved_with",
    )
)  # fmt: skip


_ON_ITS_OWN = dict.fromkeys(("merged_into", "merged_number", "status_before_merge"))


def link_key(kind: LinkKind, reference: str) -> str:
    """What a link is known by."""
    return f"{kind}:{reference}"


def evolve(incident: Incident, event: IncidentEvent) -> Incident:
    """Never refuses: this has already happened, whatever today's rules say."""
    after = _after(incident, event)
    if event.origin is not None:
        after = _imported(after, event.origin)
    if after.status is incident.status:
        return after
    at = getattr(event, "at", None) if event.origin is None else event.origin.at
    return changed(after, stretches=_turned(incident, at))


def _imported(incident: Incident, origin: Origin) -> Incident:
    if incident.imported and not origin.stated:
        return incident
    return changed(incident, imported=True, stated=incident.stated | origin.stated)


def _turned(before: Incident, at: datetime | None) -> Stretches:
    """The stretch in the status before ends; in an ended one nothing was counted."""
    held = before.stretches
    if at is None:
        return held
    if before.status is None:
        return changed(held, since=at)  # another system knows when it was declared
    if held.since is None:
        return changed(held, since=at, first_ended=at)
    if before.status in ENDED:
        return changed(held, since=at)
    lasted = max((at - held.since).total_seconds(), 0.0)
    total = held.seconds.get(before.status, 0.0) + lasted
    return changed(held, since=at, seconds=held.seconds | {before.status: total})


def _after(incident: Incident, event: IncidentEvent) -> Incident:
    match event:
        case e.Declared():
            declared_at = event.origin.at if event.origin else None
            told = event.fields() | {"declared_at": declared_at}
            return changed(incident, status=incident.status or Status.NEW, **told)
        case e.Categorised():
            return changed(incident, **event.fields())
        case e.Prioritised():
            told = event.fields("impact", "urgency", "priority", "matrix_version")
            return changed(incident, **told)
        case e.Assigned(group=group, person=person):
            moves = incident.reassignment_count + (group != incident.group)
            return changed(incident, group=group, assigned_to=person, reassignment_count=moves)
        case e.Acknowledged(at=at):
            first = incident.acknowledged_at or at
            return changed(incident, status=Status.IN_PROGRESS, acknowledged_at=first)
        case e.WorkStarted() | e.Resumed():
            return changed(incident, status=Status.IN_PROGRESS, hold_reason=None)
        case e.Held(reason=reason):
            problem = event.problem or incident.problem
            return changed(incident, status=Status.ON_HOLD, hold_reason=reason, problem=problem)
        case e.Noted() | e.Replied():
            return incident
        case e.Diagnosed(cause=cause):
            return changed(incident, cause=cause)
        case e.Mitigated(at=at):
            return changed(incident, mitigated_at=at)
        case e.Escalated():
            count = incident.escalation_count + 1
            return changed(
                incident, escalation_count=count, escalation=Escalation(**event.fields())
            )
        case e.Resolved():
            return changed(incident, status=Status.RESOLVED, **_resolution(incident, event))
        case e.Reopened():
            count = incident.reopen_count + 1
            again = _UNRESOLVED | {"major": major.reopened(incident.major, event.at)}
            return changed(incident, status=Status.IN_PROGRESS, reopen_count=count, **again)
        case e.Closed(at=at):
            return changed(
                incident, status=Status.CLOSED, closed_at=at, major=major.closed(incident.major, at)
            )
        case e.Cancelled():
            ended = major.ended(incident.major)
            return changed(incident, status=Status.CANCELLED, hold_reason=None, major=ended)
        case b.SourceStated():
            return incident
        case b.StatusStated(status=status):
            return changed(incident, status=Status(status), hold_reason=None)
        case b.Backfilled(steps=steps, digest=digest):
            return changed(incident, imported_steps=steps, imported_digest=digest)
        case e.MilestoneCorrected(milestone=milestone, to=to):
            count = incident.correction_count + 1
            return changed(incident, correction_count=count, **{f"{milestone}_at": to})
        case r.ParentAdded(parent=parent, number=number):
            return changed(incident, parent=parent, parent_number=number)
        case r.ParentRemoved():
            return changed(incident, parent=None, parent_number=None)
        case r.ChildAdded(child=child, number=number):
            return changed(incident, children=incident.children | {child: number})
        case r.ChildRemoved(child=child):
            return changed(incident, children=_without(incident.children, child))
        case r.Merged(into=into, number=number):
            survivor = {"merged_into": into, "merged_number": number}
            return changed(
                incident, status=Status.MERGED, status_before_merge=incident.status, **survivor
            )
        case r.Unmerged(status=status):
            return changed(incident, status=Status(status), **_ON_ITS_OWN)
        case r.Absorbed(incident=other, number=number):
            return changed(incident, absorbed=incident.absorbed | {other: number})
        case r.Released(incident=other):
            return changed(incident, absorbed=_without(incident.absorbed, other))
        case r.Linked(kind=kind, reference=reference):
            link = {link_key(kind, reference): Link(**event.fields())}
            return _linked(incident, incident.links | link)
        case r.Unlinked(kind=kind, reference=reference):
            return _linked(incident, _without(incident.links, link_key(kind, reference)))
        case r.AttachmentAdded(sha256=sha256):
            attachment = {sha256: Attachment(**event.fields())}
            return changed(incident, attachments=incident.attachments | attachment)
        case r.AttachmentRemoved(sha256=sha256):
            return changed(incident, attachments=_without(incident.attachments, sha256))
        case e.Restricted():
            return changed(incident, restriction=Restriction(**event.fields()))
        case RegulatoryRecorded():
            return changed(incident, regulatory=(*incident.regulatory, record_of(event)))
        case e.Unrestricted():
            return changed(incident, restriction=None)
        case _:
            return changed(incident, major=major.evolve(incident.major, event))


def _linked(incident: Incident, links: dict[str, Link]) -> Incident:
    """Its problem is the one it was put on hold for, else the first it is linked to."""
    before = {each.id for each in incident.links.values() if each.kind is LinkKind.PROBLEM}
    after = [each.id for each in links.values() if each.kind is LinkKind.PROBLEM]
    is_gone = incident.problem in before and incident.problem not in after
    problem = None if is_gone else incident.problem
    return changed(incident, links=links, problem=problem or next(iter(after), None))


def _resolution(incident: Incident, event: e.Resolved) -> dict[str, Any]:
    return {
        "hold_reason": None,
        "major": major.resolved(incident.major, event.at),
        "resolved_at": event.at,
        "resolution_code": event.code,
        "resolution": event.summary,
        "known_error": event.known_error,
        "close_after_days": event.close_after_days,
        "resolved_with": event.with_parent,
    }


K = TypeVar("K")
V = TypeVar("V")


def _without(known: dict[K, V], key: K) -> dict[K, V]:
    return {each: value for each, value in known.items() if each != key}
