"""What the incident service tells is what is read here, and the other way round."""

import msgspec

from services.incident import events as i
from services.incident.problem_feed.hearing import Told
from services.incident.published import PUBLISHED as TOLD_BY_INCIDENTS
from services.problem import events as p
from services.problem import policies
from services.problem.published import PUBLISHED as TOLD_BY_PROBLEMS
from shared.feed import Published
from shared.policy import PolicySet
from tests.problem.conftest import NOON, Feed
from tests.problem.stories import INCIDENT, OTHER, STATES


def as_told(event: i.IncidentEvent | p.ProblemEvent | PolicySet, published: Published) -> bytes:
    return msgspec.json.encode(published[type(event)](event))


def test_every_fact_reacted_to_is_one_that_is_told(feed: Feed) -> None:
    told = {f"tocsin.{kind.topic}.v1" for kind in TOLD_BY_INCIDENTS}
    assert set(policies.from_incidents(feed.problems)) <= told


def test_an_incident_is_read_as_it_is_told() -> None:
    declared = i.Declared(
        number=7, title="Slow", reporter="rita", service="checkout", impact=1, urgency=2,
        priority=2, started_at=NOON,
    )  # fmt: skip
    read = msgspec.json.decode(as_told(declared, TOLD_BY_INCIDENTS), type=policies.Declared)
    assert read == policies.Declared(
        number="INC-7", title="Slow", service="checkout", impact=1, urgency=2, started_at=NOON
    )


def test_its_later_facts_are_read_as_they_are_told() -> None:
    held = i.Held(reason=i.HoldReason.AWAITING_PROBLEM, problem=OTHER)
    matrix = PolicySet(name="priority-matrix", document={"cells": {"11": 1}})
    categorised = i.Categorised(category="network", service="checkout")
    prioritised = i.Prioritised(impact=1, urgency=2, priority=2, matrix_version=1)
    told = [
        msgspec.json.decode(as_told(event, TOLD_BY_INCIDENTS), type=kind)
        for event, kind in (
            (held, policies.Held),
            (matrix, policies.PolicyTold),
            (categorised, policies.Categorised),
            (prioritised, policies.Prioritised),
        )
    ]
    assert told == [
        policies.Held(problem=OTHER),
        policies.PolicyTold(name="priority-matrix", document={"cells": {"11": 1}}),
        policies.Categorised(service="checkout", category="network"),
        policies.Prioritised(impact=1, urgency=2),
    ]


def test_a_problem_is_read_by_the_incident_service_as_it_is_told() -> None:
    logged = p.Logged(number=3, title="Pools", incidents=(INCIDENT,))
    read = msgspec.json.decode(as_told(logged, TOLD_BY_PROBLEMS), type=Told)
    assert read == Told(number="PRB-3", title="Pools", incidents=[INCIDENT])


def test_whatever_leads_to_a_state_is_told() -> None:
    leading = {
        p.Logged, p.Assessed, p.Confirmed, p.FixPlanned, p.Resolved, p.FixRejected, p.Closed,
        p.RiskAccepted, p.MarkedDuplicate, p.Cancelled, p.ReanalysisBegun,
    }  # fmt: skip
    assert len(STATES) <= len(leading)
    assert leading <= set(TOLD_BY_PROBLEMS)
