"""Every command in every state, as the field's table says: the table is written here once more."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.incident import lifecycle
from services.incident.actions import Standing, action
from services.incident.events import (
    EscalationKind,
    HoldReason,
    ResolutionCode,
)
from services.incident.incident import Incident
from services.incident.incidents import INCIDENT
from services.incident.major.closing import unmet_of
from services.incident.major.due import ring_after
from services.incident.major.events import Target
from services.incident.relations.events import LinkKind
from services.incident.rules import RULES, MajorState, Status
from services.incident.stretches import seconds_in_status
from shared.aggregate import Folded
from shared.auth.roles import Role
from shared.codec import decode, encode
from shared.domain import changed
from shared.errors import Refused
from tests.incident.stories import (
    ACCEPTED,
    ARGUMENTS,
    BY,
    DONE,
    IMPOSSIBLE,
    MAJOR_WAYS_OF,
    MATRIX,
    START,
    after,
    decided,
    in_state,
    levels,
    moments,
    names,
    open_tasks_of,
    requests_of,
)
from tests.incident.table import COMMANDS, MAJORS, STATES, major_target, may, target


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("major", MAJORS)
def test_each_command_in_each_state_does_what_the_tables_say(
    major: str, state: str, command: str
) -> None:
    if (state, major) in IMPOSSIBLE:
        return
    held = in_state(state, major)
    expected, turned = target(command, state), major_target(command, major)
    arguments = dict(ARGUMENTS[command])
    if (command, major) == ("close", "accepted"):
        held, arguments = after(held, DONE), arguments | {"roles": BY["roles"]}
    if expected is None or turned is None:
        why = "the incident is" if expected is None else "it (is|was)"
        with pytest.raises(Refused, match=why):
            decided(held, command, arguments)
    else:
        found = after(held, decided(held, command, arguments))
        assert found.status == ("new" if expected == "before" else expected)
        assert found.major.state == turned


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("major", MAJORS)
def test_the_actions_each_role_is_offered_are_those_of_the_tables(
    state: str, role: Role, own: bool, major: str
) -> None:
    status, roles, standing = Status(state), frozenset({role}), Standing(MajorState(major))
    offered = {name for name in COMMANDS if action(name, status, roles, own, standing).allowed}
    legal = {name for name in COMMANDS if target(name, state) and major_target(name, major)}
    assert offered == {name for name in legal if may(role, name, state, own=own, major=major)}


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
        self.major = "none"
        self.asked = 0

    def give(self, command: str, **arguments: Any) -> None:
        turned = major_target(command, self.major)
        expected = None if turned is None else target(command, self.status)
        try:
            events = decided(self.state, command, arguments)
        except Refused:
            assert expected is None, f"{command} was refused when {self.status}"
            return
        assert expected is not None, f"{command} was taken when {self.status}, {self.major}"
        self.major = turned or self.major
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

    @precondition(lambda self: self.major != "accepted")
    @rule(at=moments)
    def close(self, at: datetime) -> None:
        self.give("close", at=at)

    @precondition(lambda self: (self.status, self.major) == ("resolved", "accepted"))
    @rule(at=moments, done=st.sets(st.integers(0, 2)))
    def close_major(self, at: datetime, done: set[int]) -> None:
        """Not before all is done, however it is done."""
        self.events += (now := [DONE[n] for n in sorted(done)])
        self.state = after(self.state, now)
        left = {condition.partition(":")[0] for condition, _ in unmet_of(self.state)}
        if not left:
            self.give("close", at=at, roles=BY["roles"])
            return
        with pytest.raises(Refused) as refusal:
            decided(self.state, "close", {"at": at, "roles": BY["roles"]})
        assert {condition.partition(":")[0] for condition, _ in refusal.value.unmet} == left
        assert left.isdisjoint({("final_update", "review", "problem")[n] for n in done})

    @rule(command=st.sampled_from(sorted(MAJOR_WAYS_OF)), at=moments)
    def turn(self, command: str, at: datetime) -> None:
        self.give(command, **ARGUMENTS[command] | {"at": at})
        if command == "accept-major" and self.state.major.is_accepted:
            self.state = after(self.state, ACCEPTED[1:2])
            self.events += ACCEPTED[1:2]

    @rule(command=st.sampled_from(["assign-role", "decide", "request-responder", "post-update"]))
    def lead(self, command: str) -> None:
        self.asked += 1
        new = {"asked": [Target(person=f"p{self.asked}")], "request": UUID(int=self.asked)}
        more = new if command == "request-responder" else {"audiences": ["management"]}
        more = more if command in ("request-responder", "post-update") else {}
        self.give(command, **ARGUMENTS[command] | more)

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
        if target("merge", self.status) is None or self.major == "accepted":
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
    def the_major_state_is_the_tables(self) -> None:
        assert self.state.major.state == self.major
        rings = ring_after(self.state.major, START)
        assert (rings is not None) == bool(
            self.major == "accepted" and (open_tasks_of(self.state) or requests_of(self.state))
        )

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
