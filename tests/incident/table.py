"""The field's table of commands and states, written down once more for the tests."""

STATES = "new in_progress on_hold resolved closed cancelled merged".split()
_TABLE = """
                new         in_progress  on_hold      resolved     closed       cancelled  merged
    categorise  =           =            =            =            -            -          -
    prioritise  =           =            =            =            -            -          -
    assign      =           =            =            =            -            -          -
    acknowledge in_progress =            -            -            -            -          -
    start       in_progress -            in_progress  -            -            -          -
    hold        on_hold     on_hold      on_hold      -            -            -          -
    resume      -           -            in_progress  -            -            -          -
    reply       =           =            =            =            -            -          -
    diagnose    =           =            =            =            -            -          -
    note        =           =            =            =            =            =          -
    escalate    =           =            =            -            -            -          -
    mitigate    =           =            =            -            -            -          -
    resolve     resolved    resolved     resolved     -            -            -          -
    reopen      -           -            -            in_progress  in_progress  -          -
    close       -           -            -            closed       -            -          -
    cancel      cancelled   cancelled    cancelled    -            -            -          -
    link        =           =            =            =            =            =          -
    unlink      =           =            =            =            =            =          -
    correct-milestone =     =            =            =            =            =          -
    add-child   =           =            =            =            -            -          -
    remove-child =          =            =            =            -            -          -
    merge       merged      merged       merged       merged       -            -          -
    unmerge     -           -            -            -            -            -          before
    restrict    =           =            =            =            =            =          -
"""
_ROWS = [line.split() for line in _TABLE.strip().splitlines()]
_CELLS = {row[0]: dict(zip(_ROWS[0], row[1:], strict=True)) for row in _ROWS[1:]}

COMMANDS = list(_CELLS)


def target(command: str, state: str) -> str | None:
    """Where a command leads from this state; None where it is refused.

    "before" is the state it had before it was merged.
    """
    cell = _CELLS[command][state]
    return None if cell == "-" else state if cell == "=" else cell


_MANAGERS = {"merge", "unmerge", "restrict"}
_CALLERS = {"note", "reply", "reopen"}


def may(role: str, command: str, state: str, *, own: bool) -> bool:
    """Whether the field's table of roles lets this role give this command, legal or not."""
    is_managers = command in _MANAGERS or (command, state) == ("reopen", "closed")
    if role in ("incident_manager", "admin"):
        return True
    if role == "responder":
        return not is_managers
    return role == "reporter" and own and command in _CALLERS and not is_managers
