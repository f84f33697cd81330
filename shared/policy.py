"""Managed policies: versioned documents, replaced whole, never edited; every version stays."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, ParamSpec, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

from shared.aggregate import Aggregate, Folded
from shared.domain import Event, State, event
from shared.errors import Invalid, NotFound, Refused, Unavailable
from shared.ledger import GuardMoved, Ledger
from shared.store.store import Store

T = TypeVar("T")
P = ParamSpec("P")

_TRIES = 3


@event("policy.set")
class PolicySet(Event, frozen=True):
    name: str
    document: dict[str, Any]


class Policy(State, frozen=True):
    """The document in force; version 1 is the built-in one, before anybody set another."""

    document: dict[str, Any] | None = None


def set_policy(policy: Policy, *, name: str, document: dict[str, Any]) -> Sequence[PolicySet]:
    """Put this document in force."""
    return [] if policy.document == document else [PolicySet(name=name, document=document)]


def evolve(policy: Policy, event: PolicySet) -> Policy:
    """A policy after one more event."""
    return Policy(document=event.document)


POLICY = Aggregate("policy", Policy(), evolve)


def policy_stream(service: str, name: str) -> UUID:
    """Where the versions of a service's policy stand."""
    return uuid5(NAMESPACE_URL, f"tocsin:{service}:policy:{name}")


class Policies(Ledger[Policy, PolicySet]):
    """The policies of one service, by name."""

    shown_above = 1  # the built-in document is the first, without an event

    def __init__(self, store: Store, service: str) -> None:
        super().__init__(store, POLICY)
        self._service = service
        self._streams: dict[str, UUID] = {}

    def stream(self, name: str) -> UUID:
        """Where a policy's versions stand."""
        if name not in self._streams:
            told = f"tocsin:{self._service}:policy:{name}"
            self._streams[name] = uuid5(NAMESPACE_URL, told)
        return self._streams[name]

    async def current(self, stream: UUID) -> Folded[Policy]:
        """The policy as the log has it now; the built-in one where nobody has set another."""
        try:
            return await super().current(stream)
        except NotFound:
            self._remember(Folded(stream, Policy()))
            return Folded(stream, Policy())

    async def named(
        self, name: str, *, fresh: bool = False, position: int | None = None
    ) -> Folded[Policy]:
        """The policy of this name; perhaps a moment old unless it must be fresh, or as it was."""
        stream = self.stream(name)
        if position is None:
            return await self.held(stream, fresh=fresh)
        try:
            return await self.past(stream, position=position)
        except NotFound:
            return Folded(stream, Policy())

    def lately_known(self, name: str) -> Folded[Policy] | None:
        """As this process knows it, at no cost; None where it has not asked yet."""
        return self._cache.get(self.stream(name))

    async def under(self, name: str, act: Callable[[Folded[Policy]], Awaitable[T]]) -> T:
        """Do what rests on a policy; once more where the policy has changed meanwhile."""
        held = await self.named(name)
        for _ in range(_TRIES):
            try:
                return await act(held)
            except (GuardMoved, Refused, Invalid) as refusal:
                fresh = await self.named(name, fresh=True)
                if fresh.version == held.version and not isinstance(refusal, GuardMoved):
                    raise
                held = fresh
        raise Unavailable(f"the policy {name} keeps changing at this moment; try again")
