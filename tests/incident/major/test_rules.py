"""The rules of a major incident, command by command: what follows, what is refused and why."""

from typing import Any

import pytest

from services.incident import lifecycle
from services.incident.events import Assigned, Cancelled, Reopened
from services.incident.major import deciding, responders, roles, turning, updates
from services.incident.major.events import (
    Decided,
    DecisionKind,
    MajorAccepted,
    MajorDemoted,
    MajorProposed,
    MajorRejected,
    RequestAnswered,
    RoleAccepted,
    RoleAssigned,
    RoleHandedOver,
    Target,
    UpdateSnoozed,
)
from services.incident.relations import merging
from services.incident.rules import MajorState
from shared.errors import Forbidden
from tests.incident.major.given import (
    COMMANDER,
    INPUTS,
    MANAGER,
    NOON,
    REQUEST,
    SCRIBE,
    UPDATE,
    accepted,
    asked,
    by,
    demoted,
    done,
    its_resolution,
    led_by_nobody,
    minutes,
    new,
    proposed,
    resolved,
    sent,
)

TOLD = {"update": UPDATE, "status": "Found", "impact": "Some", "action": "Rolling back"}
rejected = proposed.given(MajorRejected(reason="One user", at=NOON, inputs=INPUTS))


def test_it_is_proposed_with_a_reason_once() -> None:
    new.when(turning.propose_major, reason="Down", at=NOON).then(
        MajorProposed(reason="Down", at=NOON)
    ).when(turning.propose_major, reason="Again", at=NOON).nothing_new()


@pytest.mark.parametrize("state", [new, proposed, rejected, demoted])
def test_a_manager_accepts_what_is_proposed_what_is_not_and_what_was_turned_down(
    state: Any,
) -> None:
    story = state.when(turning.accept_major, at=NOON).then(MajorAccepted(at=NOON))
    story.when(turning.accept_major, at=NOON).nothing_new()


def test_it_is_rejected_with_what_it_was_judged_by() -> None:
    told = MajorRejected(reason="One user", at=NOON, inputs=INPUTS)
    story = proposed.when(turning.reject_major, reason="One user", at=NOON).then(told)
    assert story.state.major.turned_down == INPUTS
    story.when(turning.reject_major, reason="Again", at=NOON).nothing_new()
    new.when(turning.reject_major, reason="x", at=NOON).refused("it is not a major incident")
    accepted.when(turning.reject_major, reason="x", at=NOON).refused("demote it first")


def test_demoting_ends_what_the_audiences_are_owed_and_comes_too_late_onceits_resolution() -> None:
    state = accepted.when(turning.demote_major, reason="One user", at=NOON).follows()
    assert {task.closed_at for task in state.major.tasks.values()} == {NOON}
    demoted.when(turning.demote_major, reason="Again", at=NOON).nothing_new()
    resolved.when(turning.demote_major, reason="x", at=NOON).refused("is resolved")
    proposed.when(turning.demote_major, reason="x", at=NOON).refused("accept it first")


def test_an_accepted_one_is_demoted_before_it_is_cancelled_or_merged() -> None:
    merge = {"into": REQUEST, "number": 2, "at": NOON}
    accepted.when(lifecycle.cancel, reason="x").refused("it is a major incident; demote it first")
    accepted.when(merging.merge, **merge).refused("it is a major incident; demote it first")
    resolved.when(merging.merge, **merge).refused("it ends by being closed")
    demoted.when(lifecycle.cancel, reason="x").then(Cancelled(reason="x"))
    assert demoted.when(merging.merge, **merge).follows().major.state is MajorState.DEMOTED


def test_a_major_incident_takes_others_in() -> None:
    absorb = {"incident": REQUEST, "number": 2, "at": NOON}
    assert REQUEST in accepted.when(merging.absorb, **absorb).follows().absorbed


def test_a_proposal_ends_with_a_cancelled_incident_and_rests_with_a_merged_one() -> None:
    assert proposed.when(lifecycle.cancel, reason="x").follows().major.state is MajorState.NONE
    merged = proposed.when(merging.merge, into=REQUEST, number=2, at=NOON).follows()
    assert merged.major.state is MajorState.PROPOSED


