"""Tables of commands, read as they are written."""

from enum import StrEnum

import pytest

from shared.table import leads_of


class Light(StrEnum):
    RED = "red"
    GREEN = "green"


TABLE = """
command | red   | green
wait    | =     | -
go      | green | same
"""


def test_a_cell_leads_on_stays_or_refuses() -> None:
    assert leads_of(TABLE, Light, stays=("=", "same")) == {
        "wait": {Light.RED: Light.RED, Light.GREEN: None},
        "go": {Light.RED: Light.GREEN, Light.GREEN: Light.GREEN},
    }


@pytest.mark.parametrize("wrong", [TABLE.replace("same", "blue"), TABLE.replace("| -", "")])
def test_a_table_that_names_no_state_or_misses_a_cell_is_an_error(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"blue|shorter"):
        leads_of(wrong, Light, stays=("=", "same"))
