"""What came of paging people about an incident, as the notification service told: machine facts."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from shared.domain import Event, State, event
from shared.timeline import Sentence


@event("incident.page_acknowledged")
class PageAcknowledged(Event, frozen=True):
    """`by` has seen what `recipient` was told; `matter` is what for: such as a request's id."""

    notification: UUID
    recipient: str
    by: str
    fact: str
    channel: str
    at: datetime
    matter: UUID | None = None


@event("incident.nobody_answered")
class NobodyAnswered(Event, frozen=True):
    """All of these were paged, and none has acknowledged."""

    escalation: UUID
    fact: str
    people: tuple[str, ...]
    at: datetime
    policy: str | None = None


class Missed(State, frozen=True):
    """Who should have been paged and was not."""

    target: str
    reason: str


@event("incident.nobody_to_tell")
class NobodyToTell(Event, frozen=True):
    """There was nobody who could be told: by a page, or of an audience."""

    escalation: UUID
    fact: str
    missed: tuple[Missed, ...]
    at: datetime
    policy: str | None = None


Answer = PageAcknowledged | NobodyAnswered | NobodyToTell


def _acknowledged(fact: PageAcknowledged) -> tuple[str, str | None]:
    whose = "" if fact.by == fact.recipient else f" for {fact.recipient}"
    return f"{fact.by} acknowledged{whose} by {fact.channel}", fact.fact


def _unanswered(fact: NobodyAnswered) -> tuple[str, str | None]:
    return f"Nobody answered: {', '.join(fact.people)}", _about(fact)


def _untold(fact: NobodyToTell) -> tuple[str, str | None]:
    why = "; ".join(f"{each.target}: {each.reason}" for each in fact.missed)
    return f"Nobody to tell of {_about(fact)}", why or None


def _about(fact: NobodyAnswered | NobodyToTell) -> str:
    return f"{fact.fact}, policy {fact.policy}" if fact.policy else fact.fact


ANSWER_SENTENCES: Mapping[type[Event], Sentence] = {
    PageAcknowledged: _acknowledged,
    NobodyAnswered: _unanswered,
    NobodyToTell: _untold,
}
