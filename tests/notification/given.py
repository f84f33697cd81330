"""Rules told as stories: given what happened, when a command is given, then what follows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import pytest

from shared.errors import Refused


@dataclass
class Given:
    """An aggregate after these events, and perhaps a command that is about to be given."""

    state: Any
    command: Callable[..., Sequence[Any]] | None = None
    arguments: dict[str, Any] | None = None

    def when(self, command: Callable[..., Sequence[Any]], **arguments: Any) -> "Given":
        return Given(self.state, command, arguments)

    def then(self, *events: Any) -> None:
        assert tuple(self._decided()) == events

    def nothing(self) -> None:
        self.then()

    def refused(self, reason: str) -> None:
        with pytest.raises(Refused, match=reason):
            self._decided()

    def _decided(self) -> Sequence[Any]:
        assert self.command is not None
        return self.command(self.state, **(self.arguments or {}))


def given(initial: Any, evolve: Callable[[Any, Any], Any], *events: Any) -> Given:
    return Given(reduce(evolve, events, initial))
