"""What happened to a problem, replayed from the log; the sentences are made when read."""

from services.problem import events as e
from services.problem import facts as f
from services.problem.analyses import timeline as analyses
from services.problem.backfill import events as b
from services.problem.loop.sentences import SENTENCES as LOOP
from shared.domain import Event
from shared.timeline import Sentence, Teller

_SENTENCES: dict[type[Event], Sentence] = (
    analyses.SENTENCES
    | LOOP
    | {
        e.Logged: lambda h: (f"Logged: {h.title}", h.description),
        e.Assessed: lambda h: (
            (
                f"Assessed as {_named(h.category, h.subcategory)}: priority {h.priority}, "
                f"impact {h.impact}, urgency {h.urgency}; owned by {h.owner}"
            ),
            None,
        ),
        e.Confirmed: lambda h: ("Confirmed: root cause analysis begins", None),
        e.Noted: lambda h: ("Note", h.text),
        e.IncidentLinked: lambda h: ("Incident linked", None),
        e.IncidentUnlinked: lambda h: ("Incident unlinked", None),
        e.Assigned: lambda h: (f"Assigned to {_named(h.group, h.person)}", None),
        e.Prioritised: lambda h: (
            (
                f"Priority {h.priority}{' by override' if h.overridden else ''}: "
                f"impact {h.impact}, urgency {h.urgency}, matrix version {h.matrix_version}"
            ),
            h.reason,
        ),
        e.RootCauseRecorded: lambda h: ("Root cause recorded", h.cause),
        e.WorkaroundDrafted: lambda h: ("Workaround drafted", h.text),
        e.WorkaroundPublished: lambda h: (
            f"Workaround published, revision {h.revision}, to {_incidents(h.incidents)}",
            None,
        ),
        e.WorkaroundWithdrawn: lambda h: (f"Workaround withdrawn, revision {h.revision}", h.reason),
        e.FixPlanned: lambda h: (f"Fix planned for {h.target_date}", h.fix),
        e.ChangeRecorded: lambda h: (f"Change {h.reference}: {h.state.value}", None),
        e.Resolved: lambda h: (f"Resolved, with {_incidents(h.incidents)}", h.summary),
        e.FixRejected: lambda h: ("Fix rejected", h.reason),
        e.Closed: lambda h: ("Closed: lessons learned", h.lessons_learned),
        e.RiskAccepted: lambda h: (
            f"Risk accepted by {h.approver}, to be reviewed on {h.review_date}",
            h.reason,
        ),
        e.MarkedDuplicate: lambda h: ("Marked as a duplicate", None),
        e.DuplicateTakenOver: lambda h: (
            f"Duplicate taken over, with {_incidents(h.incidents)}",
            None,
        ),
        e.Cancelled: lambda h: ("Cancelled", h.reason),
        e.ReanalysisBegun: lambda h: ("Analysed anew", h.reason),
        e.TaskAdded: lambda h: (f"Task: {h.title}", None),
        e.TaskCompleted: lambda h: ("Task done", None),
        b.SourceStated: lambda h: ("Changed in the source", _stated(h)),
        b.StatusStated: lambda h: (
            f"{h.status.replace('_', ' ').capitalize()} in the source",
            None,
        ),
        b.Categorised: lambda h: (f"Categorised as {_named(h.category, h.subcategory)}", None),
        b.Backfilled: lambda h: (f"Imported from {h.system}: {h.steps} steps", None),
        e.OwnerNamed: lambda h: (f"Owned by {_named(h.owner)}", None),
        e.Reviewed: lambda h: ("Reviewed", h.outcome),
        f.FixIneffective: lambda h: (f"The fix did not help: {h.number} is of the same kind", None),
        f.RiskReviewDue: lambda h: (
            f"The accepted risk is due for review since {h.review_date}",
            None,
        ),
    }
)


def _named(*names: str | None) -> str:
    return " / ".join(name for name in names if name) or "nobody"


def _stated(event: Event) -> str | None:
    stated = event.origin.stated if event.origin else {}
    return ", ".join(f"{name}: {value}" for name, value in stated.items()) or None


def _incidents(incidents: tuple[object, ...]) -> str:
    return "1 linked incident" if len(incidents) == 1 else f"{len(incidents)} linked incidents"


def _links(event: Event) -> dict[str, str]:
    match event:
        case e.IncidentLinked() | e.IncidentUnlinked():
            return {"incident": f"/v1/incidents/{event.incident}"}
        case e.MarkedDuplicate():
            return {"problem": f"/v1/problems/{event.of}"}
        case e.DuplicateTakenOver():
            return {"problem": f"/v1/problems/{event.duplicate}"}
        case e.Logged(candidate=candidate) if candidate is not None:
            return {"candidate": f"/v1/candidates/{candidate}"}
        case f.FixIneffective():
            return {"incident": f"/v1/incidents/{event.incident}"}
        case _:
            return {}


TELLER = Teller("problem", _SENTENCES, _links)
