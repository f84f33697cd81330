"""The field's table of a problem's commands, written down once more for the tests."""

ALL = (
    "new assessing root_cause_analysis fix_in_progress resolved closed risk_accepted duplicate "
    "cancelled"
).split()
OPEN = [state for state in ALL if state not in ("closed", "duplicate", "cancelled")]
LIVING = [state for state in ALL if state not in ("duplicate", "cancelled")]

FROM_TO: dict[str, tuple[list[str], str]] = {
    "assess": (["new"], "assessing"),
    "confirm": (["assessing"], "root_cause_analysis"),
    "analyse": (OPEN, "="),
    "add-hypothesis": (OPEN, "="),
    "note": (LIVING, "="),
    "link-incident": (LIVING, "="),
    "unlink-incident": (LIVING, "="),
    "add-task": (OPEN, "="),
    "complete-task": (OPEN, "="),
    "assign": (OPEN, "="),
    "prioritise": (OPEN, "="),
    "record-root-cause": (["root_cause_analysis", "fix_in_progress"], "="),
    "draft-workaround": (LIVING, "="),
    "publish-workaround": (LIVING, "="),
    "withdraw-workaround": (LIVING, "="),
    "plan-fix": (["root_cause_analysis"], "fix_in_progress"),
    "record-change": (["fix_in_progress", "resolved"], "="),
    "resolve": (["fix_in_progress"], "resolved"),
    "reject-fix": (["resolved"], "fix_in_progress"),
    "review": (["root_cause_analysis", "fix_in_progress", "resolved", "risk_accepted"], "="),
    "close": (["resolved", "risk_accepted"], "closed"),
    "accept-risk": (["root_cause_analysis", "fix_in_progress"], "risk_accepted"),
    "mark-duplicate": (["new", "assessing", "root_cause_analysis"], "duplicate"),
    "cancel": (["new", "assessing"], "cancelled"),
    "reanalyse": (["resolved", "closed", "risk_accepted"], "root_cause_analysis"),
}


def target(command: str, state: str) -> str | None:
    """Where a command leads from this state; None where it is refused."""
    states, leads_to = FROM_TO[command]
    if state not in states:
        return None
    return state if leads_to == "=" else leads_to
