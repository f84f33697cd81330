"""What a problem is made of beside its plain fields. Texts are sealed, times are effective."""

from datetime import date, datetime
from uuid import UUID

from shared.domain import Personal, State


class Workaround(State, frozen=True):
    """What helps meanwhile: a draft, and what of it is published (revision 1, 2, …)."""

    draft: Personal | None = None
    published: Personal | None = None
    revision: int = 0

    @property
    def status(self) -> str | None:
        """published, drafted, withdrawn, or None where there never was one."""
        if self.published is not None:
            return "published"
        if self.draft is not None:
            return "drafted"
        return "withdrawn" if self.revision else None


class Risk(State, frozen=True):
    """The decision to live with it."""

    reason: Personal
    approver: str
    review_date: date


class Task(State, frozen=True):
    """Something to be done before the problem can be closed."""

    id: UUID
    title: str
    assigned_to: str | None = None
    due: date | None = None
    done_at: datetime | None = None


class Review(State, frozen=True):
    """The review of a major problem."""

    outcome: Personal
    what_happened: Personal
    went_well: Personal
    went_badly: Personal
    prevention: Personal
    at: datetime
    participants: tuple[str, ...] = ()
