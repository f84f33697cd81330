"""What happened to an incident, replayed from the log; the sentences are made when read."""

from collections.abc import Sequence

from services.incident import events as e
from services.incident import facts as f
from shared.domain import Event
from shared.timeline import Sentence, Teller

_SENTENCES: dict[type[Event], Sentence] = {
    e.Declared: lambda h: (f"Declared: {h.title}", h.description),
    e.Categorised: lambda h: (f"Categorised as {_named(h.category, h.subcategory)}", None),
    e.Prioritised: lambda h: (_priority(h), h.reason),
    e.Assigned: lambda h: (f"Assigned to {_named(h.group, h.person)}", None),
    e.Acknowledged: lambda h: ("Acknowledged", None),
    e.WorkStarted: lambda h: ("Work started", None),
    e.Held: lambda h: (f"On hold, {h.reason.value.replace('_', ' ')}", h.note),
    e.Resumed: lambda h: ("Work resumed", None),
    e.Noted: lambda h: ("Note", h.text),
    e.Diagnosed: lambda h: ("Cause found", h.cause),
    e.Mitigated: lambda h: ("Impact stopped", h.action),
    e.Resolved: lambda h: (_resolved(h), h.summary),
    e.Reopened: lambda h: ("Reopened", h.reason),
    e.Closed: lambda h: ("Closed", None),
    e.Cancelled: lambda h: ("Cancelled", h.reason),
    e.SourceStated: lambda h: ("Changed in the source", _stated(h)),
    e.StatusStated: lambda h: (f"{h.status.replace('_', ' ').capitalize()} in the source", None),
    e.Backfilled: lambda h: (f"Imported from {h.system}: {h.steps} steps", None),
    f.AlertsAttached: lambda h: (_alerts(h.alerts), h.group_key),
    f.Told: lambda h: (f"{h.recipient} told by {h.channel}: {h.outcome}", h.fact),
    f.ProblemRaised: lambda h: (f"Problem {h.number} raised", h.title),
}

_SOURCES: dict[type[Event], str] = {f.Told: "notification", f.ProblemRaised: "problem"}


def _named(*names: str | None) -> str:
    return " / ".join(name for name in names if name) or "nobody"


def _priority(prioritised: e.Prioritised) -> str:
    if prioritised.matrix_version is None:
        by = "as the source has it"
    else:
        by = f"matrix version {prioritised.matrix_version}"
    return (
        f"Priority {prioritised.priority}{' by override' if prioritised.overridden else ''}: "
        f"impact {prioritised.impact}, urgency {prioritised.urgency}, {by}"
    )


def _resolved(resolved: e.Resolved) -> str:
    code = resolved.code
    return "Resolved" if code is None else f"Resolved: {code.value.replace('_', ' ')}"


def _stated(event: Event) -> str | None:
    stated = event.origin.stated if event.origin else {}
    return ", ".join(f"{name}: {value}" for name, value in stated.items()) or None


def _alerts(alerts: Sequence[f.Alert]) -> str:
    firing = sum(alert.status == "firing" for alert in alerts)
    return f"Alerts: {firing} firing, {len(alerts) - firing} ended"


def _links(event: Event) -> dict[str, str]:
    if isinstance(event, f.Told):
        return {"notification": f"/v1/notifications/{event.notification}"}
    problem = getattr(event, "problem", None)
    return {} if problem is None else {"problem": f"/v1/problems/{problem}"}


TELLER = Teller("incident", _SENTENCES, _links)
