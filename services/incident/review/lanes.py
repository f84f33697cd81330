"""Which lane of the picture, and which list of the review, an event belongs to."""

from shared.timeline import Entry

_COMMUNICATIONS = frozenset(
    """incident.update_posted incident.update_snoozed incident.update_due
    incident.update_overdue incident.closing_notice incident.replied
    incident.page_acknowledged incident.nobody_answered incident.nobody_to_tell""".split()
)
_PEOPLE = frozenset(
    """incident.assigned incident.escalated incident.role_assigned incident.role_accepted
    incident.role_handed_over incident.responder_requested incident.request_answered
    incident.request_timed_out""".split()
)
_DECISIONS = frozenset({"incident.decided"})

LANES = ("status", "communications", "people")


def lane_of(kind: str) -> str:
    """The lane that an event of this kind is drawn in."""
    if kind in _COMMUNICATIONS:
        return "communications"
    return "people" if kind in _PEOPLE else "status"


def is_communication(entry: Entry) -> bool:
    """Whether somebody was told, or should have been."""
    return entry.kind in _COMMUNICATIONS


def is_decision(entry: Entry) -> bool:
    """Whether it says who decided, or did, what."""
    return entry.kind in _DECISIONS
