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
    diagnose    =           =            =            =            -            -          -
    note        =           =            =            =            =            =          -
    mitigate    =           =            =            -            -            -          -
    resolve     resolved    resolved     resolved     -            -            -          -
    reopen      -           -            -            in_progress  in_progress  -          -
    close       -           -            -            closed       -            -          -
    cancel      cancelled   cancelled    cancelled    -            -            -          -
    restrict    =           =            =            =            =            =          =
"""
_ROWS = [line.split() for line in _TABLE.strip().splitlines()]
_CELLS = {row[0]: dict(zip(_ROWS[0], row[1:], strict=True)) for row in _ROWS[1:]}

COMMANDS = list(_CELLS)


def target(command: str, state: str) -> str | None:
    """Where a command leads from this state; None where it is refused."""
    cell = _CELLS[command][state]
    return None if cell == "-" else state if cell == "=" else cell