def test_its_commander_and_the_manager_assign_roles() -> None:
    scribe = RoleAssigned(role=SCRIBE, person="sam", at=NOON)
    assign = {"role": SCRIBE, "person": "sam"}
    accepted.when(roles.assign_role, **assign, **by("ada")).then(scribe).when(
        roles.assign_role, **assign, **by("ada")
    ).nothing_new()
    story = accepted.when(roles.assign_role, **assign, **by("mia", MANAGER)).then(scribe)
    story.when(roles.assign_role, role=SCRIBE, person=None, **by("ada")).then(
        RoleAssigned(role=SCRIBE, was="sam", at=NOON)
    )
    accepted.when(roles.assign_role, **assign, **by("bob")).refused(
        "its commander or a major_incident_manager assigns roles", Forbidden
    )
    proposed.when(roles.assign_role, **assign, **by("mia", MANAGER)).refused("accept it first")


def test_a_role_is_accepted_by_whom_it_was_assigned_to() -> None:
    taken = RoleAccepted(role=COMMANDER, person="ada", at=NOON)
    story = accepted.when(roles.accept_role, by="ada", at=NOON).then(taken)
    assert story.state.major.roles[COMMANDER].accepted
    story.when(roles.accept_role, by="ada", at=NOON).refused("no role waits for you")
    story.when(roles.accept_role, by="ada", at=NOON, role=COMMANDER).nothing_new()
    accepted.when(roles.accept_role, by="bob", at=NOON).refused("no role waits for you")
    accepted.when(roles.accept_role, by="bob", at=NOON, role=COMMANDER).refused(
        "the role incident commander was not assigned to you", Forbidden
    )
    both = accepted.given(RoleAssigned(role=SCRIBE, person="ada", at=NOON))
    both.when(roles.accept_role, by="ada", at=NOON).refused("name the role")


@pytest.mark.parametrize("giver", [by("ada"), by("mia", MANAGER)])
def test_a_role_is_handed_over_to_somebody_who_then_accepts_it(giver: dict[str, Any]) -> None:
    held = accepted.given(RoleAccepted(role=COMMANDER, person="ada", at=NOON))
    hand = {"role": COMMANDER, "person": "bea", "note": "Replica first"}
    story = held.when(roles.hand_over, **hand, **giver).then(
        RoleHandedOver(role=COMMANDER, person="bea", was="ada", at=NOON, note="Replica first")
    )
    holder = story.state.major.roles[COMMANDER]
    assert (holder.person, holder.accepted) == ("bea", False)


def test_a_role_is_not_handed_over_by_others_to_its_holder_or_by_nobody() -> None:
    held = accepted.given(RoleAssigned(role=SCRIBE, person="sam", at=NOON))
    hand = {"role": COMMANDER, "person": "bea"}
    held.when(roles.hand_over, **hand, **by("sam")).refused("who has the role", Forbidden)
    held.when(roles.hand_over, **hand, **by("bob")).refused("who has the role", Forbidden)
    to_herself = {"role": COMMANDER, "person": "ada"}
    held.when(roles.hand_over, **to_herself, **by("ada")).refused("ada is incident commander")
    led_by_nobody.when(roles.hand_over, **hand, **by("mia", MANAGER)).refused("assign the role")


def test_whoever_is_asked_already_is_not_asked_again_before_their_time_is_over() -> None:
    request = {
        "request": UPDATE, "asked": [Target(person="bob")], "message": "Come", "within_minutes": 5,
        "by": "ann",
    }  # fmt: skip
    story = accepted.given(asked(within=5))
    story.when(responders.request_responder, **request, at=minutes(4)).refused("asked already")
    state = story.when(responders.request_responder, **request, at=minutes(5)).follows()
    assert set(state.major.requests) == {REQUEST, UPDATE}
    resolved.when(responders.request_responder, **request, at=NOON).refused("is resolved")


def answered(story: Any, giver: str, *, comes: bool, at: float = 1, **more: Any) -> Any:
    told = {"request": None, "accepted": comes} | more
    return story.when(responders.answer_request, **told, **by(giver, at=at))


def test_who_is_asked_says_yes_and_that_is_that() -> None:
    story = answered(accepted.given(asked()), "bob", comes=True).then(
        RequestAnswered(request=REQUEST, accepted=True, person="bob", at=minutes(1))
    )
    answered(story, "bob", comes=True, request=REQUEST).refused("answered by who", Forbidden)
    again = {"request": REQUEST, "accepted": True, "person": "bob"}
    story.when(responders.answer_request, **again, **by("ada")).nothing_new()
    story.when(responders.answer_request, **again | {"accepted": False}, **by("ada")).refused(
        "bob comes"
    )


