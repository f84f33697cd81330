"""The live state of a major incident: what a commander, or whoever joins late, has to know."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from services.incident.major.state import Major, Task
from services.incident.regulators.view import RegulatoryDeadline
from services.incident.review.deliveries import Delivery
from services.incident.review.document import (
    ImpactWindow,
    Moment,
    Participant,
    Span,
    StatusSpan,
)
from services.incident.review.facts import Facts, told_of
from services.incident.review.outline import (
    Block,
    Card,
    Cards,
    Heading,
    Note,
    Outline,
    Picture,
    Table,
    duration_cards,
    impact_card,
    milestones,
    people,
    reached,
    regulators,
    told,
)
from services.incident.review.replay import Replayed
from services.incident.review.words import moment, named
from shared.timeline import Entry

_LATEST = 30


class RoleHeld(msgspec.Struct, frozen=True, kw_only=True):
    role: str
    person: str
    since: datetime
    accepted: bool


class UpdateOwed(msgspec.Struct, frozen=True, kw_only=True):
    """What an audience is owed: due, overdue, snoozed, or closed."""

    audience: str
    state: str
    due_at: datetime
    sent: int
    last_sent_at: datetime | None


class ResponderAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Who was asked to come; `answer` is accepted, declined, or none yet.

    `acknowledged_by` have seen the pages of it, which is no answer.
    """

    request: UUID
    asked: list[str]
    since: datetime
    answer: str | None
    by: str | None
    acknowledged_by: list[str]


class Situation(msgspec.Struct, kw_only=True):
    """An incident as it stands at a moment. Each fact names the event that proves it."""

    incident: UUID
    number: str
    title: str
    service: str | None
    priority: int | None
    status: str
    severity: str
    major: str
    at: datetime
    version: int
    position: int
    group: str | None
    assigned_to: str | None
    impact_window: ImpactWindow | None
    milestones: list[Moment]
    durations: list[Span]
    statuses: list[StatusSpan]
    seconds_in_status: dict[str, float]
    roles: list[RoleHeld]
    updates: list[UpdateOwed]
    responders: list[ResponderAsked]
    participants: list[Participant]
    last_update: Entry | None
    communications: list[Entry]
    told: list[Delivery]
    decisions: list[Entry]
    regulators: list[RegulatoryDeadline]
    latest: list[Entry]


def situation_of(incident: UUID, version: int, facts: Facts) -> Situation:
    """The live state that follows from the facts; `latest` come first."""
    state, entries = facts.replayed.incident, facts.entries
    posted = [each for each in entries if each.kind == "incident.update_posted"]
    return Situation(
        incident=incident,
        **told_of(facts),
        status=state.status or "",
        major=state.major.state.value,
        at=facts.now,
        version=version,
        group=state.group,
        assigned_to=state.assigned_to,
        roles=_roles(state.major),
        updates=[_owed(each, facts.now) for each in state.major.tasks.values()],
        responders=_responders(facts.replayed),
        last_update=posted[-1] if posted else None,
        latest=list(entries[: -_LATEST - 1 : -1]),
    )


def of_situation(now: Situation, entries: Sequence[Entry]) -> Outline:
    """As people read it; the picture shows all of it."""
    marks = [now.severity if now.severity == "major" else f"major: {now.major}", now.status]
    if now.priority is not None:
        marks.insert(1, f"priority {now.priority}")
    if any(each.state == "overdue" for each in now.updates):
        marks.append("overdue")
    blocks = [*_blocks(now, entries)]
    return Outline("Live state", f"{now.number} {now.title}", marks, blocks)


def _blocks(now: Situation, entries: Sequence[Entry]) -> Iterable[Block]:
    yield Note(f"As of {moment(now.at)}, position {now.position} of the log.")
    assigned = Card("Assigned to", " / ".join(filter(None, (now.group, now.assigned_to))) or "-")
    yield Cards([impact_card(now.impact_window), assigned, *duration_cards(now.durations)])
    if now.last_update is not None:
        yield from told("Last update", [now.last_update])
    yield from _roles_table(now.roles)
    yield from _updates_table(now.updates)
    yield from _responders_table(now.responders)
    yield Picture(entries, now.statuses, now.impact_window)
    yield from told("Latest", now.latest)
    yield from told("Decisions", now.decisions)
    yield from reached(now.told)
    yield from regulators(now.regulators)
    yield from milestones(now.milestones, now.seconds_in_status)
    yield from people(now.participants)


def _roles(major: Major) -> list[RoleHeld]:
    return [
        RoleHeld(
            role=role.value, person=holder.person, since=holder.since, accepted=holder.accepted
        )
        for role, holder in major.roles.items()
    ]


def _owed(task: Task, now: datetime) -> UpdateOwed:
    state = "overdue" if task.due_at < now else "snoozed" if task.snoozed else "due"
    return UpdateOwed(
        audience=task.planned.audience,
        state=state if task.closed_at is None else "closed",
        due_at=task.due_at,
        sent=task.sent,
        last_sent_at=task.last_sent_at,
    )


def _responders(replayed: Replayed) -> list[ResponderAsked]:
    answers = {True: "accepted", False: "declined", None: None}
    return [
        ResponderAsked(
            request=id,
            asked=[
                each.person or each.group or each.schedule or each.escalation_policy or "-"
                for each in request.asked
            ],
            since=request.since,
            answer=answers[request.accepted],
            by=request.answered_by,
            acknowledged_by=list(replayed.pages_seen.get(id, ())),
        )
        for id, request in replayed.incident.major.requests.items()
    ]


def _roles_table(roles: Sequence[RoleHeld]) -> Iterable[Block]:
    if roles:
        yield Heading("Roles")
        rows = [
            ((named(r.role), r.person, moment(r.since), "yes" if r.accepted else "not yet"), None)
            for r in roles
        ]
        yield Table(("Role", "Person", "Since", "Accepted"), rows)


def _updates_table(updates: Sequence[UpdateOwed]) -> Iterable[Block]:
    if updates:
        yield Heading("Updates")
        rows = [((u.audience, u.state, moment(u.due_at), str(u.sent)), None) for u in updates]
        yield Table(("Audience", "State", "Next due", "Sent"), rows)


def _responders_table(responders: Sequence[ResponderAsked]) -> Iterable[Block]:
    if responders:
        yield Heading("Responders")
        rows = [
            ((", ".join(r.asked), moment(r.since), _answer(r), r.by or "-"), None)
            for r in responders
        ]
        yield Table(("Asked", "Since", "Answer", "By"), rows)


def _answer(asked: ResponderAsked) -> str:
    seen = f"page acknowledged by {', '.join(asked.acknowledged_by)}"
    return asked.answer or (seen if asked.acknowledged_by else "no answer yet")
