"""Rules told as a story: given what has happened, when a command comes, then this follows."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import pytest

from shared.domain import Event, State
from shared.errors import Problem, Refused

S = TypeVar("S", bound=State)


class Scenario(Generic[S]):
    """What has happened so far to one aggregate."""

    def __init__(self, evolve: Callable[[S, Any], S], state: S) -> None:
        self._evolve = evolve
        self.state = state

    def given(self, *events: Event) -> "Scenario[S]":
        """The story, with these events too."""
        state = self.state
        for event in events:
            state = self._evolve(state, event)
        return Scenario(self._evolve, state)

    def when(self, command: Callable[..., Sequence[Any]], **arguments: Any) -> "Decision[S]":
        """A command comes."""
        return Decision(self, lambda: command(self.state, **arguments))


class Decision(Generic[S]):
    """A command that has not been decided yet."""

    def __init__(self, before: Scenario[S], decide: Callable[[], Sequence[Any]]) -> None:
        self._before = before
        self._decide = decide

    def then(self, *events: Event) -> Scenario[S]:
        """Exactly these events follow; answers the story after them."""
        assert list(self._decide()) == list(events)
        return self._before.given(*events)

    def nothing_new(self) -> Scenario[S]:
        """It is so already."""
        return self.then()

    def follows(self) -> S:
        """The state after whatever follows."""
        return self._before.given(*self._decide()).state

    def refused(self, why: str, kind: type[Problem] = Refused) -> None:
        """Nothing follows, for this reason."""
        with pytest.raises(kind) as refusal:
            self._decide()
        assert why in refusal.value.detail
