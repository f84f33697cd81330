"""Rules that propose or promote, what follows from an acceptance, and what is looked at again."""

from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from services.incident import incident
from services.incident.catalogue.events import Criticality
from services.incident.events import (
    Assigned,
    Categorised,
    Declared,
    IncidentEvent,
    Prioritised,
    Reopened,
    ResolutionCode,
    Resolved,
)
from services.incident.incident import Incident
from services.incident.major.consequences import Grounds, consequences, heeds
from services.incident.major.documents import PLANS, PlansDocument, TriggersDocument
from services.incident.major.events import (
    MajorAccepted,
    MajorProposed,
    MajorRejected,
    UpdatesPlanned,
)
from services.incident.major.plans import plans_of
from services.incident.major.triggers import triggers_of
from services.incident.major.turning import inputs_of, reject_major
from services.incident.relations.events import ChildAdded
from shared.domain import Origin
from tests.incident.major.given import NOON, accepted, minutes, resolved

OF_KIND: dict[str, Any] = {"number": 1, "title": "Down", "reporter": "rita"}
HOLDS: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ({"priority_at_most": 2}, {"priority": 2}, {"priority": 3}),
    ({"impact_at_most": 1}, {"impact": 1}, {"impact": 2}),
    ({"urgency_at_most": 1}, {"urgency": 1}, {}),
    ({"services": ["checkout"]}, {"service": "checkout"}, {"service": "wiki"}),
    ({"criticality": ["critical"]}, {"service": "checkout"}, {"service": "wiki"}),
    ({"items": ["db-1"]}, {"item": "db-1"}, {}),
    ({"categories": ["network"]}, {"category": "network"}, {"category": "desk"}),
    ({"subcategories": ["dns"]}, {"subcategory": "dns"}, {}),
    ({"groups": ["core"]}, {"group": "core"}, {"group": "edge"}),
    ({"sources": ["monitor"]}, {"source": "monitor"}, {"source": "mail"}),
    ({"tags": ["vip", "pay"]}, {"tags": ("pay",)}, {"tags": ("x",)}),
    ({"labels": {"env": "prod"}}, {"labels": {"env": "prod", "x": "y"}}, {"labels": {"env": "t"}}),
    (
        {"priority_at_most": 1, "services": ["checkout"]},
        {"priority": 1, "service": "checkout"},
        {"priority": 1, "service": "wiki"},
    ),
]
"""A condition, an incident it holds for, and one it does not."""


def grounds(*rules: dict[str, Any], version: int = 2) -> Grounds:
    critical = {"checkout": Criticality.CRITICAL}
    told = triggers_of({"rules": list(rules)}, version)
    return Grounds(told, plans_of(None, 1), lambda key: critical.get(key or ""), NOON)


def rule(then: str = "propose", name: str = "r", **when: Any) -> dict[str, Any]:
    return {"name": name, "then": then, "when": when}


def after(state: Incident, *events: IncidentEvent) -> Incident:
    for event in events:
        state = incident.evolve(state, event)
    return state


@pytest.mark.parametrize(("when", "holds", "does_not"), HOLDS)
def test_each_condition_holds_for_what_it_names(
    when: dict[str, Any], holds: dict[str, Any], does_not: dict[str, Any]
) -> None:
    told = grounds(rule(**when))
    assert [
        bool(consequences(Incident(), [Declared(**OF_KIND, **kind)], told))
        for kind in (holds, does_not)
    ] == [True, False]


def test_the_first_rule_that_holds_decides_and_is_named_with_its_version() -> None:
    rules = (
        rule(name="critical", then="promote", criticality=["critical"]),
        rule(name="p1", priority_at_most=1),
    )
    slow = Declared(**OF_KIND, priority=1)
    assert consequences(Incident(), [slow], grounds(*rules)) == [
        MajorProposed(at=NOON, rule="p1", policy_version=2)
    ]
    down = Declared(**OF_KIND, priority=1, service="checkout")
    promoted, plan = consequences(Incident(), [down], grounds(*rules))
    assert promoted == MajorAccepted(at=NOON, rule="critical", policy_version=2)
    assert isinstance(plan, UpdatesPlanned)
    assert {(each.first_minutes, each.then_minutes) for each in plan.plan} == {(15, 30)}


def test_a_rule_may_promote_what_another_has_proposed() -> None:
    held = after(Incident(), Declared(**OF_KIND), MajorProposed(at=NOON, rule="r"))
    worse = Prioritised(impact=1, urgency=1, priority=1, matrix_version=1)
    both = grounds(rule(name="all", then="promote", priority_at_most=1))
    assert isinstance(consequences(held, [worse], both)[0], MajorAccepted)
    assert consequences(held, [worse], grounds(rule(priority_at_most=1))) == []


