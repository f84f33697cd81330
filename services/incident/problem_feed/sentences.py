"""What was told of an incident's problem, in sentences."""

from services.incident.problem_feed import facts as p
from shared.domain import Event
from shared.timeline import Sentence

SENTENCES: dict[type[Event], Sentence] = {
    p.ProblemLinked: lambda h: (f"Problem {h.number} is behind it", h.title),
    p.ProblemUnlinked: lambda h: (f"Problem {h.number} is not behind it", None),
    p.ProblemMoved: lambda h: (_problem_moved(h), None),
    p.WorkaroundOffered: lambda h: (f"{h.number} offers a workaround, revision {h.revision}", None),
    p.WorkaroundWithdrawn: lambda h: (
        f"The workaround of {h.number} is withdrawn, revision {h.revision}",
        None,
    ),
    p.WorkaroundUsed: lambda h: (f"Workaround of {h.number} used{_of_help(h.helped)}", None),
    p.RecurrenceFound: lambda h: (f"It looks like {h.number}, which was to be fixed", None),
    p.KnownErrorUsed: lambda h: (f"Known error {h.number} used{_of_help(h.helped)}", None),
}

_MOVED = {
    "resolved": "is resolved",
    "risk_accepted": "is lived with: its risk is accepted",
    "cancelled": "is cancelled",
    "duplicate": "is a duplicate",
    "root_cause_analysis": "is analysed anew",
}


def _problem_moved(moved: p.ProblemMoved) -> str:
    of = f" of {moved.of_number}" if moved.of_number else ""
    until = f", to be reviewed on {moved.review_date}" if moved.review_date else ""
    return f"{moved.number} {_MOVED.get(moved.status, moved.status)}{of}{until}"


def _of_help(helped: bool | None) -> str:
    if helped is None:
        return ""
    return ": it helped" if helped else ": it did not help"
