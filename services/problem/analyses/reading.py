"""Analyses as they are read: their shape folded, their texts opened, who said what and when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.problem.analyses import events as e
from services.problem.analyses.analysis import Analysis, evolve
from services.problem.analyses.events import AnalysisEvent
from shared.domain import Event
from shared.event_view import opened, sealed_in
from shared.store.reader import Recorded
from shared.store.store import Store

Added = e.WhyAnswered | e.CauseSuspected | e.FaultAdded | e.FactStated | e.HypothesisProposed
"""What adds a node."""

_MORE = ("not_observed", "distinction", "change", "dimension")


@dataclass
class Said:
    """What a node says, and who said so; `because` is the evidence it was judged by."""

    text: str
    evidence: tuple[str, ...]
    actor: str
    recorded_at: datetime
    more: dict[str, str | None] = field(default_factory=dict)
    because: tuple[str, ...] = ()
    reason: str | None = None


@dataclass
class Concluded:
    """What came out of an analysis."""

    conclusion: str
    nodes: tuple[int, ...]
    actor: str
    recorded_at: datetime


@dataclass
class Document:
    """An analysis with its texts; `notes` are those of tests, by cause and fact."""

    id: UUID
    question: str
    actor: str
    recorded_at: datetime
    updated_at: datetime
    shape: Analysis = field(default_factory=Analysis)
    said: dict[int, Said] = field(default_factory=dict)
    notes: dict[tuple[int, int], str | None] = field(default_factory=dict)
    conclusion: Concluded | None = None


async def documents(store: Store, recorded: Sequence[Recorded]) -> list[Document]:
    """The analyses among these events, in the order in which they were begun."""
    happened = [(each, each.event) for each in recorded if isinstance(each.event, AnalysisEvent)]
    await store.vault.load(store.pool, (v for _, event in happened for v in sealed_in(event)))
    return fold((each, opened(store.vault, each.originator_id, event)) for each, event in happened)


def fold(happened: Iterable[tuple[Recorded, Event]]) -> list[Document]:
    """The analyses that these events, in clear, make."""
    found: dict[UUID, Document] = {}
    for recorded, event in happened:
        if isinstance(event, e.AnalysisBegun):
            at = recorded.recorded_at
            question = str(event.question)
            found[event.analysis] = Document(event.analysis, question, recorded.actor, at, at)
        if isinstance(event, AnalysisEvent) and event.analysis in found:
            _take(found[event.analysis], recorded, event)
    return list(found.values())


def _take(document: Document, recorded: Recorded, event: AnalysisEvent) -> None:
    document.shape = evolve(document.shape, event)
    document.updated_at = recorded.recorded_at
    match event:
        case (
            e.WhyAnswered(answer=text)
            | e.CauseSuspected(cause=text)
            | e.FaultAdded(fault=text)
            | e.FactStated(observed=text)
            | e.HypothesisProposed(hypothesis=text)
        ):
            _say(document, recorded, event, str(text))
        case e.NodeRevised():
            _revise(document, recorded, event)
        case e.HypothesisJudged() | e.FaultJudged():
            said = document.said[event.number]
            said.because = event.evidence
            reason = getattr(event, "reason", None)
            said.reason = None if reason is None else str(reason)
        case e.CauseTested(cause=cause, fact=fact, note=note):
            document.notes[cause, fact] = None if note is None else str(note)
        case e.AnalysisConcluded(conclusion=said_so, nodes=nodes):
            by, at = recorded.actor, recorded.recorded_at
            document.conclusion = Concluded(str(said_so), nodes, by, at)
        case e.AnalysisTakenUp():
            document.conclusion = None
        case _:
            pass


def _say(document: Document, recorded: Recorded, event: Added, text: str) -> None:
    told = {name: getattr(event, name, None) for name in _MORE}
    document.said[event.number] = Said(
        text=text,
        evidence=event.evidence,
        actor=recorded.actor,
        recorded_at=recorded.recorded_at,
        more={name: None if value is None else str(value) for name, value in told.items()},
    )


def _revise(document: Document, recorded: Recorded, event: e.NodeRevised) -> None:
    if event.number not in document.said:
        return
    said = document.said[event.number]
    said.text = said.text if event.text is None else str(event.text)
    said.evidence = said.evidence if event.evidence is None else event.evidence
    said.actor, said.recorded_at = recorded.actor, recorded.recorded_at
