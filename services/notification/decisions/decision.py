"""The decision about a fact: taken once, when it was heard; its reasons can be asked for ever."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid5

from services.notification.decisions.events import Left, Taken
from shared.aggregate import Aggregate
from shared.domain import State
from shared.ledger import Ledger
from shared.store.store import Store


class Decision(State, frozen=True):
    """A decision as its event tells it."""

    fact: UUID | None = None
    name: str = ""
    about: UUID | None = None
    at: datetime | None = None
    told: int = 0
    policy: int = 1
    priority: int | None = None
    service: str | None = None
    left: tuple[Left, ...] = ()


def decision_stream(fact: UUID) -> UUID:
    """Where the decision about a fact stands."""
    return uuid5(fact, "decision")


def take(decision: Decision, *, taken: Taken) -> Sequence[Taken]:
    """Decide; what was decided about a fact that is heard again stands."""
    return [] if decision.fact is not None else [taken]


def evolve(decision: Decision, event: Taken) -> Decision:
    """Never refuses: this has already happened, whatever today's rules say."""
    return Decision(**event.fields())


DECISION = Aggregate("decision", Decision(), evolve)


class Decisions(Ledger[Decision, Taken]):
    """The ledger of decisions."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, DECISION)
