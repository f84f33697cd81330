"""Every command in every state, as the field's table says: the table is written here once more."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.incident import incident, lifecycle, milestones, restricting, triage
from services.incident.actions import action
from services.incident.events import (
    EscalationKind,
    HoldReason,
    IncidentEvent,
    Milestone,
    ResolutionCode,
)
from services.incident.incident import Incident
from services.incident.incidents import INCIDENT
from services.incident.matrix import DEFAULT, Matrix
from services.incident.relations import children, links, merging
from services.incident.relations.events import ChildAdded, Linked, LinkKind
from services.incident.rules import RULES
from services.incident.stretches import seconds_in_status
from shared.aggregate import Folded
from shared.auth.roles import Role
from shared.codec import decode, encode
from shared.domain import changed
from shared.errors import Refused
from tests.incident.table import COMMANDS, STATES, may, target

MATRIX = Matrix(version=1, cells=DEFAULT)
START = datetime(2026, 11, 22, tzinfo=UTC)
ARGUMENTS: dict[str, dict[str, Any]] = {
    "categorise": {"category": "network"},
    "prioritise": {"impact": 2, "urgency": 1, "matrix": MATRIX},
    "assign": {"group": "network", "person": "ada"},
    "acknowledge": {"at": START},
    "start": {},
    "hold": {"reason": HoldReason.AWAITING_VENDOR},
    "resume": {},
    "diagnose": {"cause": "A leak"},
    "note": {"text": "Seen"},
    "mitigate": {"action": "Failed over", "at": START},
    "resolve": {"code": ResolutionCode.FIXED, "summary": "Rolled back", "at": START},
    "reopen": {
        "reason": "Back",
        "at": START,
        "window": timedelta(days=14),
        "roles": frozenset({Role.INCIDENT_MANAGER}),
    },
    "close": {"at": START},
    "cancel": {"reason": "A test"},
    "restrict": {"by": "ida", "reason": "Under investigation"},
    "reply": {"text": "The second one", "at": START},
    "escalate": {"reason": "Too slow", "at": START, "group": "network"},
    "link": {"kind": LinkKind.CHANGE, "reference": "CHG-8"},
    "unlink": {"kind": LinkKind.CHANGE, "reference": "CHG-7"},
    "correct-milestone": {
        "milestone": Milestone.STARTED,
        "at": START - timedelta(hours=1),
        "reason": "By the monitor",
        "now": START,
    },
    "add-child": {"child": UUID(int=8), "number": 8},
    "remove-child": {"child": UUID(int=9), "number": 9},
    "merge": {"into": UUID(int=2), "number": 2, "at": START},
    "unmerge": {"at": START},
}
MODULES = (lifecycle, triage, restricting, milestones, children, merging, links)
RELATED: list[IncidentEvent] = [
    ChildAdded(child=UUID(int=9), number=9),
    Linked(kind=LinkKind.CHANGE, reference="CHG-7"),
]
"""What stands beside it, so that there is something to take away."""
WAYS: dict[str, list[str]] = {
    "new": [],
    "in_progress": ["start"],
    "on_hold": ["hold"],
    "resolved": ["resolve"],
    "closed": ["resolve", "close"],
    "cancelled": ["cancel"],
    "merged": ["merge"],
}
levels = st.integers(1, 3)
names = st.sampled_from(["network", "desk", "database"])
moments = st.integers(0, 10**9).map(lambda n: START + timedelta(microseconds=n))


def decided(state: Incident, command: str, arguments: dict[str, Any]) -> Sequence[IncidentEvent]:
    if command == "remove-child":
        children.require_removal(state)
    name = command.replace("-", "_")
    module = next(m for m in MODULES if hasattr(m, name))
    found: Sequence[IncidentEvent] = getattr(module, name)(state, **arguments)
    return found


def after(state: Incident, events: Sequence[IncidentEvent]) -> Incident:
    for event in events:
        state = incident.evolve(state, event)
    return state


def declared() -> Incident:
    events = lifecycle.declare(Incident(), number=1, title="Slow", reporter="rita", matrix=MATRIX)
    return after(Incident(), events)


def in_state(state: str) -> Incident:
    held = after(declared(), RELATED)
    for step in WAYS[state]:
        held = after(held, decided(held, step, ARGUMENTS[step]))
    assert held.status == state
    return held


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("state", STATES)
def test_each_command_in_each_state_does_what_the_table_says(state: str, command: str) -> None:
    held = in_state(state)
    expected = target(command, state)
    if expected is None:
        with pytest.raises(Refused, match="the incident is"):
            decided(held, command, ARGUMENTS[command])
    else:
        found = after(held, decided(held, command, ARGUMENTS[command])).status
        assert found == ("new" if expected == "before" else expected)


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("state", STATES)
def test_the_actions_each_role_is_offered_are_those_of_the_two_tables(
    state: str, role: Role, own: bool
) -> None:
    offered = {name for name in COMMANDS if action(name, state, frozenset({role}), own).allowed}
    legal = {name for name in COMMANDS if target(name, state)}
    assert offered == {name for name in legal if may(role, name, state, own=own)}


def test_every_command_of_the_table_is_a_rule_of_ours_and_no_other() -> None:
    assert set(RULES) == set(COMMANDS)


def test_a_merged_incident_names_its_survivor() -> None:
    with pytest.raises(Refused, match="the incident is merged into INC-2"):
        decided(in_state("merged"), "start", {})


class Course(RuleBasedStateMachine):
    """Any commands in any order; the table is the model."""

    @initialize(impact=st.none() | levels)
    def declare(self, impact: int | None) -> None:
        self.events = list(
            lifecycle.declare(
                Incident(),
                number=1,
                title="Slow",
                reporter="rita",
                matrix=MATRIX,
                impact=impact,
                urgency=impact,
            )
        )
        self.state = after(Incident(), self.events)
        self.status = "new"
        self.reopened = 0
        self.before = "new"
        self.links: set[str] = set()

    def give(self, command: str, **arguments: Any) -> None:
        expected = target(command, self.status)
        try:
            events = decided(self.state, command, arguments)
        except Refused:
            assert expected is None, f"{command} was refused when {self.status}"
            return
        assert expected is not None, f"{command} was taken when {self.status}"
        self.events += events
        self.state = after(self.state, events)
        self.reopened += command == "reopen"
        if command == "merge":
            self.before = self.status
        self.status = self.before if expected == "before" else expected

    @rule(category=names, service=names)
    def categorise(self, category: str, service: str) -> None:
        self.give("categorise", category=category, service=service)

    @rule(impact=levels, urgency=levels, reason=st.none() | names)
    def prioritise(self, impact: int, urgency: int, reason: str | None) -> None:
        self.give("prioritise", impact=impact, urgency=urgency, matrix=MATRIX, reason=reason)

    @rule(group=st.none() | names, person=st.none() | names)
    def assign(self, group: str | None, person: str | None) -> None:
        self.give("assign", group=group, person=person)

    @rule(at=moments)
    def acknowledge(self, at: datetime) -> None:
        self.give("acknowledge", at=at)

    @rule(command=st.sampled_from(["start", "resume"]))
    def work(self, command: str) -> None:
        self.give(command)

    @rule(reason=st.sampled_from(HoldReason))
    def hold(self, reason: HoldReason) -> None:
        self.give("hold", reason=reason, note="Which browser?", problem=UUID(int=7))

    @rule(cause=names)
    def diagnose(self, cause: str) -> None:
        self.give("diagnose", cause=cause)

    @rule(text=names)
    def note(self, text: str) -> None:
        self.give("note", text=text)

    @rule(at=moments)
    def mitigate(self, at: datetime) -> None:
        self.give("mitigate", action="Failed over", at=at)

    @rule(code=st.sampled_from(ResolutionCode), at=moments)
    def resolve(self, code: ResolutionCode, at: datetime) -> None:
        self.give("resolve", code=code, summary="Done", at=at, known_error="KE-1")

    @rule(at=moments)
    def reopen(self, at: datetime) -> None:
        self.give("reopen", **ARGUMENTS["reopen"] | {"at": at})

    @rule(at=moments)
    def close(self, at: datetime) -> None:
        self.give("close", at=at)

    @rule(text=names, at=moments)
    def reply(self, text: str, at: datetime) -> None:
        awaits = (self.status, self.state.hold_reason) == ("on_hold", HoldReason.AWAITING_CALLER)
        self.give("reply", text=text, at=at)
        if awaits:
            assert self.state.status == "in_progress", "a reply ends the hold it was awaited by"
            self.status = "in_progress"

    @rule(group=st.none() | names, kind=st.none() | st.sampled_from(EscalationKind), at=moments)
    def escalate(self, group: str | None, kind: EscalationKind | None, at: datetime) -> None:
        held = self.state
        self.give("escalate", reason="Too slow", kind=kind, group=group, at=at)
        moved = self.state.escalation_count > held.escalation_count and (
            group not in (None, held.group) and kind is not EscalationKind.HIERARCHICAL
        )
        assert self.state.reassignment_count == held.reassignment_count + moved

    @rule(reference=names, caused_by=st.booleans())
    def link(self, reference: str, caused_by: bool) -> None:
        self.give("link", kind=LinkKind.ITEM, reference=reference, caused_by=caused_by)
        if target("link", self.status):
            self.links.add(reference)

    @precondition(lambda self: self.links)
    @rule(data=st.data())
    def unlink(self, data: st.DataObject) -> None:
        reference = data.draw(st.sampled_from(sorted(self.links)))
        self.give("unlink", kind=LinkKind.ITEM, reference=reference)
        if target("unlink", self.status):
            self.links.remove(reference)

    @rule(hours=st.integers(1, 9))
    def state_the_start(self, hours: int) -> None:
        at = START - timedelta(hours=hours)
        arguments = ARGUMENTS["correct-milestone"] | {"at": at, "now": START}
        self.give("correct-milestone", **arguments)
        if target("correct-milestone", self.status):
            assert self.state.started_at == at

    @rule(child=st.integers(10, 14))
    def add_child(self, child: int) -> None:
        self.give("add-child", child=UUID(int=child), number=child)

    @precondition(lambda self: self.state.children)
    @rule(data=st.data())
    def remove_child(self, data: st.DataObject) -> None:
        child, number = data.draw(st.sampled_from(sorted(self.state.children.items())))
        self.give("remove-child", child=child, number=number)

    @rule(at=moments)
    def merge(self, at: datetime) -> None:
        self.give("merge", into=UUID(int=2), number=2, at=at)

    @rule(at=moments)
    def unmerge(self, at: datetime) -> None:
        self.give("unmerge", at=at)

    @rule(at=moments, later=moments)
    def merge_and_unmerge(self, at: datetime, later: datetime) -> None:
        if target("merge", self.status) is None:
            return
        held = self.state
        self.give("merge", into=UUID(int=2), number=2, at=at)
        self.give("unmerge", at=later)
        assert changed(self.state, stretches=held.stretches) == held

    @precondition(lambda self: len(self.events) > 8)
    @rule()
    def cancel(self) -> None:
        self.give("cancel", reason="A test")

    @invariant()
    def the_status_is_the_tables(self) -> None:
        assert self.state.status == self.status

    @invariant()
    def replay_equals_the_live_state(self) -> None:
        stored = [encode(event) for event in self.events]
        replayed = [
            decode(s.topic, s.schema_version, s.state, version)
            for version, s in enumerate(stored, 1)
        ]
        assert after(Incident(), replayed) == self.state  # type: ignore[arg-type]  # by topic

    @invariant()
    def a_snapshot_restores_the_live_state(self) -> None:
        held = Folded(UUID(int=1), self.state, len(self.events), 5, START, START)
        assert INCIDENT.restore(held.stream, held.version, INCIDENT.preserve(held)) == held

    @invariant()
    def milestones_and_counters_agree_with_the_status(self) -> None:
        status = self.before if self.status == "merged" else self.status
        assert (self.state.resolved_at is not None) == (status in ("resolved", "closed"))
        assert (self.state.closed_at is not None) == (status == "closed")
        assert (self.state.hold_reason is not None) == (status == "on_hold")
        assert self.state.reopen_count == self.reopened

    @invariant()
    def the_time_in_each_status_is_never_negative_nor_of_an_end(self) -> None:
        held = Folded(UUID(int=1), self.state, len(self.events), 5, START, START)
        spent = seconds_in_status(held, START + timedelta(days=1))
        assert all(seconds >= 0 for seconds in spent.values())
        assert not spent.keys() & {"closed", "cancelled", "merged"}

    @invariant()
    def links_are_those_that_were_not_taken_away(self) -> None:
        assert {link.reference for link in self.state.links.values()} == self.links


TestCourse = Course.TestCase
TestCourse.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
