"""What the commands on analyses take."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StrictBool, model_validator

from services.problem.analyses import additions
from services.problem.analyses.additions import Addition
from services.problem.analyses.events import (
    Category,
    Dimension,
    Gate,
    Method,
    Standing,
    Verdict,
)
from services.problem.bodies import Evidence
from shared.http.body import Body, Line, Text, Whole

Number = Annotated[Whole, Field(ge=1, le=1_000_000, description="Of an entry")]


class Why(Body):
    """An answer; `under` is the number (from 1) of the answer it explains."""

    answer: Text
    under: Number | None = None
    evidence: Evidence = []

    def addition(self) -> Addition:
        """The same for the domain."""
        return additions.Why(self.answer, self.under, tuple(self.evidence))


class Cause(Body):
    """A possible cause: in a category of an Ishikawa diagram, or under another."""

    cause: Annotated[Text, Field(examples=["Nobody sizes the pools"])]
    category: Category | None = None
    under: Number | None = None
    evidence: Evidence = []

    def addition(self) -> Addition:
        """The same for the domain."""
        return additions.Cause(self.cause, self.category, self.under, tuple(self.evidence))


class Fault(Body):
    """An event of a fault tree: with a gate it follows from its inputs, without it is basic."""

    fault: Annotated[Text, Field(examples=["The pool is exhausted"])]
    gate: Gate | None = None
    under: Number | None = None
    evidence: Evidence = []

    def addition(self) -> Addition:
        """The same for the domain."""
        return additions.Fault(self.fault, self.gate, self.under, tuple(self.evidence))


class Fact(Body):
    """What is, what is not though it might be, what distinguishes them, what changed there."""

    dimension: Dimension
    observed: Annotated[Text, Field(alias="is", examples=["The checkout is slow"])]
    not_observed: Annotated[Text | None, Field(alias="is_not", examples=["The search"])] = None
    distinction: Text | None = None
    change: Text | None = None
    evidence: Evidence = []

    def addition(self) -> Addition:
        """The same for the domain."""
        return additions.Fact(**self.arguments() | {"evidence": tuple(self.evidence)})


class Trial(Body):
    """A possible cause held against a fact, both by number; the newest test counts."""

    cause: Number
    fact: Number
    verdict: Verdict
    note: Annotated[Text, Field(description="What must hold, for explains_if")] | None = None

    def addition(self) -> Addition:
        """The same for the domain."""
        return additions.Trial(**self.arguments())


class Hypothesis(Body):
    """What may be behind it."""

    hypothesis: Annotated[Text, Field(examples=["The driver leaks connections"])]
    evidence: Evidence = []

    def addition(self) -> Addition:
        """The same for the domain."""
        return additions.Hypothesis(self.hypothesis, tuple(self.evidence))


class Analysis(Body):
    """An analysis, begun with its question or gone on with by naming it; entries are added.

    Entries are numbered from 1 in the order they come: facts, causes, then the others. Five whys
    take `whys`, Ishikawa diagrams `causes`, fault trees `faults`, Kepner and Tregoe `facts`,
    `causes` and `tests`, lists of hypotheses `hypotheses`.
    """

    analysis: UUID | None = None
    question: (
        Annotated[
            Text,
            Field(
                description="Left out where a method is named: the problem's title",
                examples=["Why was the checkout slow?"],
            ),
        ]
        | None
    ) = None
    method: Annotated[Method, Field(description="Five whys if nothing is said")] | None = None
    gate: (
        Annotated[Gate, Field(description="Of a fault tree's top event, or if not said")] | None
    ) = None
    whys: Annotated[list[Why], Field(max_length=50)] = []
    facts: Annotated[list[Fact], Field(max_length=50)] = []
    causes: Annotated[list[Cause], Field(max_length=100)] = []
    faults: Annotated[list[Fault], Field(max_length=100)] = []
    tests: Annotated[list[Trial], Field(max_length=200)] = []
    hypotheses: Annotated[list[Hypothesis], Field(max_length=100)] = []

    @model_validator(mode="after")
    def _begins_or_goes_on(self) -> Self:
        if self.analysis is None and self.question is None and self.method is None:
            raise ValueError(
                "give a method or a question to begin an analysis, or name the one to go on with"
            )
        if self.analysis is not None and (self.question, self.method, self.gate) != (None,) * 3:
            raise ValueError("question, method and gate are said when an analysis begins")
        return self

    def additions(self) -> list[Addition]:
        """Its entries for the domain, in their order."""
        given = (self.facts, self.causes, self.whys, self.faults, self.tests, self.hypotheses)
        return [each.addition() for some in given for each in some]


class NewHypothesis(Hypothesis):
    """Added to the list that is named, else to the newest open one, else to a new one."""

    analysis: UUID | None = None


class Revision(Body):
    """What is left out stays; `node` 0 is the top event of a fault tree."""

    node: Annotated[Whole, Field(ge=0, le=1_000_000)]
    text: Text | None = None
    evidence: Evidence | None = None
    gate: Gate | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if (self.text, self.evidence, self.gate) == (None, None, None):
            raise ValueError("give a text, evidence or a gate")
        return self


class Move(Body):
    """Under another entry, or the question; before a sibling, or last."""

    node: Number
    under: Number | None = None
    before: Number | None = None
    category: Category | None = None


class Joining(Body):
    """An event of a fault tree is an input of this gate too; of the top event without `under`."""

    node: Number
    under: Number | None = None


class Judgement(Body):
    """How a hypothesis stands, or whether a basic event occurred (null: nobody knows)."""

    node: Number
    standing: Standing | None = None
    occurred: StrictBool | None = None
    evidence: Evidence = []
    reason: Text | None = None

    @model_validator(mode="after")
    def _is_one_or_the_other(self) -> Self:
        if (self.standing is None) is ("occurred" not in self.model_fields_set):
            raise ValueError("give the standing of a hypothesis, or whether a fault occurred")
        return self


class Removal(Body):
    """An entry, with everything that stands under it alone."""

    node: Number


class Conclusion(Body):
    """What came out, and the entries that say so."""

    conclusion: Text
    nodes: Annotated[list[Number], Field(max_length=50)] = []


class TakingUp(Body):
    reason: Annotated[Line, Field(examples=["It happened again"])]