def test_many_children_make_a_major_incident() -> None:
    held = after(
        Incident(),
        Declared(**OF_KIND),
        *(ChildAdded(child=UUID(int=n), number=n) for n in range(2)),
    )
    third = ChildAdded(child=UUID(int=9), number=9)
    assert consequences(held, [], grounds(rule(more_children_than=2))) == []
    assert consequences(held, [third], grounds(rule(more_children_than=2)))


def test_what_is_assigned_or_reopened_is_looked_at_again() -> None:
    told = grounds(rule(groups=["core"]))
    held = after(Incident(), Declared(**OF_KIND))
    handed, back = Assigned(group="core"), Reopened(reason="Back", at=NOON)
    assert heeds([handed])
    assert consequences(held, [handed], told)
    held = after(held, handed, Resolved(code=ResolutionCode.FIXED, summary="x", at=NOON))
    assert consequences(held, [Categorised(category="x")], told) == []
    assert consequences(held, [back], told)


def test_a_rejected_one_is_not_proposed_again_until_its_inputs_are_worse() -> None:
    told = grounds(rule(priority_at_most=2), rule(name="net", categories=["network"]))
    held = after(Incident(), Declared(**OF_KIND, priority=2, impact=2, urgency=1))
    held = after(held, *consequences(held, [], told))
    held = after(held, *reject_major(held, reason="One user", at=NOON))
    assert held.major.turned_down == inputs_of(held)
    same = Categorised(category="desk")
    assert consequences(held, [same], told) == []
    worse = Prioritised(impact=1, urgency=1, priority=1, matrix_version=1)
    assert consequences(held, [worse], told)
    better = Prioritised(impact=3, urgency=2, priority=4, matrix_version=1)
    other = Categorised(category="network")
    assert consequences(held, [better, other], told) == [
        MajorProposed(at=NOON, rule="net", policy_version=2)
    ]


def test_what_is_closed_already_or_history_is_left_alone() -> None:
    assert not heeds([Declared(**OF_KIND, origin=Origin(at=NOON, by="x"))])
    assert not heeds([MajorRejected(at=NOON, reason="x")])
    told = grounds(rule(impact_at_most=9))
    assert consequences(resolved.state, [Categorised(category="x")], told) == []


def test_another_priority_asks_for_another_cadence_but_keeps_what_was_promised() -> None:
    held = accepted.state
    told = grounds()
    lower = Prioritised(impact=2, urgency=1, priority=2, matrix_version=1)
    [planned] = consequences(held, [lower], told)
    assert isinstance(planned, UpdatesPlanned)
    assert {each.first_minutes for each in planned.plan} == {30}
    state = after(held, lower, planned)
    assert state.major.tasks["management"].due_at == minutes(15)
    assert consequences(state, [lower], told) == []


def test_once_it_is_resolved_no_other_cadence_is_asked_for() -> None:
    lower = Prioritised(impact=2, urgency=1, priority=2, matrix_version=1)
    assert consequences(resolved.state, [lower], grounds()) == []


@pytest.mark.parametrize(("priority", "first"), [(None, 15), (1, 15), (2, 30), (3, 30), (5, 30)])
def test_a_priority_without_a_cadence_has_that_of_the_nearest_higher_one(
    priority: int | None, first: int
) -> None:
    assert {each.first_minutes for each in plans_of(None, 1).at(priority)} == {first}


@pytest.mark.parametrize(
    "document",
    [
        {"rules": [rule()]},
        {"rules": [rule(priority_at_most=1), rule(priority_at_most=2)]},
        {"rules": [rule(then="close", priority_at_most=1)]},
        {"rules": [rule(priority_at_least=1)]},
        {"rules": [rule(more_children_than=-1)]},
    ],
)
def test_a_rule_that_means_nothing_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TriggersDocument.model_validate(document)


def test_a_plan_names_each_audience_and_each_priority_once() -> None:
    told = PLANS.model_dump()
    for audiences in (
        told["audiences"] * 2,
        [told["audiences"][0] | {"cadence": told["audiences"][0]["cadence"] * 2}],
        [told["audiences"][0] | {"audience": "Not a slug"}],
        [told["audiences"][0] | {"cadence": []}],
    ):
        with pytest.raises(ValidationError):
            PlansDocument.model_validate(told | {"audiences": audiences})


def test_no_rule_is_built_in() -> None:
    assert triggers_of(None, 1).rules == ()
