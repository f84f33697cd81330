"""What was between a problem and its incidents: each command answers with events, or refuses."""

from collections.abc import Iterable, Sequence
from typing import Any, assert_never
from uuid import UUID, uuid5

from services.problem.loop.events import IncidentAnswered, LoopEvent, WorkaroundUsed
from services.problem.loop.tables import WORKAROUND_USES
from shared.aggregate import Aggregate, Folded, Row
from shared.domain import State, changed


class Use(State, frozen=True):
    """Of a workaround on one incident, as last said."""

    revision: int
    helped: bool | None = None


class Loop(State, frozen=True):
    """The uses of a problem's workaround, by incident."""

    uses: dict[UUID, Use] = {}


def loop_stream(problem: UUID) -> UUID:
    """Where it stands."""
    return uuid5(problem, "incidents")


def record_use(
    loop: Loop, /, *, problem: UUID, incident: UUID, revision: int, helped: bool | None
) -> Sequence[LoopEvent]:
    """The last word counts; that it was used and nothing else takes no word back."""
    known = loop.uses.get(incident)
    if known is not None and known.revision == revision and helped in (None, known.helped):
        return []
    return [WorkaroundUsed(problem=problem, incident=incident, revision=revision, helped=helped)]


def answer(loop: Loop, *, answered: IncidentAnswered) -> Sequence[LoopEvent]:
    return [answered]


def evolve(loop: Loop, event: LoopEvent) -> Loop:
    """Never refuses: this has already happened, whatever today's rules say."""
    match event:
        case IncidentAnswered():
            return loop
        case WorkaroundUsed(incident=incident, revision=revision, helped=helped):
            return changed(loop, uses=loop.uses | {incident: Use(revision=revision, helped=helped)})
        case _:
            assert_never(event)


def use_rows(folded: Folded[Loop], event: LoopEvent) -> Iterable[Row]:
    """A row for each incident on which it was used."""
    if isinstance(event, WorkaroundUsed):
        id = uuid5(event.problem, str(event.incident))
        about: tuple[Any, ...] = (event.problem, event.incident, event.revision, event.helped)
        yield Row(WORKAROUND_USES, (id, folded.version, folded.created_at, *about))


LOOP: Aggregate[Loop, LoopEvent] = Aggregate("problem loop", Loop(), evolve, rows=use_rows)
