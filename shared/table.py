"""Tables of commands and states, written as text: a line a command, a column a state.

A cell says where the command leads from that state: "=" leaves it as it is, "-" refuses, anything
else names a state.
"""

from collections.abc import Callable, Collection
from typing import TypeVar

S = TypeVar("S")


def rows_of(table: str) -> list[list[str]]:
    """The cells of each line, the head first."""
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().split("\n")]


def leads_of(
    table: str, state: Callable[[str], S], stays: Collection[str] = ("=",)
) -> dict[str, dict[S, S | None]]:
    """By command, where it leads from each state; None refuses. `state` understands a name."""

    def target(before: S, cell: str) -> S | None:
        if cell == "-":
            return None
        return before if cell in stays else state(cell)

    head, *lines = rows_of(table)
    states = [state(name) for name in head[1:]]
    return {
        command: {before: target(before, cell) for before, cell in zip(states, cells, strict=True)}
        for command, *cells in lines
    }
