"""Managed policies: versioned documents, replaced whole, never edited; every version stays."""

from collections.abc import Sequence
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from shared.domain import Event, State, event


@event("policy.set")
class PolicySet(Event, frozen=True):
    name: str
    document: dict[str, Any]


class Policy(State, frozen=True):
    """The document in force; version 1 is the built-in one, before anybody set another."""

    document: dict[str, Any] | None = None


def policy_stream(name: str) -> UUID:
    """Where a policy's versions stand."""
    return uuid5(NAMESPACE_URL, f"tocsin:incident:policy:{name}")


def set_policy(policy: Policy, *, name: str, document: dict[str, Any]) -> Sequence[PolicySet]:
    return [] if policy.document == document else [PolicySet(name=name, document=document)]


def evolve(policy: Policy, event: PolicySet) -> Policy:
    return Policy(document=event.document)
