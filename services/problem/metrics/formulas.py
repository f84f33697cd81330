"""The metrics' formulas: what each needs, what it is of one problem or incident, when it counts.

A formula that changes is a new version; the table in `docs/problems.md` is drawn from here.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

from services.problem.rules import Status

Unit = Literal["seconds", "share"]
GroupBy = Literal["priority", "service", "group", "category", "month"]

OPEN = frozenset({Status.NEW, Status.ASSESSING, Status.ROOT_CAUSE_ANALYSIS, Status.FIX_IN_PROGRESS})
NOT_COUNTED = (Status.CANCELLED, Status.DUPLICATE, "merged")


class Measured(NamedTuple):
    """A problem as it was at the moment that is asked about.

    `fixed` is its last resolution, a rejected or analysed-anew one included; `known`: it has, or
    had, a published known error; `recurred`: incidents came back after its fix.
    """

    id: UUID
    number: int
    status: Status
    priority: int | None
    service: str | None
    group: str | None
    category: str | None
    imported: bool
    logged: datetime
    root_cause: datetime | None
    resolved: datetime | None
    fixed: datetime | None
    closed: datetime | None
    reanalysis_count: int
    fix_rejection_count: int
    known: bool
    recurred: bool


class Formula(NamedTuple):
    """What is measured of each problem, or of each incident (`Measured`, `MeasuredIncident`).

    needs: the milestones without which it is excluded
    placed: the milestone by which it falls into a period; without it its logging does
    proofs: what the events prove that are named behind a value
    scope: which of them are asked about at all
    """

    name: str
    text: str
    unit: Unit
    value: Callable[[Any, datetime], float]
    needs: tuple[str, ...]
    placed: str
    proofs: tuple[str, ...]
    scope: Callable[[Any], bool] = lambda problem: True
    grouped: GroupBy | None = None
    version: int = 1
    of: Literal["problem", "incident"] = "problem"

    @property
    def id(self) -> str:
        """What the formula is called wherever its result is kept."""
        return f"problem.{self.name}"


def _seconds(later: datetime | None, earlier: datetime | None) -> float:
    return 0.0 if later is None or earlier is None else (later - earlier).total_seconds()


def _held(problem: Measured) -> bool:
    again = problem.reanalysis_count + problem.fix_rejection_count
    return not problem.recurred and again == 0


_ALL = (
    Formula(
        "backlog_age",
        "now - logged, of those that are open (new, being assessed, in root cause analysis, or "
        "with a fix in progress)",
        "seconds",
        lambda problem, now: _seconds(now, problem.logged),
        (),
        "logged",
        ("logged",),
        scope=lambda problem: problem.status in OPEN,
        grouped="priority",
    ),
    Formula(
        "time_to_root_cause",
        "root cause confirmed - logged; the first time it was recorded",
        "seconds",
        lambda problem, now: _seconds(problem.root_cause, problem.logged),
        ("root_cause",),
        "root_cause",
        ("logged", "root_cause"),
    ),
    Formula(
        "time_to_resolve",
        "resolved - logged; the last resolution, unless it was rejected or analysed anew",
        "seconds",
        lambda problem, now: _seconds(problem.resolved, problem.logged),
        ("resolved",),
        "resolved",
        ("logged", "resolved"),
    ),
    Formula(
        "known_error_share",
        "problems with a known error that was published / problems",
        "share",
        lambda problem, now: float(problem.known),
        (),
        "logged",
        ("logged", "known"),
    ),
    Formula(
        "recurrence_after_fix",
        "problems with a recurrence in the watch window / fixed",
        "share",
        lambda problem, now: float(problem.recurred),
        ("fixed",),
        "fixed",
        ("fixed", "recurred"),
    ),
    Formula(
        "fix_effectiveness",
        "fixed with no recurrence, no rejected fix and no new analysis / fixed",
        "share",
        lambda problem, now: float(_held(problem)),
        ("fixed",),
        "fixed",
        ("fixed", "recurred", "fix_rejection_count", "reanalysis_count"),
    ),
    Formula(
        "known_error_hit_rate",
        "incidents with a suggested known error used / incidents with one suggested",
        "share",
        lambda incident, now: float(incident.hit),
        ("offered",),
        "offered",
        ("offered", "used"),
        of="incident",
    ),
    Formula(
        "helped_rate",
        "incidents on which a known error helped / incidents on which one was used, suggested or "
        "found otherwise; what nobody has said did not help",
        "share",
        lambda incident, now: float(incident.helped),
        ("used",),
        "used",
        ("used", "helped"),
        of="incident",
    ),
)

FORMULAS = {formula.name: formula for formula in _ALL}
"""By name, in the order people list them."""


def excluded(formula: Formula, problem: Any, *, imported: bool) -> str | None:
    """Why a problem or incident does not count; None where it does."""
    if problem.status in NOT_COUNTED:
        return str(problem.status)
    if problem.imported and not imported:
        return "imported"
    missing = (each for each in formula.needs if getattr(problem, each) is None)
    return next((f"missing_{each}" for each in missing), None)


def placed(formula: Formula, problem: Any) -> datetime:
    """By when it falls into a period."""
    found: datetime | None = getattr(problem, formula.placed)
    return found or problem.logged
