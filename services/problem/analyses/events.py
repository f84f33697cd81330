"""What can happen to a root cause analysis. These names and fields are stored for ever.

An analysis is a document of numbered nodes, counted from 1 in the order they came; 0 or nothing is
the question itself. Which kinds of nodes it has is a matter of its method.
"""

from enum import StrEnum
from uuid import UUID

from shared.domain import FREE_TEXT, Event, Personal, event


class Method(StrEnum):
    FIVE_WHYS = "five_whys"
    ISHIKAWA = "ishikawa"
    FAULT_TREE = "fault_tree"
    KEPNER_TREGOE = "kepner_tregoe"
    HYPOTHESES = "hypotheses"


class Category(StrEnum):
    """The bones of an Ishikawa diagram."""

    PEOPLE = "people"
    PROCESS = "process"
    TECHNOLOGY = "technology"
    PARTNER = "partner"
    ENVIRONMENT = "environment"
    MEASUREMENT = "measurement"


class Gate(StrEnum):
    """An event of a fault tree follows from all its inputs, or from any."""

    AND = "and"
    OR = "or"


class Dimension(StrEnum):
    """What a fact of Kepner and Tregoe is about."""

    WHAT = "what"
    WHERE = "where"
    WHEN = "when"
    EXTENT = "extent"


class Verdict(StrEnum):
    """Whether a possible cause explains a fact."""

    EXPLAINS = "explains"
    EXPLAINS_IF = "explains_if"  # with an assumption
    CONTRADICTS = "contradicts"


class Standing(StrEnum):
    """How a hypothesis stands."""

    PROPOSED = "proposed"
    SUPPORTED = "supported"
    REFUTED = "refuted"


@event("problem.analysis_begun", personal={"question": FREE_TEXT})
class AnalysisBegun(Event, frozen=True):
    """The question, or in a fault tree the top event; without a method it is five whys."""

    analysis: UUID
    question: Personal
    method: Method | None = None
    gate: Gate | None = None  # of the top event


@event("problem.why_answered", personal={"answer": FREE_TEXT})
class WhyAnswered(Event, frozen=True):
    """An answer of an analysis; it explains the answer `under`, or the question itself."""

    analysis: UUID
    number: int
    answer: Personal
    under: int | None = None
    evidence: tuple[str, ...] = ()


@event("problem.cause_suspected", personal={"cause": FREE_TEXT})
class CauseSuspected(Event, frozen=True):
    """In a category of an Ishikawa diagram or under another; or to be tested against facts."""

    analysis: UUID
    number: int
    cause: Personal
    category: Category | None = None
    under: int | None = None
    evidence: tuple[str, ...] = ()


@event("problem.fault_added", personal={"fault": FREE_TEXT})
class FaultAdded(Event, frozen=True):
    """An event of a fault tree: with a gate it follows from its inputs, without it is basic."""

    analysis: UUID
    number: int
    fault: Personal
    gate: Gate | None = None
    under: int | None = None
    evidence: tuple[str, ...] = ()


@event("problem.fault_joined")
class FaultJoined(Event, frozen=True):
    """It is an input of this gate too."""

    analysis: UUID
    number: int
    under: int


@event("problem.fault_judged")
class FaultJudged(Event, frozen=True):
    """Whether a basic event has occurred; not stated: nobody knows."""

    analysis: UUID
    number: int
    occurred: bool | None = None
    evidence: tuple[str, ...] = ()


@event(
    "problem.fact_stated",
    personal={
        "observed": FREE_TEXT,
        "not_observed": FREE_TEXT,
        "distinction": FREE_TEXT,
        "change": FREE_TEXT,
    },
)
class FactStated(Event, frozen=True):
    """What the deviation is and is not, what distinguishes the two, what changed about that."""

    analysis: UUID
    number: int
    dimension: Dimension
    observed: Personal
    not_observed: Personal | None = None
    distinction: Personal | None = None
    change: Personal | None = None
    evidence: tuple[str, ...] = ()


@event("problem.cause_tested", personal={"note": FREE_TEXT})
class CauseTested(Event, frozen=True):
    """A possible cause held against a fact; the newest test of the two counts."""

    analysis: UUID
    cause: int
    fact: int
    verdict: Verdict
    note: Personal | None = None


@event("problem.hypothesis_proposed", personal={"hypothesis": FREE_TEXT})
class HypothesisProposed(Event, frozen=True):
    analysis: UUID
    number: int
    hypothesis: Personal
    evidence: tuple[str, ...] = ()


@event("problem.hypothesis_judged", personal={"reason": FREE_TEXT})
class HypothesisJudged(Event, frozen=True):
    """Supported or refuted by this evidence, or open again."""

    analysis: UUID
    number: int
    standing: Standing
    evidence: tuple[str, ...] = ()
    reason: Personal | None = None


@event("problem.analysis_node_revised", personal={"text": FREE_TEXT})
class NodeRevised(Event, frozen=True):
    """It says this now; evidence, gate and category are told whole where they are told."""

    analysis: UUID
    number: int
    text: Personal | None = None
    evidence: tuple[str, ...] | None = None
    gate: Gate | None = None
    category: Category | None = None


@event("problem.analysis_node_moved")
class NodeMoved(Event, frozen=True):
    """It stands under another, or under the question; before a sibling, or last."""

    analysis: UUID
    number: int
    under: int | None = None
    before: int | None = None
    category: Category | None = None


@event("problem.analysis_node_removed")
class NodeRemoved(Event, frozen=True):
    """With everything that stands under it alone."""

    analysis: UUID
    number: int


@event("problem.analysis_concluded", personal={"conclusion": FREE_TEXT})
class AnalysisConcluded(Event, frozen=True):
    """What came out of it, and the nodes that say so; it is not edited any more."""

    analysis: UUID
    conclusion: Personal
    nodes: tuple[int, ...] = ()


@event("problem.analysis_taken_up", personal={"reason": FREE_TEXT})
class AnalysisTakenUp(Event, frozen=True):
    """A concluded one is gone on with."""

    analysis: UUID
    reason: Personal


AnalysisEvent = (
    AnalysisBegun
    | WhyAnswered
    | CauseSuspected
    | FaultAdded
    | FaultJoined
    | FaultJudged
    | FactStated
    | CauseTested
    | HypothesisProposed
    | HypothesisJudged
    | NodeRevised
    | NodeMoved
    | NodeRemoved
    | AnalysisConcluded
    | AnalysisTakenUp
)
