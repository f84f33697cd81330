"""What somebody who knows the trade, and not the code, would keep of a problem on paper."""

from dataclasses import dataclass, field
from uuid import UUID

from services.problem.analyses.events import Standing
from services.problem.events import ChangeState
from services.problem.known import KnownErrorNow

KNOWN = [
    KnownErrorNow(UUID(int=60), 1, "draft", fixed=False),
    KnownErrorNow(UUID(int=60), 1, "published", fixed=False),
    KnownErrorNow(UUID(int=60), 1, "published", fixed=True),
    KnownErrorNow(UUID(int=60), 1, "superseded", fixed=False),
    KnownErrorNow(UUID(int=60), 1, "retired", fixed=False),
]
ENDED_WELL = {2, 3, 4}
"""Of those, by place, the ones that keep no problem from being closed."""


@dataclass
class Model:
    """One problem; `above` is what each answer explains, `guesses` its hypotheses."""

    status: str = "new"
    incidents: set[UUID] = field(default_factory=set)
    tasks: dict[UUID, bool] = field(default_factory=dict)
    changes: dict[str, ChangeState] = field(default_factory=dict)
    above: dict[int, int | None] = field(default_factory=dict)  # of each answer to why
    guesses: dict[int, Standing] = field(default_factory=dict)
    concluded: bool = False
    cause: bool = False
    proof: int | None = None
    draft: str | None = None
    published: str | None = None
    revision: int = 0
    major: bool = False
    reviewed: bool = False
    reanalysed: int = 0
    rejected: int = 0
    moved: int = 0
    group: str | None = None

    @property
    def planned(self) -> bool:
        return ChangeState.PLANNED in self.changes.values()

    def under(self, number: int) -> set[int]:
        """An answer, and all that explains it."""
        found = {number}
        while more := {n for n, up in self.above.items() if up in found} - found:
            found |= more
        return found

    def missing(self, known: int, learned: bool) -> set[str]:
        """What keeps it from being closed."""
        wanting = {
            "root_cause": not self.cause and self.status != "risk_accepted",
            "planned_changes": self.planned,
            "known_errors": known not in ENDED_WELL,
            "open_tasks": not all(self.tasks.values()),
            "lessons_learned": not learned,
            "review_outcome": self.major and not self.reviewed,
        }
        return {name for name, is_so in wanting.items() if is_so}
