"""What a fact of a major incident lets words say, beside what is known of its incident."""

from datetime import datetime

import msgspec

from services.notification.copies import name_of
from shared.follower import Fact

_NOT_STATED = "not stated"


class _Said(msgspec.Struct, frozen=True):
    """What such facts may hold."""

    status: str | None = None
    impact: str | None = None
    action: str | None = None
    workaround: str | None = None
    next_update_at: datetime | None = None
    final: bool = False
    message: str | None = None
    role: str | None = None
    audience: str | None = None
    due_at: datetime | None = None


def own_values(fact: Fact) -> dict[str, str]:
    """By the names that words may use of this kind of fact."""
    read = _READ.get(name_of(fact))
    return {} if read is None else read(fact.read(_Said))


def _update(said: _Said) -> dict[str, str]:
    after = "there will be none" if said.final else _NOT_STATED
    return {
        "audience": _NOT_STATED,
        "update": said.status or _NOT_STATED,
        "impact": said.impact or _NOT_STATED,
        "action": said.action or _NOT_STATED,
        "workaround": said.workaround or _NOT_STATED,
        "next_update_at": _moment(said.next_update_at) or after,
    }


def _due(said: _Said) -> dict[str, str]:
    return {"audience": said.audience or _NOT_STATED, "due_at": _moment(said.due_at)}


def _role(said: _Said) -> dict[str, str]:
    return {"role": (said.role or _NOT_STATED).replace("_", " ")}


def _message(said: _Said) -> dict[str, str]:
    return {"message": said.message or _NOT_STATED}


def _moment(at: datetime | None) -> str:
    return "" if at is None else at.strftime("%Y-%m-%d %H:%M:%S UTC")


_READ = {
    "incident.update_posted": _update,
    "incident.closing_notice": lambda said: {"audience": said.audience or _NOT_STATED},
    "incident.responder_requested": _message,
    "incident.role_assigned": _role,
    "incident.role_handed_over": _role,
    "incident.update_due": _due,
    "incident.update_overdue": _due,
}
