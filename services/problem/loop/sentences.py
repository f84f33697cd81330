"""What was between a problem and its incidents, in sentences."""

from services.problem.loop import events as e
from shared.domain import Event
from shared.timeline import Sentence

SENTENCES: dict[type[Event], Sentence] = {
    e.IncidentAnswered: lambda h: ("An incident waited in vain, and was told so", None),
    e.WorkaroundUsed: lambda h: (f"Workaround used, revision {h.revision}{_of_help(h)}", None),
}


def _of_help(used: e.WorkaroundUsed) -> str:
    if used.helped is None:
        return ""
    return ": it helped" if used.helped else ": it did not help"