def test_after_a_no_the_next_one_is_asked_and_in_the_end_the_commander() -> None:
    story = accepted.given(asked(5, "cem"))
    story = answered(story, "bob", comes=False).then(
        RequestAnswered(
            request=REQUEST, accepted=False, person="bob", at=minutes(1),
            next=Target(person="cem"), step=1,
        )
    )  # fmt: skip
    story = answered(story, "cem", comes=False, at=2).then(
        RequestAnswered(
            request=REQUEST, accepted=False, person="cem", at=minutes(2),
            next=Target(person="ada"), step=2,
        )
    )  # fmt: skip
    story = answered(story, "ada", comes=False, at=3).then(
        RequestAnswered(
            request=REQUEST, accepted=False, person="ada", at=minutes(3),
            tell=(Target(person="ann"),),
        )
    )  # fmt: skip
    assert story.state.major.requests[REQUEST].accepted is False


def test_where_nobody_is_left_who_asked_hears_of_it_and_then_who_has_the_incident() -> None:
    held = led_by_nobody.given(Assigned(group="payments"))
    asker, group = Target(person="ann"), Target(group="payments")
    for story, tell in ((led_by_nobody, (asker,)), (held, (asker, group))):
        answered(story.given(asked()), "bob", comes=False).then(
            RequestAnswered(request=REQUEST, accepted=False, person="bob", at=minutes(1), tell=tell)
        )


def test_a_no_of_the_commander_who_was_asked_last_ends_it_and_others_do_not() -> None:
    story = accepted.given(asked(5))
    late = answered(story, "bob", comes=False, at=9).follows().major.requests[REQUEST]
    assert (late.accepted, late.declined) == (None, ("bob",))
    ended = answered(story, "ada", comes=False, at=9, request=REQUEST).follows()
    assert ended.major.requests[REQUEST].accepted is False


def test_a_no_of_somebody_whose_time_is_over_asks_nobody_new() -> None:
    story = accepted.given(asked(5, "cem"))
    state = answered(story, "bob", comes=False, at=7).follows()
    request = state.major.requests[REQUEST]
    assert (request.declined, request.accepted, request.step) == (("bob",), None, 0)
    assert responders.step_at(request, minutes(7)) == 1


def test_only_who_is_asked_or_leads_answers() -> None:
    story = accepted.given(asked())
    answered(story, "eve", comes=True).refused("answered by who is asked", Forbidden)
    answered(story, "ada", comes=True, person="eve").refused("nobody has asked you")
    answered(story, "ada", comes=True, person="eve", request=REQUEST).refused("eve was not asked")
    answered(story, "ada", comes=True, person="bob").follows()
    answered(story, "ada", comes=True, request=UPDATE).refused("no such request")
    two: dict[str, Any] = {
        "request": UPDATE,
        "asked": [Target(person="cem")],
        "message": "Come",
        "by": "ann",
    }
    more = responders.request_responder(story.state, **two, within_minutes=5, at=NOON)
    answered(story.given(*more), "bob", comes=True, person="cem", request=UPDATE).refused(
        "answers for somebody else", Forbidden
    )


def test_once_it_is_resolved_or_demoted_nobody_need_come_any_more() -> None:
    story = accepted.given(asked(5, "cem"))
    for over in (story.given(*its_resolution()), story.given(MajorDemoted(reason="x", at=NOON))):
        assert over.state.major.waiting == {}
    again = story.given(*its_resolution(), Reopened(reason="Back", at=minutes(1)))
    late = answered(again, "ada", comes=True, request=REQUEST, person="bob")
    late.refused("make another request")
    answered(again, "bob", comes=True).refused("answered by who is asked", Forbidden)


def test_of_a_group_anybody_answers() -> None:
    group: dict[str, Any] = {
        "request": REQUEST, "asked": [Target(group="network")], "message": "Come",
        "within_minutes": 5, "by": "ann", "at": NOON,
    }  # fmt: skip
    story = accepted.given(*responders.request_responder(accepted.state, **group))
    assert answered(story, "eve", comes=True).follows().major.requests[REQUEST].accepted


def test_an_update_goes_to_all_who_are_owed_one_and_says_when_the_next_comes() -> None:
    posted = sent(1, next_at=31)
    state = accepted.when(updates.post_update, **TOLD, **by("ada", at=1)).follows()
    assert state.major.update is not None
    assert state.major.update.next_update_at == posted.next_update_at
    due = {name: task.due_at for name, task in state.major.tasks.items()}
    assert due == {"management": minutes(31), "affected-users": minutes(31)}


