"""How analyses look over HTTP: each by its method, with who said what."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from services.problem.analyses.events import Method, Verdict
from services.problem.analyses.follows import follows, inputs
from services.problem.analyses.reading import Concluded, Document


class EntryView(msgspec.Struct, kw_only=True):
    """An entry of an analysis, by its number; `actor` said it as it now stands."""

    number: int
    evidence: list[str]
    actor: str
    recorded_at: datetime


class AnswerView(EntryView, kw_only=True):
    """An answer; what explains it stands below it in `whys`."""

    answer: str
    whys: list["AnswerView"]


class TestView(msgspec.Struct):
    """A possible cause held against a fact."""

    fact: int
    verdict: str
    note: str | None


class CauseView(EntryView, kw_only=True):
    """A possible cause.

    Of an Ishikawa diagram with its category and what stands below it; of Kepner and Tregoe with
    its tests: it is `contradicted` by one fact, or else rests on so many `assumptions`.
    """

    cause: str
    category: str | msgspec.UnsetType | None = msgspec.UNSET
    causes: list["CauseView"] | msgspec.UnsetType = msgspec.UNSET
    tests: list[TestView] | msgspec.UnsetType = msgspec.UNSET
    contradicted: bool | msgspec.UnsetType = msgspec.UNSET
    assumptions: int | msgspec.UnsetType = msgspec.UNSET
    untested: int | msgspec.UnsetType = msgspec.UNSET


class FaultView(EntryView, kw_only=True):
    """An event of a fault tree; `occurred` as judged if it is basic, else as it follows.

    `because` is the evidence by which it was judged.
    """

    fault: str
    gate: str | None
    inputs: list[int]
    occurred: bool | None
    because: list[str]


class FactView(EntryView, kw_only=True):
    """What is, what is not, what distinguishes the two, and what changed about that."""

    dimension: str
    observed: str = msgspec.field(name="is")
    not_observed: str | None = msgspec.field(name="is_not")
    distinction: str | None
    change: str | None


class HypothesisView(EntryView, kw_only=True):
    """What may be behind it, how it stands, and because of what."""

    hypothesis: str
    standing: str
    because: list[str]
    reason: str | None


class ConclusionView(msgspec.Struct):
    """What came out of it, and the entries that say so."""

    conclusion: str
    nodes: list[int]
    actor: str
    recorded_at: datetime


class AnalysisView(msgspec.Struct, kw_only=True):
    """A root cause analysis; which entries it has is a matter of its method.

    Of a fault tree `follows` says whether the top event follows from the basic events.
    """

    id: UUID
    method: str
    status: str
    question: str
    actor: str
    recorded_at: datetime
    updated_at: datetime
    conclusion: ConclusionView | None
    svg: str
    markdown: str
    whys: list[AnswerView] | msgspec.UnsetType = msgspec.UNSET
    causes: list[CauseView] | msgspec.UnsetType = msgspec.UNSET
    gate: str | msgspec.UnsetType = msgspec.UNSET
    inputs: list[int] | msgspec.UnsetType = msgspec.UNSET
    follows: bool | msgspec.UnsetType | None = msgspec.UNSET
    faults: list[FaultView] | msgspec.UnsetType = msgspec.UNSET
    facts: list[FactView] | msgspec.UnsetType = msgspec.UNSET
    hypotheses: list[HypothesisView] | msgspec.UnsetType = msgspec.UNSET


class Analyses(msgspec.Struct):
    """Every analysis, oldest first, as the log stood at `position`."""

    items: list[AnalysisView]
    next_cursor: str | None
    total_estimate: int
    position: int


def analysis_view(problem: UUID, document: Document) -> AnalysisView:
    """An analysis as callers see it."""
    concluded = document.conclusion
    href = f"/v1/problems/{problem}/analyses/{document.id}"
    return AnalysisView(
        id=document.id,
        method=document.shape.method.value,
        status="concluded" if document.shape.concluded else "open",
        question=document.question,
        actor=document.actor,
        recorded_at=document.recorded_at,
        updated_at=document.updated_at,
        conclusion=None if concluded is None else _concluded(concluded),
        svg=f"{href}.svg",
        markdown=f"{href}.md",
        **_OF_METHOD[document.shape.method](document),
    )


def _concluded(said: Concluded) -> ConclusionView:
    return ConclusionView(said.conclusion, list(said.nodes), said.actor, said.recorded_at)


def _entry(document: Document, number: int) -> dict[str, Any]:
    said = document.said[number]
    return {
        "number": number,
        "evidence": list(said.evidence),
        "actor": said.actor,
        "recorded_at": said.recorded_at,
    }


def _whys(document: Document, under: int | None = None) -> list[AnswerView]:
    return [
        AnswerView(
            **_entry(document, node.number),
            answer=document.said[node.number].text,
            whys=_whys(document, node.number),
        )
        for node in document.shape.below(under)
    ]


def _causes(document: Document, under: int | None = None) -> list[CauseView]:
    return [
        CauseView(
            **_entry(document, node.number),
            cause=document.said[node.number].text,
            category=node.category.value if node.category else None,
            causes=_causes(document, node.number),
        )
        for node in document.shape.below(under)
    ]


def _fault_tree(document: Document) -> dict[str, Any]:
    shape, occurred = document.shape, follows(document.shape)
    faults = [
        FaultView(
            **_entry(document, node.number),
            fault=document.said[node.number].text,
            gate=node.gate.value if node.gate else None,
            inputs=inputs(shape, node.number),
            occurred=occurred[node.number],
            because=list(document.said[node.number].because),
        )
        for node in shape.nodes
    ]
    gate = shape.gate.value if shape.gate else "or"
    return {
        "gate": gate, "inputs": inputs(shape, 0), "follows": occurred[0], "faults": faults,
    }  # fmt: skip


def _kepner_tregoe(document: Document) -> dict[str, Any]:
    nodes = document.shape.nodes
    facts = [node.number for node in nodes if node.is_fact]
    tested = [_tested(document, node.number, facts) for node in nodes if not node.is_fact]
    return {"facts": [_fact(document, number) for number in facts], "causes": tested}


def _fact(document: Document, number: int) -> FactView:
    said = document.said[number]
    return FactView(
        **_entry(document, number),
        dimension=said.more["dimension"] or "",
        observed=said.text,
        not_observed=said.more["not_observed"],
        distinction=said.more["distinction"],
        change=said.more["change"],
    )


def _tested(document: Document, number: int, facts: list[int]) -> CauseView:
    verdicts = {fact: document.shape.verdict(number, fact) for fact in facts}
    tests = [
        TestView(fact, verdict.value, document.notes.get((number, fact)))
        for fact, verdict in verdicts.items()
        if verdict is not None
    ]
    given = list(verdicts.values())
    return CauseView(
        **_entry(document, number),
        cause=document.said[number].text,
        tests=tests,
        contradicted=Verdict.CONTRADICTS in given,
        assumptions=given.count(Verdict.EXPLAINS_IF),
        untested=given.count(None),
    )


def _hypotheses(document: Document) -> list[HypothesisView]:
    return [
        HypothesisView(
            **_entry(document, node.number),
            hypothesis=document.said[node.number].text,
            standing=node.standing.value if node.standing else "proposed",
            because=list(document.said[node.number].because),
            reason=document.said[node.number].reason,
        )
        for node in document.shape.nodes
    ]


_OF_METHOD: dict[Method, Callable[[Document], dict[str, Any]]] = {
    Method.FIVE_WHYS: lambda d: {"whys": _whys(d)},
    Method.ISHIKAWA: lambda d: {"causes": _causes(d)},
    Method.FAULT_TREE: _fault_tree,
    Method.KEPNER_TREGOE: _kepner_tregoe,
    Method.HYPOTHESES: lambda d: {"hypotheses": _hypotheses(d)},
}
