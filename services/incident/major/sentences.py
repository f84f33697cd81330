"""Major incidents told in sentences, for the timeline."""

from collections.abc import Sequence

from services.incident.major import events as m
from services.incident.major import reminders as rm
from services.incident.major.events import Target
from shared.domain import Event
from shared.envelope import rfc3339
from shared.timeline import Sentence

SENTENCES: dict[type[Event], Sentence] = {
    m.MajorProposed: lambda h: (f"Proposed as a major incident{_by_rule(h)}", h.reason),
    m.MajorAccepted: lambda h: (f"Accepted as a major incident{_by_rule(h)}", h.reason),
    m.MajorRejected: lambda h: ("Rejected as a major incident", h.reason),
    m.MajorDemoted: lambda h: ("No longer a major incident", h.reason),
    m.UpdatesPlanned: lambda h: (
        f"Updates planned by communication-plans version {h.policy_version}",
        "; ".join(map(_cadence, h.plan)) or "nobody is told",
    ),
    m.RoleAssigned: lambda h: (f"{_role(h.role)}: {h.person or 'nobody'}{_was(h.was)}", None),
    m.RoleAccepted: lambda h: (f"{h.person} accepted to be {_role(h.role).lower()}", None),
    m.RoleHandedOver: lambda h: (
        f"{_role(h.role)} handed over to {h.person}{_was(h.was)}",
        h.note,
    ),
    m.ResponderRequested: lambda h: (f"Asked to come: {asked(h)}", h.message),
    m.RequestAnswered: lambda h: (
        f"{h.person} {'comes' if h.accepted else 'does not come'}{_after_answer(h)}",
        h.note,
    ),
    m.UpdatePosted: lambda h: (
        f"{'Final update' if h.final else 'Status update'} to {', '.join(h.audiences)}",
        _update(h),
    ),
    m.UpdateSnoozed: lambda h: (
        f"Update to {h.audience} put off to {rfc3339(h.due_at)}, was {rfc3339(h.was)}",
        h.reason,
    ),
    m.Decided: lambda h: (
        f"{'Decided' if h.kind is m.DecisionKind.DECISION else 'Done'} by {h.person}",
        _lines(h.decision, _said("On the basis of", h.basis)),
    ),
    m.ProblemWaived: lambda h: ("May close without a problem", h.reason),
    m.ReviewCompleted: lambda h: (f"Review completed, revision {h.revision}", None),
    m.ReviewReopened: lambda h: (f"Review reopened, revision {h.revision}", None),
    m.ClosingNotice: lambda h: (f"Closing notice to {', '.join(h.audiences)}", None),
    rm.UpdateDue: lambda h: (f"Update to {h.audience} due at {rfc3339(h.due_at)}", h.person),
    rm.UpdateOverdue: lambda h: (f"Update to {h.audience} {_since(h)}", _escalated(h)),
    rm.RequestTimedOut: lambda h: (
        f"No answer from {_who(h.asked)}{_then(h.next, h.tell)}",
        None,
    ),
}


def asked(request: m.ResponderRequested) -> str:
    """Whom a request asks, in a word."""
    return _who(Target(**request.fields("person", "group", "schedule", "escalation_policy")))


def _who(target: Target) -> str:
    if target.person is not None:
        return target.person
    kinds = {"group": "group", "schedule": "on call of", "escalation_policy": "escalation policy"}
    named = ((said, getattr(target, name)) for name, said in kinds.items())
    return next((f"{said} {value}" for said, value in named if value), "nobody")


def _after_answer(answer: m.RequestAnswered) -> str:
    """A no after one's time was over changes nothing."""
    is_open = answer.accepted or (answer.next is None and answer.step is not None)
    return "" if is_open else _then(answer.next, answer.tell)


def _then(target: Target | None, tell: Sequence[Target]) -> str:
    if target is not None:
        return f"; asked next: {_who(target)}"
    told = f", told is {_who(tell[0])}" if tell else ""
    return f"; nobody is left to ask{told}"


def _since(overdue: rm.UpdateOverdue) -> str:
    due_at = rfc3339(overdue.due_at)
    if overdue.until is None:
        return f"overdue since {due_at}"
    return f"was overdue from {due_at} to {rfc3339(overdue.until)}"


def _escalated(overdue: rm.UpdateOverdue) -> str | None:
    if overdue.until is not None:
        return None
    if overdue.person is None:
        return "There is no commander to escalate to"
    return f"Escalated to {overdue.person}"


def _by_rule(happened: m.MajorProposed | m.MajorAccepted) -> str:
    if happened.rule is None:
        return ""
    return f" by the rule {happened.rule}, major-triggers version {happened.policy_version}"


def _cadence(planned: m.PlannedUpdate) -> str:
    first, then = planned.first_minutes, planned.then_minutes
    return f"{planned.audience} within {first} minutes, then every {then}"


def _role(role: m.MajorRole) -> str:
    return role.value.replace("_", " ").capitalize()


def _was(person: str | None) -> str:
    return "" if person is None else f", was {person}"


def _update(update: m.UpdatePosted) -> str:
    at = update.next_update_at
    return _lines(
        update.status,
        _said("Impact:", update.impact),
        _said("Current action:", update.action),
        _said("Workaround:", update.workaround),
        None if at is None else f"Next update at {rfc3339(at)}",
    )


def _said(heading: str, text: object) -> str | None:
    return None if text is None else f"{heading} {text}"


def _lines(*texts: object) -> str:
    return "\n".join(str(text) for text in texts if text is not None)
