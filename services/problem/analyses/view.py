"""The analyses of a problem, replayed from their events: trees of answers to one question."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from services.problem.events import AnalysisBegun, WhyAnswered
from shared.domain import Personal, Sealed
from shared.event_view import sealed_in
from shared.store.reader import Recorded
from shared.store.store import Store


class AnswerView(msgspec.Struct, kw_only=True):
    """An answer, by its number; what explains it stands below it in `whys`."""

    number: int
    answer: str
    evidence: list[str]
    actor: str
    recorded_at: datetime
    whys: list["AnswerView"]


class AnalysisView(msgspec.Struct, kw_only=True):
    """Five whys: the question, and the tree of its answers."""

    id: UUID
    method: str
    question: str
    actor: str
    recorded_at: datetime
    whys: list[AnswerView]


class Analyses(msgspec.Struct):
    """Every analysis, oldest first, as the log stood at `position`."""

    items: list[AnalysisView]
    next_cursor: str | None
    total_estimate: int
    position: int


async def analyses(store: Store, recorded: Sequence[Recorded]) -> list[AnalysisView]:
    """The analyses among these events, in their order."""
    happened = [(each, each.event) for each in recorded]
    await store.vault.load(store.pool, (v for _, event in happened for v in sealed_in(event)))
    found: dict[UUID, AnalysisView] = {}
    answers: dict[tuple[UUID, int], AnswerView] = {}
    for each, event in happened:
        if isinstance(event, AnalysisBegun):
            found[event.analysis] = _begun(store, each, event)
        elif isinstance(event, WhyAnswered):
            view = _answered(store, each, event)
            answers[event.analysis, event.number] = view
            above = found[event.analysis]
            below = above if event.under is None else answers[event.analysis, event.under]
            below.whys.append(view)
    return list(found.values())


def _begun(store: Store, recorded: Recorded, event: AnalysisBegun) -> AnalysisView:
    return AnalysisView(
        id=event.analysis,
        method="five_whys",
        question=_clear(store, recorded, event.question),
        actor=recorded.actor,
        recorded_at=recorded.recorded_at,
        whys=[],
    )


def _answered(store: Store, recorded: Recorded, event: WhyAnswered) -> AnswerView:
    return AnswerView(
        number=event.number,
        answer=_clear(store, recorded, event.answer),
        evidence=list(event.evidence),
        actor=recorded.actor,
        recorded_at=recorded.recorded_at,
        whys=[],
    )


def _clear(store: Store, recorded: Recorded, value: Personal) -> str:
    if isinstance(value, Sealed):
        return store.vault.open(recorded.originator_id, value)
    return value
