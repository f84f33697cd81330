"""What only happens to an incident that comes from another system. Names are stored for ever."""

from shared.domain import Event, event


@event("incident.source_stated")
class SourceStated(Event, frozen=True):
    """The source's record changed in nothing but what its origin states."""


@event("incident.status_stated")
class StatusStated(Event, frozen=True):
    """The source's record came to this status by a step that is none of ours."""

    status: str


@event("incident.backfilled")
class Backfilled(Event, frozen=True):
    """History was imported: so many steps in all by now; `digest` is of all of them."""

    system: str
    steps: int
    digest: str


ImportEvent = SourceStated | StatusStated | Backfilled
