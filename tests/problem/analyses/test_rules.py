"""The rules of analyses: what each method takes, that nothing supports itself, what is bounded."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from services.problem import lifecycle
from services.problem.analyses import additions, commands
from services.problem.analyses.additions import Cause, Fact, Fault, Hypothesis, Trial, Why
from services.problem.analyses.events import (
    AnalysisBegun,
    Category,
    Dimension,
    FaultAdded,
    FaultJoined,
    Gate,
    HypothesisProposed,
    Method,
    NodeMoved,
    Standing,
    Verdict,
    WhyAnswered,
)
from services.problem.analyses.follows import follows
from services.problem.events import Confirmed, NodeReference, ProblemEvent
from services.problem.problem import Problem
from shared.errors import Refused
from tests.problem.analyses.examples import ADDED, ID, NOON, after, begun, logged
from tests.problem.stories import assessed

WRONG: dict[Method, additions.Addition] = {
    Method.FIVE_WHYS: Cause("The pool"),
    Method.ISHIKAWA: Why("The pool"),
    Method.FAULT_TREE: Hypothesis("The pool"),
    Method.KEPNER_TREGOE: Why("The pool"),
    Method.HYPOTHESES: Fault("The pool"),
}


def refused(why: str, command: Any, held: Problem, **arguments: Any) -> None:
    with pytest.raises(Refused, match=why):
        command(held, **({"analysis": ID} | arguments))


def numbers(held: Problem, under: int | None = None) -> list[int]:
    return [node.number for node in held.analyses[ID].below(under)]


@pytest.mark.parametrize("method", Method)
def test_each_method_takes_its_own_kinds_of_entries(method: Method) -> None:
    held = begun(method)
    entries = [each for each in ADDED[method] if not isinstance(each, Trial)]
    assert len(held.analyses[ID].nodes) == len(entries)
    refused("give", commands.analyse, held, additions=[WRONG[method]])


def test_a_stored_analysis_without_a_method_is_five_whys() -> None:
    held = after(logged(), [AnalysisBegun(analysis=ID, question="Why?")])
    assert held.analyses[ID].method is Method.FIVE_WHYS
    [answer] = commands.analyse(held, analysis=ID, additions=[Why("The pool")])
    assert answer == WhyAnswered(analysis=ID, number=1, answer="The pool")


def test_an_answer_explains_an_earlier_one_of_a_known_analysis() -> None:
    held = begun(Method.FIVE_WHYS)
    refused("cannot stand under 5", commands.analyse, held, additions=[Why("Itself", 5)])
    refused("cannot stand under 9", commands.analyse, held, additions=[Why("Later", 9)])
    refused("no such analysis", commands.analyse, held, analysis=UUID(int=9))


def test_a_why_cannot_come_to_support_itself() -> None:
    held = begun(Method.FIVE_WHYS)
    refused("it would support itself", commands.move, held, node=1, under=3)
    refused("it would support itself", commands.move, held, node=1, under=1)
    refused("has no entry 9", commands.move, held, node=9, under=1)
    moved = after(held, commands.move(held, analysis=ID, node=3, under=4))
    assert (numbers(moved, 4), numbers(moved, 2)) == ([3], [])


def test_answers_keep_their_order_and_can_be_put_before_others() -> None:
    held = begun(Method.FIVE_WHYS)
    assert numbers(held, 1) == [2, 4]
    moved = after(held, commands.move(held, analysis=ID, node=4, under=1, before=2))
    assert numbers(moved, 1) == [4, 2]
    refused("does not stand there", commands.move, held, node=4, under=1, before=3)


def test_what_is_removed_takes_along_what_stands_under_it_alone() -> None:
    held = begun(Method.FAULT_TREE)
    held = after(held, commands.join(held, analysis=ID, node=5, under=None))
    left = after(held, commands.remove(held, analysis=ID, node=1))
    assert [node.number for node in left.analyses[ID].nodes] == [5, 6]
    [added] = commands.analyse(left, analysis=ID, additions=[Fault("New")])
    assert isinstance(added, FaultAdded)
    assert added.number == 7


def test_a_cause_of_an_ishikawa_diagram_has_one_category_or_one_above() -> None:
    held = begun(Method.ISHIKAWA)
    refused("stands in one category", commands.analyse, held, additions=[Cause("Nowhere")])
    twice = Cause("Twice", Category.PEOPLE, 1)
    refused("stands in one category", commands.analyse, held, additions=[twice])
    refused("stands in one category", commands.move, held, node=3)
    [moved] = commands.move(held, analysis=ID, node=3, category=Category.PARTNER)
    assert isinstance(moved, NodeMoved)
    node = after(held, [moved]).analyses[ID].node(3)
    assert node is not None
    assert node.category is Category.PARTNER


def test_a_basic_event_has_no_inputs_and_a_gate_is_not_judged() -> None:
    held = begun(Method.FAULT_TREE)
    refused("is a basic event", commands.analyse, held, additions=[Fault("Below", None, 2)])
    refused("has a gate", commands.judge_fault, held, node=1, occurred=True)
    gated = after(held, commands.revise(held, analysis=ID, node=2, gate=Gate.OR))
    assert commands.analyse(gated, analysis=ID, additions=[Fault("Below", None, 2)])


def test_no_event_is_joined_below_itself() -> None:
    held = begun(Method.FAULT_TREE)
    refused("it would support itself", commands.join, held, node=1, under=3)
    assert commands.join(held, analysis=ID, node=6, under=3) == [
        FaultJoined(analysis=ID, number=6, under=3)
    ]
    assert commands.join(held, analysis=ID, node=2, under=1) == []
    refused("only an event of a fault tree", commands.join, begun(Method.ISHIKAWA), node=1, under=2)


def test_an_event_is_an_input_of_ten_gates_at_most() -> None:
    gates = [Fault("A gate", Gate.OR) for _ in range(11)]
    tree = commands.analyse(
        logged(), analysis=ID, question="Slow", method=Method.FAULT_TREE,
        additions=[Fault("Basic"), *gates],
    )  # fmt: skip
    held = after(logged(), tree)
    for gate in range(2, 11):
        held = after(held, commands.join(held, analysis=ID, node=1, under=gate))
    refused("10 gates at most", commands.join, held, node=1, under=11)


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ({}, None),
        ({2: True, 4: True}, True),
        ({2: True, 4: False, 5: False}, None),
        ({2: True, 4: False, 5: False, 6: False}, False),
        ({2: False, 6: False}, False),
        ({2: None, 4: True, 6: True}, True),
    ],
)
def test_the_top_event_follows_from_the_basic_ones(
    states: dict[int, bool | None], expected: bool | None
) -> None:
    held = begun(Method.FAULT_TREE)
    for node, occurred in states.items():
        judged = commands.judge_fault(held, analysis=ID, node=node, occurred=occurred)
        held = after(held, judged)
    assert follows(held.analyses[ID])[0] is expected


def test_possible_causes_are_tested_against_facts() -> None:
    held = begun(Method.KEPNER_TREGOE)
    swapped = Trial(1, 3, Verdict.EXPLAINS)
    refused("1 is a fact", commands.analyse, held, additions=[swapped])
    refused(
        "4 is a possible cause", commands.analyse, held, additions=[Trial(3, 4, Verdict.EXPLAINS)]
    )
    unsaid = Trial(4, 1, Verdict.EXPLAINS_IF)
    refused("say what, as a note", commands.analyse, held, additions=[unsaid])
    again = [Trial(4, 2, Verdict.EXPLAINS)]
    held = after(held, commands.analyse(held, analysis=ID, additions=again))
    assert held.analyses[ID].verdict(4, 2) is Verdict.EXPLAINS
    gone = after(held, commands.remove(held, analysis=ID, node=2))
    assert gone.analyses[ID].tests == {"3 1": Verdict.EXPLAINS}


def test_a_hypothesis_is_supported_or_refuted_by_evidence() -> None:
    held = begun(Method.HYPOTHESES)
    judge = commands.judge_hypothesis
    refused("by evidence", judge, held, node=1, standing=Standing.SUPPORTED)
    refused("for a reason", judge, held, node=1, standing=Standing.PROPOSED)
    refuted = after(
        held, judge(held, analysis=ID, node=1, standing=Standing.REFUTED, evidence=("trace",))
    )
    node = refuted.analyses[ID].node(1)
    assert node is not None
    assert node.standing is Standing.REFUTED
    refused("only a hypothesis", judge, begun(Method.FIVE_WHYS), node=1, standing=Standing.REFUTED)


def test_a_hypothesis_goes_to_the_newest_open_list_or_begins_one() -> None:
    first = commands.add_hypothesis(
        logged(), hypothesis="The driver", analysis=None, otherwise=UUID(int=8)
    )
    assert isinstance(first[0], AnalysisBegun)
    assert first[0].method is Method.HYPOTHESES
    held = begun(Method.HYPOTHESES)
    assert commands.add_hypothesis(
        held, hypothesis="The proxy", analysis=None, otherwise=UUID(int=8)
    ) == [HypothesisProposed(analysis=ID, number=3, hypothesis="The proxy")]


def test_a_concluded_analysis_is_edited_once_it_is_taken_up_again() -> None:
    held = begun(Method.FIVE_WHYS)
    refused("no entry 9", commands.conclude, held, conclusion="The pool", nodes=(9,))
    refused("not concluded", commands.take_up, held, reason="Again")
    done = after(held, commands.conclude(held, analysis=ID, conclusion="The pool", nodes=(3,)))
    refused("take it up again", commands.analyse, done, additions=[Why("More")])
    refused("take it up again", commands.revise, done, node=1, text="Other")
    refused("take it up again", commands.remove, done, node=1)
    again = after(done, commands.take_up(done, analysis=ID, reason="It came back"))
    assert commands.analyse(again, analysis=ID, additions=[Why("More")])


def test_of_a_question_only_the_gate_of_a_top_event_is_revised() -> None:
    held = begun(Method.FAULT_TREE)
    revised = after(held, commands.revise(held, analysis=ID, node=0, gate=Gate.AND))
    assert revised.analyses[ID].gate is Gate.AND
    refused("only the gate", commands.revise, held, node=0, text="Another question")
    refused("have gates", commands.revise, begun(Method.ISHIKAWA), node=1, gate=Gate.AND)
    refused("has a gate", commands.analyse, logged(), question="Why?", gate=Gate.AND, analysis=ID)


def test_everything_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [Why("And") for _ in range(additions.MOST_NODES)]
    full = after(logged(), commands.analyse(logged(), analysis=ID, question="Why?", additions=many))
    refused("200 entries at most", commands.analyse, full, additions=[Why("One more")])
    deep = [Why("Because", number or None) for number in range(additions.DEEPEST)]
    held = after(logged(), commands.analyse(logged(), analysis=ID, question="Why?", additions=deep))
    refused("20 levels deep", commands.analyse, held, additions=[Why("Deeper", len(deep))])
    monkeypatch.setattr(commands, "MOST_ANALYSES", 1)
    refused("1 analyses at most", commands.analyse, held, analysis=UUID(int=7), question="Why?")


def test_two_deep_trees_do_not_become_one_too_deep() -> None:
    one = [Why("Because", n or None) for n in range(11)]
    other = [Why("Because", 11 + n if n else None) for n in range(11)]
    held = after(
        logged(), commands.analyse(logged(), analysis=ID, question="Why?", additions=one + other)
    )
    refused("20 levels deep", commands.move, held, node=12, under=11)
    assert commands.move(held, analysis=ID, node=13, under=10)


def proof(node: int | None, analysis: UUID = ID) -> NodeReference:
    return NodeReference(analysis=analysis, node=node)


@pytest.fixture
def suspected() -> Problem:
    """Being analysed, with hypotheses of which the second is refuted."""
    held = after(begun(Method.HYPOTHESES), [assessed, Confirmed()])
    judge = commands.judge_hypothesis
    return after(
        held, judge(held, analysis=ID, node=2, standing=Standing.REFUTED, evidence=("trace",))
    )


def recorded(held: Problem, *nodes: NodeReference) -> Sequence[ProblemEvent]:
    said: dict[str, Any] = {"cause": "The driver", "evidence": (), "at": NOON}
    return lifecycle.record_root_cause(held, nodes=nodes, **said)


@pytest.mark.parametrize(
    ("why", "named"),
    [
        ("no such analysis", [proof(1, UUID(int=9))]),
        ("no entry 9", [proof(9)]),
        ("is refuted", [proof(2)]),
        ("names its evidence", []),
    ],
)
def test_a_root_cause_is_proved_by_entries_that_are_there_and_stand(
    suspected: Problem, why: str, named: list[NodeReference]
) -> None:
    with pytest.raises(Refused, match=why):
        recorded(suspected, *named)


@pytest.mark.parametrize("node", [1, None])
def test_an_entry_or_a_whole_analysis_proves_a_root_cause(
    suspected: Problem, node: int | None
) -> None:
    found = after(suspected, recorded(suspected, proof(node)))
    assert found.proofs == (proof(node),)


def test_what_proves_a_root_cause_is_neither_removed_nor_refuted(suspected: Problem) -> None:
    found = after(suspected, recorded(suspected, proof(1)))
    refuted: dict[str, Any] = {"standing": Standing.REFUTED, "evidence": ("other",)}
    refused("evidence of the root cause", commands.remove, found, node=1)
    refused("evidence of the root cause", commands.judge_hypothesis, found, node=1, **refuted)


def test_facts_stand_beside_one_another() -> None:
    held = begun(Method.KEPNER_TREGOE)
    refused("do not stand under others", commands.move, held, node=1, under=3)
    refused("is a fact; causes", commands.move, held, node=3, under=1)
    fact = Fact(Dimension.WHERE, "In the north")
    assert commands.analyse(held, analysis=ID, additions=[fact])
