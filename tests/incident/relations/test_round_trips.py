"""Whatever is tied and untied in whatever order: no circle, both sides agree, all is given back."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import hypothesis.strategies as st
from hypothesis import given, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.incident import incident
from services.incident.events import Declared, HoldReason, IncidentEvent, ResolutionCode
from services.incident.incident import Incident
from services.incident.incidents import AUTO_CLOSE, INCIDENT
from services.incident.lifecycle import acknowledge, hold, resolve
from services.incident.relations import children, merging
from services.incident.relations.family import above, with_merged
from services.incident.rules import Status
from shared.aggregate import Folded
from shared.domain import changed
from shared.errors import Refused

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
IDS = [UUID(int=n) for n in range(1, 7)]
some = st.sampled_from(IDS)


def after(state: Incident, events: Sequence[IncidentEvent]) -> Incident:
    for event in events:
        state = incident.evolve(state, event)
    return state


def declared(number: int) -> Incident:
    return after(Incident(), [Declared(number=number, title="Slow", reporter="rita")])


class Families(RuleBasedStateMachine):
    """Six incidents, as the joint commands leave them."""

    @initialize()
    def declare(self) -> None:
        self.held = {id: declared(id.int) for id in IDS}
        self.before: dict[UUID, Incident] = {}

    async def read(self, id: UUID) -> Folded[Incident]:
        return Folded(id, self.held[id])

    def give(self, id: UUID, command: Callable[..., Sequence[IncidentEvent]], **told: Any) -> None:
        self.held[id] = after(self.held[id], command(self.held[id], **told))

    def together(self, upper: UUID, lower: UUID, act: Callable[[], None]) -> bool:
        """All or nothing, and never a circle."""
        held = dict(self.held)
        if lower in asyncio.run(above(self.read, upper)):
            return False
        try:
            act()
        except Refused:
            self.held = held
            return False
        return True

    @rule(parent=some, child=some)
    def add_child(self, parent: UUID, child: UUID) -> None:
        def act() -> None:
            self.give(parent, children.add_child, child=child, number=child.int)
            self.give(child, children.get_parent, parent=parent, number=parent.int)

        self.together(parent, child, act)

    @rule(child=some)
    def remove_child(self, child: UUID) -> None:
        parent = self.held[child].parent
        if parent is not None:
            self.give(parent, children.remove_child, child=child, number=child.int)
            self.give(child, children.lose_parent, parent=parent, number=parent.int)

    @rule(into=some, merged=some)
    def merge(self, into: UUID, merged: UUID) -> None:
        before = self.held[merged]

        def act() -> None:
            self.give(merged, merging.merge, into=into, number=into.int, at=NOW)
            self.give(into, merging.absorb, incident=merged, number=merged.int, at=NOW)

        if self.together(into, merged, act):
            self.before[merged] = before

    @rule(merged=some)
    def unmerge(self, merged: UUID) -> None:
        into = self.held[merged].merged_into
        if into is None:
            return
        while_merged = self.held[merged]
        self.give(merged, merging.unmerge, at=NOW)
        self.give(into, merging.release, incident=merged, number=merged.int, at=NOW)
        kept: dict[str, Any] = {
            "children": while_merged.children,
            "absorbed": while_merged.absorbed,
        }
        kept |= {"parent": while_merged.parent, "parent_number": while_merged.parent_number}
        kept["stretches"] = self.held[merged].stretches
        assert self.held[merged] == changed(self.before.pop(merged), **kept)

    @invariant()
    def both_sides_agree(self) -> None:
        for id, state in self.held.items():
            assert all(self.held[child].parent == id for child in state.children)
            assert all(self.held[other].merged_into == id for other in state.absorbed)
            assert state.parent is None or id in self.held[state.parent].children
            assert state.merged_into is None or id in self.held[state.merged_into].absorbed
            assert (state.merged_into is not None) == (state.status is Status.MERGED)

    @invariant()
    def nothing_stands_above_itself(self) -> None:
        for id, state in self.held.items():
            for upper in {state.parent, state.merged_into} - {None}:
                assert upper is not None
                assert id not in asyncio.run(above(self.read, upper))

    @invariant()
    def each_merged_one_is_told_of_once(self) -> None:
        for id, state in self.held.items():
            family = asyncio.run(with_merged(self.read, Folded(id, state)))
            streams = [each.stream for each in family]
            assert len(streams) == len(set(streams))


TestFamilies = Families.TestCase
TestFamilies.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_one_unmerged_closes_by_itself_when_it_would_have_closed() -> None:
    done: dict[str, Any] = {"code": ResolutionCode.FIXED, "summary": "Done", "at": NOW}
    resolved = after(declared(1), resolve(declared(1), **done, close_after_days=5))
    merged = after(resolved, merging.merge(resolved, into=IDS[1], number=2, at=NOW))
    for days, left in ((2, timedelta(days=3)), (9, timedelta())):
        (event,) = merging.unmerge(merged, at=NOW + timedelta(days=days))
        (alarm,) = INCIDENT.alarms(merged, event, after(merged, [event]))
        assert (alarm.name, alarm.after) == (AUTO_CLOSE, left)


@given(
    acknowledged=st.booleans(),
    reason=st.none() | st.sampled_from([HoldReason.AWAITING_VENDOR, HoldReason.AWAITING_CHANGE]),
    code=st.sampled_from(ResolutionCode),
)
def test_a_child_comes_back_from_a_cascade_as_it_was(
    acknowledged: bool, reason: HoldReason | None, code: ResolutionCode
) -> None:
    parent = IDS[0]
    child = after(declared(2), children.get_parent(declared(2), parent=parent, number=1))
    child = after(child, acknowledge(child, at=NOW)) if acknowledged else child
    child = after(child, hold(child, reason=reason, at=NOW)) if reason else child
    how: dict[str, Any] = {"code": code, "summary": "Done", "at": NOW, "known_error": "KE-1"}
    by: dict[str, Any] = {"parents": {parent}, "by": parent}
    resolved = after(child, children.resolve_with_parent(child, **by, **how, close_after_days=5))
    assert (resolved.status, resolved.resolved_with) == (Status.RESOLVED, parent)
    told: dict[str, Any] = {"reason": "Back", "at": NOW, "was_closed": False}
    back = after(resolved, children.reopen_with_parent(resolved, **by, **told))
    assert changed(
        back, status=child.status, hold_reason=child.hold_reason, reopen_count=0,
        stretches=child.stretches,
    ) == child  # fmt: skip
    assert (back.status, back.reopen_count) == (Status.IN_PROGRESS, 1)
    assert children.reopen_with_parent(back, **by, **told) == []
