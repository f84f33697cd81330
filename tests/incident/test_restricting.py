"""Restricting an incident: what follows, who is admitted, and that nobody else can tell."""

from typing import Any

import pytest

from services.incident import incident, restricting, triage
from services.incident.events import Assigned, Declared, Restricted, Unrestricted
from services.incident.incident import Incident
from services.incident.visibility import is_visible
from shared.auth.caller import Caller
from shared.auth.roles import Role
from tests.support.scenario import Scenario

declared = Declared(number=1, title="Payroll", reporter="rita", group="security", assigned_to="sam")
kept = Restricted(people=("ida",), reason="Under investigation")
new = Scenario(incident.evolve, Incident()).given(declared)
restricted = new.given(kept)


def caller(id: str, *roles: Role, teams: tuple[str, ...] = ()) -> Caller:
    return Caller(
        id=id,
        name=id,
        kind="person",
        roles=frozenset(roles or {Role.RESPONDER}),
        teams=frozenset(teams),
        expires=0,
    )


def test_whoever_restricts_it_is_among_those_named() -> None:
    new.when(
        restricting.restrict, by="ida", reason="Secret", people=["eve"], roles=["auditor"]
    ).then(Restricted(people=("eve", "ida"), roles=("auditor",), reason="Secret"))


def test_a_list_left_out_stays_and_one_given_replaces() -> None:
    held = new.given(Restricted(people=("ida",), teams=("legal",), reason="Secret"))
    held.when(restricting.restrict, by="ida", reason="More", people=["bo"]).then(
        Restricted(people=("bo", "ida"), teams=("legal",), reason="More")
    )
    held.when(restricting.restrict, by="ida", reason="Less", teams=[]).then(
        Restricted(people=("ida",), reason="Less")
    )


def test_restricting_to_the_same_again_and_lifting_what_is_open_change_nothing() -> None:
    restricted.when(restricting.restrict, by="ida", reason="Again").nothing_new()
    new.when(restricting.unrestrict, reason="Over").nothing_new()
    restricted.when(restricting.unrestrict, reason="Over").then(Unrestricted(reason="Over"))


@pytest.mark.parametrize(
    ("who", "knows"),
    [
        (caller("rita", Role.REPORTER), True),
        (caller("sam"), True),
        (caller("ida", Role.INCIDENT_MANAGER), True),
        (caller("tess", teams=("security",)), True),
        (caller("tom", teams=("network",)), False),
        (caller("max", Role.INCIDENT_MANAGER), False),
        (caller("pam", Role.PROBLEM_MANAGER), False),
        (caller("bot", Role.SERVICE), False),
        (caller("ann", Role.AUDITOR), True),
        (caller("root", Role.ADMIN), True),
        (caller("ida", Role.REPORTER), False),  # it gives no right that one has not
    ],
)
def test_only_participants_those_named_and_auditors_know_of_it(who: Caller, knows: bool) -> None:
    assert is_visible(restricted.state, who) is knows


def test_a_handover_ends_the_knowledge_of_those_who_hand_over() -> None:
    held = restricted.given(Assigned(group="legal", person="lea"))
    known = {
        name: is_visible(held.state, caller(name, teams=teams))
        for name, teams in {"sam": (), "tess": ("security",), "lea": (), "lou": ("legal",)}.items()
    }
    assert known == {"sam": False, "tess": False, "lea": True, "lou": True}


def test_named_roles_and_teams_are_admitted() -> None:
    held = new.given(Restricted(roles=("problem_manager",), teams=("legal",), reason="Secret"))
    assert is_visible(held.state, caller("pam", Role.PROBLEM_MANAGER))
    assert is_visible(held.state, caller("lou", teams=("legal",)))
    assert not is_visible(held.state, caller("problem_manager", teams=("problem_manager",)))


def test_names_of_one_kind_admit_none_of_another() -> None:
    held = new.given(Restricted(people=("legal", "auditor"), reason="Secret"))
    assert not is_visible(held.state, caller("lou", teams=("legal",)))
    assert is_visible(held.state, caller("legal"))


@pytest.mark.parametrize("lifted", [False, True])
def test_what_is_done_otherwise_leaves_the_restriction_as_it_is(lifted: bool) -> None:
    held = restricted.given(Unrestricted(reason="Over")) if lifted else restricted
    before: Any = held.state.restriction
    assert held.when(triage.note, text="Seen").follows().restriction == before
