"""The tables of commands as a page: `python -m services.incident.documented`."""

import sys
from collections.abc import Iterable

from services.incident.rules import MAJOR_RULES, RULES, MajorState, Status, roles_for
from shared.auth.roles import Role

_HEAD = """# The commands of an incident

Drawn from `services/incident/rules.py` by `python -m services.incident.documented`.

A status is where the command leads, `=` leaves it, `-` is refused with the reason. A reporter gives
commands to their own incidents only; `admin` may give all.

"""


_MAJOR_HEAD = """
## Beside the status: whether it is a major incident

Both tables must allow a command; one that is not here leaves the major state as it is. An accepted
one is closed by a major_incident_manager alone, once nothing is left to do. What is only for those
who take part in it stands in [major-incidents.md](major-incidents.md).

"""


def page() -> str:
    """Which command leads where from each status, and who may give it, as Markdown."""
    heads = ["command", *(status.value for status in Status), "roles"]
    lines = [heads, ["---"] * len(heads), *map(_row, RULES)]
    return _HEAD + _table(lines) + _MAJOR_HEAD + _table(_major())


def _major() -> Iterable[list[str]]:
    heads = ["command", *(state.value for state in MajorState)]
    yield from (heads, ["---"] * len(heads))
    for command, leads in MAJOR_RULES.items():
        yield [command, *(_major_cell(each, leads[each]) for each in MajorState)]


def _major_cell(state: MajorState, target: MajorState | None) -> str:
    if target is None:
        return "-"
    return "=" if target is state else target.value


def _table(lines: Iterable[list[str]]) -> str:
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _row(command: str) -> list[str]:
    leads = RULES[command].leads
    return [command, *(_cell(command, each, leads[each]) for each in Status), _roles(command)]


def _cell(command: str, status: Status, target: Status | None) -> str:
    if target is None:
        return "-"
    if (command, status) == ("unmerge", Status.MERGED):
        return "as before"
    return "=" if target is status else target.value


def _roles(command: str) -> str:
    held = _names(roles_for(command, None))
    closed = _names(roles_for(command, Status.CLOSED))
    return held if held == closed else f"{held}; closed ones {closed}"


def _names(roles: Iterable[Role]) -> str:
    return ", ".join(sorted(roles))


if __name__ == "__main__":
    sys.stdout.write(page())
