"""Every command in every state does what the field's table says."""

import pytest

from services.problem.lifecycle import refusal
from services.problem.problem import Problem
from services.problem.rules import MANAGERS, RAISERS, RULES, WHY_NOT, Status
from shared.errors import Refused
from tests.problem.stories import COMMANDS, story
from tests.problem.table import ALL, FROM_TO, target


def test_the_table_knows_every_command_and_state() -> None:
    assert list(RULES) == list(COMMANDS)
    assert set(RULES) == set(FROM_TO)
    assert [status.value for status in Status] == ALL


@pytest.mark.parametrize("state", ALL)
@pytest.mark.parametrize("command", FROM_TO)
def test_a_command_leads_where_the_table_says_or_is_refused_with_the_reason(
    command: str, state: str
) -> None:
    given = story(command, state)
    act, arguments = COMMANDS[command]
    expected = target(command, state)
    if expected is None:
        given.when(act, **arguments).refused(WHY_NOT[Status(state)])
    else:
        assert given.when(act, **arguments).follows().status == expected


@pytest.mark.parametrize("command", FROM_TO)
def test_what_does_not_exist_takes_no_command(command: str) -> None:
    act, arguments = COMMANDS[command]
    with pytest.raises(Refused, match="does not exist"):
        act(Problem(), **arguments)
    assert refusal(Problem(), command) == "the problem does not exist"


def test_responders_add_analyses_tasks_and_notes_and_managers_do_the_rest() -> None:
    theirs = {command for command, rule in RULES.items() if rule.roles == RAISERS}
    assert theirs == {"analyse", "add-hypothesis", "note", "add-task", "complete-task"}
    assert all(rule.roles == MANAGERS for name, rule in RULES.items() if name not in theirs)
