"""The metrics' formulas as data: what each needs, what it is of one incident, when it counts.

SQL speaks of `b`, one row an incident, as `relation.py` makes it. A formula that changes is a new
version; `docs/metrics.md` is drawn from here.
"""

from typing import Literal, NamedTuple

Unit = Literal["seconds", "count", "share"]
GroupBy = Literal["priority", "service", "group", "category", "month", "target"]

OPEN = "b.status in ('new', 'in_progress', 'on_hold')"


class Formula(NamedTuple):
    """What is measured of each incident.

    value: SQL of its value, a number; `{now}` is the moment of the question
    needs: the milestones without which it is excluded
    placed: the milestone by which it falls into a period; without it its declaration does
    proofs: fields of the incident whose events prove the value
    scope: SQL of which incidents are asked about at all
    of_clocks: whether `b` is a row a clock, as its keeper has written them
    of_updates: whether `b` is a row an update that some audience was owed
    """

    name: str
    text: str
    unit: Unit
    value: str
    needs: tuple[str, ...]
    placed: str
    proofs: tuple[str, ...]
    scope: str = "true"
    grouped: GroupBy | None = None
    version: int = 1
    of_clocks: bool = False
    of_updates: bool = False

    @property
    def id(self) -> str:
        """What the formula is called wherever its result is kept."""
        return f"incident.{self.name}"

    @property
    def needs_now(self) -> bool:
        """Whether it speaks of the moment of the question."""
        return "{now}" in self.value + self.scope


def _duration(name: str, start: str, end: str, text: str = "") -> Formula:
    value = f"extract(epoch from b.{end} - b.{start})"
    needs = tuple(milestone for milestone in (start, end) if milestone != "declared")
    return Formula(
        name, text or f"{end} - {start}", "seconds", value, needs, end, proofs=(start, end)
    )


_ALL = (
    _duration("time_to_detect", "started", "detected"),
    _duration("time_to_acknowledge", "detected", "acknowledged"),
    _duration("time_to_mitigate", "started", "mitigated"),
    _duration(
        "time_to_restore",
        "started",
        "restored",
        "restored - started; restored is mitigated, or resolved where it was not mitigated",
    ),
    _duration("time_to_resolve", "started", "resolved"),
    _duration("time_to_repair", "acknowledged", "resolved"),
    _duration("time_to_close", "declared", "closed"),
    Formula(
        "mtbf",
        "per service (period - union of downtimes) / failures; a failure is an incident that "
        "started in the period, its downtime from started to restored; planned maintenance is in "
        "neither",
        "seconds",
        "null",
        ("service", "started", "restored"),
        "started",
        ("started", "restored"),
        grouped="service",
    ),
    Formula(
        "reopen_rate",
        "reopened at least once / resolved at least once",
        "share",
        "(b.reopen_count > 0)::int",
        ("last_resolved",),
        "last_resolved",
        ("last_resolved", "reopen_count"),
    ),
    Formula(
        "reassignments",
        "changes of the group after creation, per incident",
        "count",
        "b.reassignment_count",
        (),
        "declared",
        ("declared", "reassignment_count"),
    ),
    Formula(
        "first_time_fix",
        "resolved with no reassignment and no reopening / resolved at least once",
        "share",
        "(b.reassignment_count = 0 and b.reopen_count = 0)::int",
        ("last_resolved",),
        "last_resolved",
        ("last_resolved", "reopen_count", "reassignment_count"),
    ),
    Formula(
        "sla_attainment",
        "clocks met / clocks completed, by target and priority; a corrected verdict counts in "
        "place of the recorded one",
        "share",
        "(b.verdict = 'met')::int",
        ("verdict",),
        "judged",
        ("declared", "acknowledged", "resolved"),
        grouped="target",
        of_clocks=True,
    ),
    Formula(
        "update_punctuality",
        "updates of major incidents sent by their due time / updates due; of each audience, those "
        "put off too late or never sent included",
        "share",
        "b.in_time::int",
        (),
        "declared",
        ("declared", "updates"),
        scope="(b.owed is null or b.owed < {now})",
        of_updates=True,
    ),
    Formula(
        "backlog_age",
        "now - declared, of those that are open (new, in progress or on hold)",
        "seconds",
        "extract(epoch from {now} - b.declared)",
        (),
        "declared",
        ("declared",),
        scope=f"{OPEN} and b.declared <= {{now}}",
        grouped="priority",
    ),
)

FORMULAS = {formula.name: formula for formula in _ALL}
"""By name, in the order people list them."""
