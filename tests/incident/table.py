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
    propose-major =         =            =            -            -            -          -
    accept-major =          =            =            =            -            -          -
    reject-major =          =            =            =            -            -          -
    demote-major =          =            =            -            -            -          -
    assign-role =           =            =            =            -            -          -
    accept-role =           =            =            =            -            -          -
    hand-over   =           =            =            =            -            -          -
    request-responder =     =            =            -            -            -          -
    answer-request =        =            =            -            -            -          -
    post-update =           =            =            =            -            -          -
    snooze-update =         =            =            =            -            -          -
    decide      =           =            =            =            -            -          -
    record-regulatory =     =            =            =            =            =          -
"""
_ROWS = [line.split() for line in _TABLE.strip().splitlines()]
_CELLS = {row[0]: dict(zip(_ROWS[0], row[1:], strict=True)) for row in _ROWS[1:]}

COMMANDS = list(_CELLS)


MAJORS = "none proposed accepted rejected demoted".split()
_MAJOR = """
                  none      proposed  accepted  rejected  demoted
    propose-major proposed  =         -         proposed  proposed
    accept-major  accepted  accepted  =         accepted  accepted
    reject-major  -         rejected  -         =         -
    demote-major  -         -         demoted   -         =
    cancel        =         none      -         =         =
    merge         =         =         -         =         =
"""
_MAJOR_ROWS = [line.split() for line in _MAJOR.strip().splitlines()]
_MAJOR_CELLS = {row[0]: dict(zip(_MAJOR_ROWS[0], row[1:], strict=True)) for row in _MAJOR_ROWS[1:]}
PARTAKING = set("assign-role accept-role hand-over answer-request post-update".split()) | {
    "snooze-update", "decide",
}  # fmt: skip
LED = PARTAKING | {"request-responder"}
"""What is done in an accepted major incident only."""


def major_target(command: str, major: str) -> str | None:
    """Where a command leads the major state; None where it is refused."""
    if command in LED:
        return major if major == "accepted" else None
    cell = _MAJOR_CELLS.get(command, {}).get(major, "=")
    return None if cell == "-" else major if cell == "=" else cell


def target(command: str, state: str) -> str | None:
    """Where a command leads from this state; None where it is refused.

    "before" is the state it had before it was merged.
    """
    cell = _CELLS[command][state]
    return None if cell == "-" else state if cell == "=" else cell


_MANAGERS = {"merge", "unmerge", "restrict"}
_MAJOR_MANAGERS = {"accept-major", "reject-major", "demote-major", "record-regulatory"}
_CALLERS = {"note", "reply", "reopen"}


def may(role: str, command: str, state: str, *, own: bool, major: str = "none") -> bool:
    """Whether the field's table of roles lets this role give this command, legal or not.

    Of somebody who takes no part in it, where it is a major incident.
    """
    if command == "accept-role" or role == "admin":
        return command != "accept-role"
    if command in _MAJOR_MANAGERS | PARTAKING or (command, major) == ("close", "accepted"):
        return role == "major_incident_manager"
    if role == "major_incident_manager":
        return command in ("propose-major", "request-responder")
    is_managers = command in _MANAGERS or (command, state) == ("reopen", "closed")
    if role == "incident_manager":
        return True
    if role == "responder":
        return not is_managers and command != "propose-major"
    return role == "reporter" and own and command in _CALLERS and not is_managers
