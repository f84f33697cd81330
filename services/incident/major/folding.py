"""How each event changes a major incident."""

from datetime import datetime
from typing import Any
from uuid import UUID

from services.incident.major import events as m
from services.incident.major.events import MajorEvent, MajorRole, Target
from services.incident.major.state import (
    MOST_LATE,
    Holder,
    Late,
    Major,
    Request,
    Task,
    Turn,
    Update,
    interval,
)
from services.incident.rules import MajorState
from shared.domain import changed


def evolve(major: Major, event: MajorEvent) -> Major:
    """Never refuses: this has already happened, whatever today's rules say."""
    match event:
        case m.MajorProposed():
            return _turned(major, MajorState.PROPOSED, event)
        case m.MajorAccepted():
            return _turned(major, MajorState.ACCEPTED, event)
        case m.MajorRejected():
            turned = _turned(major, MajorState.REJECTED, event)
            return changed(turned, turned_down=event.inputs)
        case m.MajorDemoted(at=at):
            turned = _turned(major, MajorState.DEMOTED, event)
            requests, tasks = _over(major.requests, at), _closed(major.tasks, at)
            return changed(turned, turned_down=event.inputs, requests=requests, tasks=tasks)
        case m.UpdatesPlanned():
            return changed(major, plan_version=event.policy_version, tasks=_planned(major, event))
        case m.RoleAssigned(role=role, person=person, at=at):
            return changed(major, roles=_holding(major, role, person, at))
        case m.RoleAccepted(role=role, person=person, at=at):
            holding = _holding(major, role, person, at)
            return changed(major, roles=holding | {role: changed(holding[role], accepted=True)})
        case m.RoleHandedOver(role=role, person=person, at=at):
            return changed(major, roles=_holding(major, role, person, at))
        case m.ResponderRequested(request=id):
            return changed(major, requests=major.requests | {id: _request(event)})
        case m.RequestAnswered(request=id):
            request = _answered(major.requests[id], event)
            return changed(major, requests=major.requests | {id: request})
        case m.UpdatePosted():
            tasks = {name: _told(task, event) for name, task in major.tasks.items()}
            update = Update(**event.fields(*Update.__struct_fields__))
            count = major.update_count + 1
            return changed(major, tasks=tasks, update=update, update_count=count)
        case m.UpdateSnoozed(audience=audience, due_at=due_at):
            task = changed(_missed(major.tasks[audience], event.at), due_at=due_at, snoozed=True)
            return changed(major, tasks=major.tasks | {audience: task})
        case m.Decided():
            return changed(major, decision_count=major.decision_count + 1)
        case m.ProblemWaived(reason=reason):
            return changed(major, problem_waived=reason)
        case m.ReviewCompleted(revision=revision):
            return changed(major, review_revision=revision, review_completed=True)
        case m.ReviewReopened():
            return changed(major, review_completed=False)
        case m.ClosingNotice(at=at):
            return changed(major, tasks=_closed(major.tasks, at))


def resolved(major: Major, at: datetime) -> Major:
    """With the incident: nobody need come any more."""
    return changed(major, requests=_over(major.requests, at)) if major.is_accepted else major


def closed(major: Major, at: datetime) -> Major:
    """With the incident, however it came to that: nobody is owed anything."""
    return changed(major, tasks=_closed(major.tasks, at)) if major.is_accepted else major


def reopened(major: Major, at: datetime | None) -> Major:
    """With the incident: its audiences are owed updates again, and another review is due."""
    if not major.is_accepted or at is None:
        return major
    tasks = {name: _owed(task, at) for name, task in major.tasks.items()}
    return changed(major, tasks=tasks, review_completed=False)


def ended(major: Major) -> Major:
    """With a cancelled incident; imported history may cancel even an accepted one."""
    is_open = major.state in (MajorState.PROPOSED, MajorState.ACCEPTED)
    return changed(major, state=MajorState.NONE) if is_open else major


def _turned(major: Major, state: MajorState, event: m.Turned) -> Major:
    names = ("at", "reason", "rule", "policy_version")
    told: dict[str, Any] = {name: getattr(event, name, None) for name in names}
    return changed(major, state=state, turn=Turn(**told))


def _holding(
    major: Major, role: MajorRole, person: str | None, at: datetime
) -> dict[MajorRole, Holder]:
    others = {each: holder for each, holder in major.roles.items() if each is not role}
    return others if person is None else others | {role: Holder(person=person, since=at)}


def _request(event: m.ResponderRequested) -> Request:
    first = Target(**event.fields("person", "group", "schedule", "escalation_policy"))
    return Request(
        asked=(first, *event.then),
        within_minutes=event.within_minutes,
        at=event.at,
        since=event.at,
        message=event.message,
        by=event.by,
    )


def _answered(request: Request, event: m.RequestAnswered) -> Request:
    told = {"answered_by": event.person, "answered_at": event.at}
    if event.accepted:
        return changed(request, accepted=True, **told)
    declined = changed(request, declined=(*request.declined, event.person))
    if event.step is None:
        return changed(declined, accepted=False, **told)
    if event.next is None:
        return declined
    asked = (*request.asked[: event.step], event.next, *request.asked[event.step + 1 :])
    return changed(declined, step=event.step, since=event.at, asked=asked)


def _planned(major: Major, event: m.UpdatesPlanned) -> dict[str, Task]:
    """What was promised already is not put off; an audience that is no longer told is owed none."""
    tasks = dict(_closed(major.tasks, event.at))
    for planned in event.plan:
        held = major.tasks.get(planned.audience)
        fresh = Task(planned=planned, due_at=event.at)
        task = fresh if held is None else changed(held, planned=planned, closed_at=None)
        due_at = event.at + interval(task)
        if held is not None and held.closed_at is None:
            due_at = min(due_at, held.due_at)
        tasks[planned.audience] = changed(task, due_at=due_at)
    return tasks


def _told(task: Task, event: m.UpdatePosted) -> Task:
    if task.planned.audience not in event.audiences:
        return task
    is_met = task.closed_at is None and event.at <= task.due_at
    judged = changed(task, met=task.met + 1) if is_met else _missed(task, event.at)
    told = changed(judged, sent=task.sent + 1, last_sent_at=event.at, snoozed=False)
    if event.final:
        return changed(told, final_sent=True, closed_at=event.at)
    due_at = event.at + interval(told)
    return changed(told, due_at=min(due_at, event.next_update_at or due_at))


def _owed(task: Task, at: datetime) -> Task:
    """Again after its final update; one that is open stays, one the plan has left out does too."""
    if not task.final_sent:
        return task
    again = changed(task, closed_at=None, final_sent=False, snoozed=False)
    return changed(again, due_at=at + interval(again))


def _closed(tasks: dict[str, Task], at: datetime) -> dict[str, Task]:
    return {name: _shut(task, at) for name, task in tasks.items()}


def _over(requests: dict[UUID, Request], at: datetime) -> dict[UUID, Request]:
    return {
        id: each if each.accepted is not None else changed(each, ended_at=each.ended_at or at)
        for id, each in requests.items()
    }


def _shut(task: Task, at: datetime) -> Task:
    return task if task.closed_at is not None else changed(_missed(task, at), closed_at=at)


def _missed(task: Task, at: datetime) -> Task:
    """It was due by then, and nobody was told."""
    if task.closed_at is not None or at <= task.due_at:
        return task
    late = (*task.late, Late(due_at=task.due_at, until=at))
    return changed(task, missed=task.missed + 1, late=late[-MOST_LATE:])
