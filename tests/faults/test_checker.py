"""The checker must see what it is there to see."""

from typing import Any

import pytest

from tests.faults.checker import broken_promises
from tests.faults.load import History

KEPT: list[dict[str, Any]] = [
    {"correlationid": "a", "position": 1, "subject": "s", "version": 1},
    {"correlationid": "b", "position": 2, "subject": "s", "version": 2},
]


def test_a_log_that_holds_what_was_promised_is_accepted() -> None:
    assert broken_promises(History(acknowledged=["a", "b"]), KEPT) == []


@pytest.mark.parametrize(
    ("log", "complaint"),
    [
        (KEPT[:1], "lost: b"),
        ([*KEPT, {**KEPT[1], "position": 3, "version": 3}], "doubled: b"),
        (KEPT[::-1], "positions go back or repeat"),
        ([KEPT[0], {**KEPT[1], "version": 3}], "s: version 3 instead of 2"),
    ],
)
def test_a_broken_log_is_named(log: list[dict[str, Any]], complaint: str) -> None:
    assert complaint in broken_promises(History(acknowledged=["a", "b"]), log)
