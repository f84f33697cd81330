"""Any commands on a problem in any order; a model that knows only the field's words agrees.

The table of states is the one that is written a second time by hand in `table.py`; what closing
needs, how trees stay trees, what moves and what is counted is said once more here.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.problem import closing, duplicates, investigation, lifecycle, problem, workarounds
from services.problem.actions import problem_actions
from services.problem.analyses import commands
from services.problem.analyses.additions import Why
from services.problem.analyses.events import Method, Standing
from services.problem.duplicates import Belongings
from services.problem.events import ChangeState, NodeReference
from services.problem.problem import Problem
from services.problem.problems import PROBLEM
from shared.aggregate import Folded
from shared.auth.roles import Role
from shared.codec import decode, encode
from shared.domain import Event
from shared.errors import Refused
from tests.problem.model import KNOWN, Model
from tests.problem.stories import CHRISTMAS, MATRIX, NOON, REVIEW, TODAY
from tests.problem.table import target

WHYS, GUESSES, SELF, OTHER = UUID(int=50), UUID(int=51), UUID(int=100), UUID(int=101)
ids = st.integers(1, 4).map(lambda n: UUID(int=n))
names = st.sampled_from(["network", "desk", "database"])
levels = st.integers(1, 3)
references = st.sampled_from(["CHG-1", "CHG-2"])


class Course(RuleBasedStateMachine):
    """One problem, and another that it may turn out to be a duplicate of."""

    @initialize(
        impact=st.none() | levels,
        incidents=st.lists(ids, unique=True, max_size=2),
        way=st.integers(0, 7),
    )
    def log(self, impact: int | None, incidents: list[UUID], way: int) -> None:
        said: dict[str, Any] = {"impact": impact, "urgency": impact, "incidents": tuple(incidents)}
        self.events: list[Event] = list(
            lifecycle.log(Problem(), number=1, title="Slow", matrix=MATRIX, **said)
        )
        self.state = folded(self.events)
        other = lifecycle.log(Problem(), number=2, title="Slow, too", matrix=MATRIX)
        self.other = folded(list(other))
        self.model = Model(incidents=set(incidents))
        for _ in range(way):
            self.go_on()

    @rule()
    def go_on(self) -> None:
        """The next step of the usual way: else few would ever come far."""
        match self.model.status:
            case "new":
                self.assess(1, "paul", major=True)
            case "assessing":
                self.confirm()
            case "root_cause_analysis" if not self.model.cause:
                self.record_root_cause(None, said=True)
            case "root_cause_analysis":
                self.plan_fix(None)
            case "fix_in_progress":
                self.resolve()
            case "resolved" if not self.model.reviewed and self.model.major:
                self.review()
            case "resolved" | "risk_accepted":
                self.close(2, learned=True)
            case _:
                self.reanalyse()

    def give(
        self, name: str, act: Callable[..., Sequence[Any]], *, may: bool = True, **said: Any
    ) -> bool:
        """Taken exactly where the table and the model say that it may be."""
        leads_to = target(name, self.model.status)
        expected = leads_to is not None and may
        try:
            events = act(self.state, **said)
        except Refused:
            assert not expected, f"{name} was refused when {self.model.status}"
            return False
        assert expected, f"{name} was taken when {self.model.status}"
        self.events += events
        self.state = folded(events, self.state)
        self.model.status = leads_to or self.model.status
        return True

    @rule(impact=levels, owner=names, major=st.booleans())
    def assess(self, impact: int, owner: str, major: bool) -> None:
        said: dict[str, Any] = {
            "category": "database",
            "impact": impact,
            "urgency": 1,
            "owner": owner,
        }
        if self.give("assess", lifecycle.assess, matrix=MATRIX, major=major, **said):
            self.model.major = major

    @rule()
    def confirm(self) -> None:
        self.give("confirm", lifecycle.confirm)

    @rule(impact=levels, major=st.none() | st.booleans())
    def prioritise(self, impact: int, major: bool | None) -> None:
        said: dict[str, Any] = {
            "impact": impact,
            "urgency": impact,
            "matrix": MATRIX,
            "major": major,
        }
        if self.give("prioritise", lifecycle.prioritise, **said) and major is not None:
            self.model.major = major

    @rule(group=st.none() | names)
    def assign(self, group: str | None) -> None:
        if self.give("assign", investigation.assign, group=group):
            self.model.moved += group != self.model.group
            self.model.group = group

    @rule()
    def note(self) -> None:
        self.give("note", investigation.note, text="Seen again")

    @rule(incident=ids)
    def link(self, incident: UUID) -> None:
        if self.give("link-incident", investigation.link_incident, incident=incident):
            self.model.incidents.add(incident)

    @rule(incident=ids)
    def unlink(self, incident: UUID) -> None:
        if self.give("unlink-incident", investigation.unlink_incident, incident=incident):
            self.model.incidents.discard(incident)

    @rule(number=st.integers(1, 3))
    def add_task(self, number: int) -> None:
        task = UUID(int=1_000 + number)
        if task in self.model.tasks:
            return
        if self.give("add-task", investigation.add_task, task=task, title="Ask", at=NOON):
            self.model.tasks[task] = False

    @rule(number=st.integers(1, 3))
    def complete_task(self, number: int) -> None:
        task = UUID(int=1_000 + number)
        known = task in self.model.tasks
        act = investigation.complete_task
        if self.give("complete-task", act, may=known, task=task, at=NOON):
            self.model.tasks[task] = True

    @rule(under=st.none() | st.integers(1, 6))
    def answer_why(self, under: int | None) -> None:
        begun, number = WHYS in self.state.analyses, max(self.model.above, default=0) + 1
        may = (under is None or under in self.model.above) and not (begun and self.model.concluded)
        question = None if begun else "Why?"
        said: dict[str, Any] = {
            "analysis": WHYS,
            "question": question,
            "additions": [Why("So", under)],
        }
        if self.give("analyse", commands.analyse, may=may, **said):
            self.model.above[number] = under

    @precondition(lambda self: self.model.above)
    @rule(data=st.data(), under=st.none() | st.integers(1, 6))
    def move_why(self, data: st.DataObject, under: int | None) -> None:
        node = data.draw(st.sampled_from(sorted(self.model.above)))
        may = under is None or (under in self.model.above and under not in self.model.under(node))
        may = may and not self.model.concluded
        if self.give("analyse", commands.move, may=may, analysis=WHYS, node=node, under=under):
            self.model.above[node] = under

    @precondition(lambda self: len(self.model.above) > 1)
    @rule()
    def conclude_or_take_up(self) -> None:
        said: dict[str, Any] = {"analysis": WHYS, "conclusion": "The pool"}
        if self.model.concluded:
            if self.give("analyse", commands.take_up, analysis=WHYS, reason="Again"):
                self.model.concluded = False
        elif self.give("analyse", commands.conclude, **said):
            self.model.concluded = True

    @rule()
    def add_hypothesis(self) -> None:
        begun = GUESSES in self.state.analyses
        said: dict[str, Any] = {"hypothesis": "It leaks", "analysis": None, "otherwise": GUESSES}
        if self.give("add-hypothesis", commands.add_hypothesis, **said):
            assert begun or self.state.analyses[GUESSES].method is Method.HYPOTHESES
            self.model.guesses[len(self.model.guesses) + 1] = Standing.PROPOSED

    @precondition(lambda self: self.model.guesses)
    @rule(data=st.data(), standing=st.sampled_from(Standing), proved=st.booleans())
    def judge(self, data: st.DataObject, standing: Standing, proved: bool) -> None:
        node = data.draw(st.sampled_from(sorted(self.model.guesses)))
        may = standing is Standing.PROPOSED or proved
        may = may and not (standing is Standing.REFUTED and node == self.model.proof)
        said: dict[str, Any] = {"analysis": GUESSES, "node": node, "standing": standing}
        said |= {"evidence": ("dump",) if proved else (), "reason": "So"}
        if self.give("analyse", commands.judge_hypothesis, may=may, **said):
            self.model.guesses[node] = standing

    @rule(node=st.none() | st.integers(1, 3), said=st.booleans())
    def record_root_cause(self, node: int | None, said: bool) -> None:
        stands = self.model.guesses.get(node or 0, Standing.REFUTED) is not Standing.REFUTED
        nodes = [] if node is None else [NodeReference(analysis=GUESSES, node=node)]
        may = (node is None or stands) and (said or node is not None)
        found = {"cause": "Pool", "evidence": ["dump"] if said else [], "nodes": nodes}
        act = lifecycle.record_root_cause
        if self.give("record-root-cause", act, may=may, at=NOON, **found):
            self.model.cause, self.model.proof = True, node

    @rule(text=names)
    def draft_workaround(self, text: str) -> None:
        if self.give("draft-workaround", workarounds.draft_workaround, text=text):
            self.model.draft = text

    @rule()
    def publish_workaround(self) -> None:
        may = self.model.draft is not None
        if self.give("publish-workaround", workarounds.publish_workaround, may=may):
            self.model.published, self.model.draft = self.model.draft, None
            self.model.revision += 1

    @rule()
    def withdraw_workaround(self) -> None:
        act, may = workarounds.withdraw_workaround, self.model.published is not None
        if self.give("withdraw-workaround", act, may=may, reason="It harms"):
            self.model.published = None

    @rule(change=st.none() | references)
    def plan_fix(self, change: str | None) -> None:
        said: dict[str, Any] = {"fix": "Bigger", "target_date": CHRISTMAS, "change": change}
        if self.give("plan-fix", lifecycle.plan_fix, may=self.model.cause, **said) and change:
            self.model.changes[change] = ChangeState.PLANNED

    @rule(reference=references, state=st.sampled_from(ChangeState))
    def record_change(self, reference: str, state: ChangeState) -> None:
        said: dict[str, Any] = {"reference": reference, "state": state}
        if self.give("record-change", lifecycle.record_change, **said):
            self.model.changes[reference] = state

    @rule()
    def resolve(self) -> None:
        may = not self.model.planned
        self.give("resolve", lifecycle.resolve, may=may, summary="Bigger", at=NOON)

    @rule()
    def reject_fix(self) -> None:
        self.model.rejected += self.give("reject-fix", lifecycle.reject_fix, reason="Slow")

    @rule()
    def review(self) -> None:
        if self.give("review", closing.review, may=self.model.major, **REVIEW):
            self.model.reviewed = True

    @rule(known=st.integers(0, len(KNOWN) - 1), learned=st.booleans())
    def close(self, known: int, learned: bool) -> None:
        lessons = "Size pools" if learned else None
        said: dict[str, Any] = {
            "at": NOON,
            "known_errors": [KNOWN[known]],
            "lessons_learned": lessons,
        }
        missing = self.model.missing(known, learned)
        if target("close", self.model.status) and missing:
            with pytest.raises(Refused) as refusal:
                closing.close(self.state, **said)
            assert {condition for condition, _ in refusal.value.unmet} == missing
        self.give("close", closing.close, may=not missing, **said)

    @rule(days=st.integers(-1, 1))
    def accept_risk(self, days: int) -> None:
        said: dict[str, Any] = {
            "reason": "Dear",
            "approver": "chief",
            "review_date": TODAY + timedelta(days),
        }
        self.give("accept-risk", lifecycle.accept_risk, may=days > 0, today=TODAY, **said)

    @rule()
    def reanalyse(self) -> None:
        if self.give("reanalyse", lifecycle.reanalyse, reason="It came back"):
            self.model.reanalysed += 1
            self.model.reviewed = False

    @precondition(lambda self: len(self.events) > 12)
    @rule()
    def cancel(self) -> None:
        self.give("cancel", lifecycle.cancel, reason="A test")

    @precondition(lambda self: len(self.events) > 12)
    @rule()
    def mark_duplicate(self) -> None:
        held, model = self.state, self.model
        had = Belongings(
            duplicate=SELF, number=1, incidents=held.incidents, tasks=held.open_tasks,
            published=str(held.workaround.published) if held.workaround.published else None,
            draft=str(held.workaround.draft) if held.workaround.draft else None,
        )  # fmt: skip
        if not self.give("mark-duplicate", duplicates.mark_duplicate, of=OTHER):
            return
        self.other = folded(duplicates.take_over(self.other, had=had), self.other)
        assert model.incidents <= set(self.other.incidents)
        assert {t for t, done in model.tasks.items() if not done} <= set(self.other.tasks)
        assert self.other.workaround.published == model.published
        assert self.other.workaround.draft == model.draft
        self.refuses_to_take_over()
        model.incidents, model.draft, model.published = set(), None, None
        model.tasks = {task: True for task, done in model.tasks.items() if done}

    def refuses_to_take_over(self) -> None:
        """A duplicate of its duplicate would be a circle."""
        with pytest.raises(Refused, match="takes nothing over"):
            duplicates.take_over(self.state, had=Belongings(duplicate=OTHER, number=2))

    @invariant()
    def what_is_kept_is_what_the_model_keeps(self) -> None:
        state, model = self.state, self.model
        assert state.status == model.status
        assert (set(state.incidents), state.changes) == (model.incidents, model.changes)
        assert {t: task.done_at is not None for t, task in state.tasks.items()} == model.tasks
        texts = (state.workaround.draft, state.workaround.published, state.workaround.revision)
        assert texts == (model.draft, model.published, model.revision)
        counted = (state.reanalysis_count, state.fix_rejection_count, state.reassignment_count)
        assert counted == (model.reanalysed, model.rejected, model.moved)
        assert (state.root_cause is not None, state.major) == (model.cause, model.major)
        assert (state.review is not None) == model.reviewed

    @invariant()
    def trees_stay_trees(self) -> None:
        if WHYS in self.state.analyses:
            shape = self.state.analyses[WHYS]
            above = {n.number: n.under[0] if n.under else None for n in shape.nodes}
            assert above == self.model.above
            reached = set().union(*(shape.within(n.number) for n in shape.below(None)))
            assert reached == set(above), "an answer supports itself"

    @invariant()
    def milestones_agree_with_the_status(self) -> None:
        state, was_resolved = self.state, self.state.resolved_at is not None
        assert (state.closed_at is not None) == (self.model.status == "closed")
        assert was_resolved == (
            self.model.status == "resolved" or (self.model.status == "closed" and not state.risk)
        )
        assert (state.duplicate_of is not None) == (self.model.status == "duplicate")

    @invariant()
    def actions_are_the_tables(self) -> None:
        shown = msgspec.json.decode(problem_actions(self.state.status, frozenset({Role.ADMIN})))
        allowed = {each["name"] for each in shown if each["allowed"]}
        assert allowed == {
            each["name"] for each in shown if target(each["name"], self.model.status)
        }
        assert all(each["reason"] for each in shown if not each["allowed"])

    def teardown(self) -> None:
        """What was stored, read again, makes the same state; so does a snapshot of it."""
        if not hasattr(self, "events"):
            return
        stored = [encode(event) for event in self.events]
        replayed = [
            decode(s.topic, s.schema_version, s.state, version)
            for version, s in enumerate(stored, 1)
        ]
        assert folded(replayed) == self.state
        held = Folded(SELF, self.state, len(self.events), 5, NOON, NOON)
        assert PROBLEM.restore(held.stream, held.version, PROBLEM.preserve(held)) == held


def folded(events: Sequence[Any], state: Problem | None = None) -> Problem:
    found = state or Problem()
    for each in events:
        found = problem.evolve(found, each)
    return found


Course.TestCase.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)
TestCourse = Course.TestCase
