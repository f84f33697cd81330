"""The escalation policy: who is paged in which order, as managed data."""

from typing import ClassVar, assert_never

from services.notification.escalation.events import (
    EscalationPolicyEvent,
    EscalationPolicyRetired,
    EscalationPolicySet,
    Step,
)
from services.notification.keyed.keyed import Keyed
from shared.domain import changed


class EscalationPolicy(Keyed, frozen=True):
    """A policy as its events tell it."""

    noun: ClassVar[str] = "escalation policy"

    steps: tuple[Step, ...] = ()
    repeat: int = 0


def evolve(policy: EscalationPolicy, event: EscalationPolicyEvent) -> EscalationPolicy:
    """Never refuses: this has already happened, whatever today's rules say."""
    match event:
        case EscalationPolicySet():
            return EscalationPolicy(**event.fields())
        case EscalationPolicyRetired():
            return changed(policy, retired=True)
        case _:
            assert_never(event)
