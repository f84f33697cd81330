"""What only another system's history brings about. These names and fields are stored for ever."""

from shared.domain import Event, event


@event("problem.source_stated")
class SourceStated(Event, frozen=True):
    """The source's record changed in nothing but what its origin states."""


@event("problem.status_stated")
class StatusStated(Event, frozen=True):
    """The source's record came to this status by a step that is none of ours."""

    status: str


@event("problem.categorised")
class Categorised(Event, frozen=True):
    """The source's record says so; here it is said by the assessment."""

    service: str | None = None
    item: str | None = None
    category: str | None = None
    subcategory: str | None = None
    owner: str | None = None


@event("problem.backfilled")
class Backfilled(Event, frozen=True):
    """History was imported: so many steps in all by now; `digest` is of all of them."""

    system: str
    steps: int
    digest: str


BackfillEvent = SourceStated | StatusStated | Categorised | Backfilled
