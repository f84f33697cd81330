"""The incidents behind a metric, each with its value and the events that prove it."""

from collections.abc import Sequence
from uuid import UUID

from services.problem.known_errors.offers import Suggested, Used, offers_stream
from services.problem.metrics.formulas import Formula
from services.problem.metrics.measuring import Value
from services.problem.metrics.view import ProblemInput
from shared.effective import Instant
from shared.store.reader import Recorded
from shared.store.store import Store


async def offered_inputs(
    store: Store, formula: Formula, instant: Instant, found: Sequence[Value]
) -> list[ProblemInput]:
    """These values, each with its proofs."""
    told = await store.log.streams([offers_stream(each.measured.id) for each in found])
    shown = []
    for each, events in zip(found, told, strict=True):
        proofs = _proofs(instant.of(events))
        shown.append(
            ProblemInput(
                incident=each.measured.id,
                number=f"INC-{each.measured.number}",
                value=each.value,
                excluded=each.excluded,
                events={name: proofs[name] for name in formula.proofs},
            )
        )
    return shown


def _proofs(events: Sequence[Recorded]) -> dict[str, list[UUID]]:
    offered = [e.event_id for e in events if isinstance(e.event, Suggested) and e.event.offers]
    used = [(e.event_id, e.event) for e in events if isinstance(e.event, Used)]
    last = {event.known_error: (id, event.helped) for id, event in used}
    return {
        "offered": offered,
        "used": [id for id, _ in used],
        "helped": [id for id, helped in last.values() if helped],
    }