def test_an_update_to_one_audience_leaves_the_others_waiting() -> None:
    told = TOLD | {"audiences": ["management"]}
    state = accepted.when(updates.post_update, **told, **by("ada", at=10)).follows()
    sent_to = {name: (task.sent, task.due_at) for name, task in state.major.tasks.items()}
    assert sent_to == {"management": (1, minutes(40)), "affected-users": (0, minutes(30))}


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"final": True}, "resolve it first"),
        ({"next_update_at": NOON}, "lies in the future"),
        ({"next_update_at": minutes(31)}, "management is told every 30 minutes"),
    ],
)
def test_an_update_promises_nothing_false(more: dict[str, Any], why: str) -> None:
    accepted.when(updates.post_update, **TOLD, **more, **by("ada")).refused(why)


def test_after_the_final_update_there_is_no_next_one() -> None:
    more = {"final": True, "next_update_at": minutes(90)}
    resolved.when(updates.post_update, **TOLD, **more, **by("ada", at=61)).refused("no next one")
    state = resolved.when(updates.post_update, **TOLD, final=True, **by("ada", at=61)).follows()
    assert all(task.final_sent and task.closed_at for task in state.major.tasks.values())


@pytest.mark.parametrize(
    ("more", "is_final"),
    [
        ({"status": "Resolved."}, True),
        ({"status": "resolved", "final": False}, False),
        ({"status": "resolved", "next_update_at": minutes(90)}, False),
        ({"status": "Nearly resolved"}, False),
    ],
)
def test_an_update_that_says_resolved_is_the_final_one(
    more: dict[str, Any], is_final: bool
) -> None:
    told = TOLD | more
    state = resolved.when(updates.post_update, **told, **by("ada", at=61)).follows()
    assert {task.final_sent for task in state.major.tasks.values()} == {is_final}
    early = accepted.when(updates.post_update, **TOLD | {"status": "resolved"}, **by("ada", at=1))
    assert not any(task.final_sent for task in early.follows().major.tasks.values())


def test_without_a_plan_an_update_names_its_audiences() -> None:
    unplanned = new.given(MajorAccepted(at=NOON))
    unplanned.when(updates.post_update, **TOLD, **by("mia", MANAGER)).refused("name the audiences")
    told = TOLD | {"audiences": ["board", "board"]}
    state = unplanned.when(updates.post_update, **told, **by("mia", MANAGER)).follows()
    assert state.major.update is not None
    assert state.major.update.audiences == ("board",)


@pytest.mark.parametrize("command", ["post_update", "snooze_update"])
def test_updates_are_their_leads_and_the_managers(command: str) -> None:
    arguments = TOLD if command == "post_update" else {"audience": "management"}
    accepted.when(getattr(updates, command), **arguments, **by("bob")).refused(
        "communications lead, commander", Forbidden
    )


def test_an_update_is_put_off_once_between_two() -> None:
    off = {"audience": "management"}
    story = accepted.when(updates.snooze_update, **off, reason="Call", **by("ada", at=10)).then(
        UpdateSnoozed(
            audience="management", due_at=minutes(25), was=minutes(15), at=minutes(10),
            reason="Call",
        )
    )  # fmt: skip
    story.when(updates.snooze_update, **off, **by("ada", at=11)).refused("put off once already")
    told = story.given(sent(20))
    assert told.when(updates.snooze_update, **off, **by("ada", at=30)).follows().major.tasks[
        "management"
    ].due_at == minutes(60)


def test_what_is_not_planned_or_owed_is_not_put_off() -> None:
    accepted.when(updates.snooze_update, audience="press", **by("ada")).refused(
        "the plan tells management, affected-users"
    )
    done.when(updates.snooze_update, audience="management", **by("ada")).refused("no further")


def test_those_who_take_part_record_decisions_their_own_or_others() -> None:
    decide = {"decision": "Fail over", "basis": "The replica is at rest"}
    accepted.when(deciding.decide, **decide, **by("ada")).then(
        Decided(decision="Fail over", basis="The replica is at rest", person="ada", at=NOON)
    )
    action = {"decision": "Failed over", "kind": DecisionKind.ACTION, "person": "bob"}
    accepted.when(deciding.decide, **action, **by("ada")).then(
        Decided(decision="Failed over", kind=DecisionKind.ACTION, person="bob", at=NOON)
    )
    accepted.when(deciding.decide, **decide, **by("eve")).refused("who take part", Forbidden)
    came = accepted.given(
        asked(), RequestAnswered(request=REQUEST, accepted=True, person="bob", at=NOON)
    )
    assert came.when(deciding.decide, **decide, **by("bob")).follows().major.decision_count == 1
