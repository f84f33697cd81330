"""Every command in every state, as the field's table says: the table is written here once more."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.incident import incident, lifecycle, restricting, triage
from services.incident.actions import action
from services.incident.events import HoldReason, IncidentEvent, ResolutionCode
from services.incident.incident import Incident
from services.incident.incidents import INCIDENT
from services.incident.matrix import DEFAULT, Matrix
from services.incident.rules import Status
from shared.aggregate import Folded
from shared.auth.roles import Role
from shared.codec import decode, encode
from shared.domain import changed
from shared.errors import Refused
from tests.incident.table import COMMANDS, STATES, target

MATRIX = Matrix(version=1, cells=DEFAULT)
START = datetime(2026, 11, 22, tzinfo=UTC)
ARGUMENTS: dict[str, dict[str, Any]] = {
    "categorise": {"category": "network"},
    "prioritise": {"impact": 2, "urgency": 1, "matrix": MATRIX},
    "assign": {"group": "network", "person": "ada"},
    "acknowledge": {"at": START},
    "start": {},
    "hold": {"reason": HoldReason.AWAITING_CALLER, "note": "Which browser?"},
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
}
WAYS: dict[str, list[str]] = {
    "new": [],
    "in_progress": ["start"],
    "on_hold": ["hold"],
    "resolved": ["resolve"],
    "closed": ["resolve", "close"],
    "cancelled": ["cancel"],
    "merged": [],
}
levels = st.integers(1, 3)
names = st.sampled_from(["network", "desk", "database"])
moments = st.integers(0, 10**9).map(lambda n: START + timedelta(microseconds=n))


def decided(state: Incident, command: str, arguments: dict[str, Any]) -> Sequence[IncidentEvent]:
    module = next(m for m in (lifecycle, triage, restricting) if hasattr(m, command))
    found: Sequence[IncidentEvent] = getattr(module, command)(state, **arguments)
    return found


def after(state: Incident, events: Sequence[IncidentEvent]) -> Incident:
    for event in events:
        state = incident.evolve(state, event)
    return state


def declared() -> Incident:
    events = lifecycle.declare(Incident(), number=1, title="Slow", reporter="rita", matrix=MATRIX)
    return after(Incident(), events)


def in_state(state: str) -> Incident:
    held = declared()
    for step in WAYS[state]:
        held = after(held, decided(held, step, ARGUMENTS[step]))
    if state == "merged":
        held = changed(held, status=Status.MERGED)
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
        assert after(held, decided(held, command, ARGUMENTS[command])).status == expected


@pytest.mark.parametrize("state", STATES)
def test_the_actions_a_manager_is_offered_are_those_of_the_table(state: str) -> None:
    manager = frozenset({Role.INCIDENT_MANAGER})
    offered = {name for name in COMMANDS if action(name, state, manager, False).allowed}
    assert offered == {name for name in COMMANDS if target(name, state)}


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
        self.status = expected

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
        assert (self.state.resolved_at is not None) == (self.status in ("resolved", "closed"))
        assert (self.state.closed_at is not None) == (self.status == "closed")
        assert (self.state.hold_reason is not None) == (self.status == "on_hold")
        assert self.state.reopen_count == self.reopened


TestCourse = Course.TestCase
TestCourse.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
