"""What happened to an incident, replayed from the log; the sentences are made when read."""

from collections.abc import Sequence

from services.incident import events as e
from services.incident import facts as f
from services.incident.answers import ANSWER_SENTENCES, PageAcknowledged
from services.incident.backfill import events as b
from services.incident.major.sentences import SENTENCES as MAJOR
from services.incident.problem_feed.sentences import SENTENCES as PROBLEM_FEED
from services.incident.regulators.sentences import SENTENCES as REGULATORS
from services.incident.relations import events as r
from services.incident.review.sentences import SENTENCES as REVIEWS
from services.incident.suggestions.facts import KnownErrorsSuggested, sentence
from shared.domain import Event
from shared.envelope import rfc3339
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
    b.SourceStated: lambda h: ("Changed in the source", _stated(h)),
    b.StatusStated: lambda h: (f"{h.status.replace('_', ' ').capitalize()} in the source", None),
    b.Backfilled: lambda h: (f"Imported from {h.system}: {h.steps} steps", None),
    e.Replied: lambda h: ("The caller replied", h.text),
    e.Escalated: lambda h: (_escalated(h), h.reason),
    e.MilestoneCorrected: lambda h: (_corrected(h), h.reason),
    r.ChildAdded: lambda h: (f"INC-{h.number} became a child", None),
    r.ChildRemoved: lambda h: (f"INC-{h.number} is no longer a child", None),
    r.ParentAdded: lambda h: (f"Became a child of INC-{h.number}", None),
    r.ParentRemoved: lambda h: (f"No longer a child of INC-{h.number}", None),
    r.Merged: lambda h: (f"Merged into INC-{h.number}", h.reason),
    r.Unmerged: lambda h: (f"Separated from INC-{h.number}", h.reason),
    r.Absorbed: lambda h: (f"INC-{h.number} merged into it", None),
    r.Released: lambda h: (f"INC-{h.number} separated from it", None),
    r.Linked: lambda h: (_linked(h), h.url),
    r.Unlinked: lambda h: (f"Unlinked {_thing(h.kind)} {h.reference}", None),
    r.AttachmentAdded: lambda h: (f"Attached {h.media_type}: {h.url}", h.name),
    r.AttachmentRemoved: lambda h: ("Attachment removed", h.sha256),
    e.Restricted: lambda h: (f"Restricted to its participants{_and_named(h)}", h.reason),
    e.Unrestricted: lambda h: ("Restriction lifted", h.reason),
    f.AlertsAttached: lambda h: (_alerts(h.alerts), _why(h)),
    f.Told: lambda h: (f"{h.recipient} told by {h.channel}: {h.outcome}", h.fact),
    f.SlaWarned: lambda h: (f"Most of the time to {_aim(h)} has passed", _until(h)),
    f.SlaBreached: lambda h: (f"The time to {_aim(h)} is over", _until(h)),
    f.SlaJudged: lambda h: (
        f"Clocks judged by policy version {h.policy_version}",
        ", ".join(f"{j.target} {j.state}" for j in h.judgements) or None,
    ),
    f.ProblemRaised: lambda h: (f"Problem {h.number} raised", h.title),
    **PROBLEM_FEED,
    KnownErrorsSuggested: sentence,
    **MAJOR,
    **REGULATORS,
    **ANSWER_SENTENCES,
    **REVIEWS,
}

_SOURCES: dict[type[Event], str] = {f.Told: "notification", f.ProblemRaised: "problem"}


def _aim(fact: f.SlaWarned | f.SlaBreached) -> str:
    return "respond" if fact.kind == "response" else "resolve"


def _until(fact: f.SlaWarned | f.SlaBreached) -> str:
    due = "" if fact.due_at is None else f", due {rfc3339(fact.due_at)}"
    return f"Target {fact.target}, policy version {fact.policy_version}{due}"


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


def _escalated(escalated: e.Escalated) -> str:
    towards = f" to {_named(escalated.group, escalated.person)}"
    is_named = escalated.group or escalated.person
    return f"Escalated, {escalated.kind.value}{towards if is_named else ''}"


def _corrected(corrected: e.MilestoneCorrected) -> str:
    was = "not stated" if corrected.was is None else rfc3339(corrected.was)
    return f"{corrected.milestone.capitalize()} corrected: {rfc3339(corrected.to)}, was {was}"


def _linked(linked: r.Linked) -> str:
    cause = " as the cause" if linked.caused_by else ""
    return f"Linked {_thing(linked.kind)} {linked.reference}{cause}"


def _thing(kind: r.LinkKind) -> str:
    return kind.value.replace("_", " ")


def _and_named(restricted: e.Restricted) -> str:
    roles = (f"the role {role}" for role in restricted.roles)
    teams = (f"the team {team}" for team in restricted.teams)
    return "".join(f", {name}" for name in (*restricted.people, *roles, *teams))


def _alerts(alerts: Sequence[f.Alert]) -> str:
    firing = sum(alert.status == "firing" for alert in alerts)
    return f"Alerts: {firing} firing, {len(alerts) - firing} ended"


def explained(decided: f.Decided) -> str:
    """Which rule decided about alerts, and what kept it from doing more."""
    rule = f"by {decided.rule}" if decided.rule else "no rule fitted"
    said = f"{rule}, alert-rules version {decided.version}"
    if decided.because is None or decided.until is None:
        return said
    until = f"{decided.until:%Y-%m-%d %H:%M:%S} UTC"
    return f"{_BECAUSE.get(decided.because, decided.because)} {until}; {said}"


_BECAUSE = {
    "maintenance": "in maintenance: declared if it still fires at its end,",
    "flapping": "flapping: its incident stays as it is until it has been quiet, at the earliest",
}


def _why(attached: f.AlertsAttached) -> str:
    if attached.decided is None:
        return attached.group_key
    return f"{attached.group_key}; {explained(attached.decided)}"


def _links(event: Event) -> dict[str, str]:
    if isinstance(event, f.Told | PageAcknowledged):
        return {"notification": f"/v1/notifications/{event.notification}"}
    named = {name: getattr(event, name, None) for name in _PLACES}
    return {name: f"{_PLACES[name]}/{id}" for name, id in named.items() if id is not None}


_PLACES = {
    "problem": "/v1/problems",
    "of": "/v1/problems",
    "known_error": "/v1/known-errors",
    "incident": "/v1/incidents",
    "child": "/v1/incidents",
    "parent": "/v1/incidents",
    "into": "/v1/incidents",
    "out_of": "/v1/incidents",
    "with_parent": "/v1/incidents",
}
"""Fields that name another thing, and where that is read."""


TELLER = Teller("incident", _SENTENCES, _links)
