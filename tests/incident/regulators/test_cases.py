"""Regulators' clocks against cases worked out by hand."""

from itertools import pairwise

import pytest

from services.incident.regulators.deadlines import deadlines
from tests.incident.regulators.worked import Case, cases

CASES = list(cases())


def test_there_are_enough_of_them_and_each_has_a_name_of_its_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 60
    assert sum(bool(case.expected) for case in CASES) >= 60


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_worked_case(case: Case) -> None:
    found = {
        (each.regime, each.report): (each.standing.value, each.due)
        for each in deadlines(case.records, case.regulators, case.now)
    }
    for regime, report, state, due in case.expected:
        told = found.get((regime, report), (None, None))
        assert told == (state, due), (regime, report)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_deadline_is_where_its_last_step_leads(case: Case) -> None:
    for each in deadlines(case.records, case.regulators, case.now):
        assert each.steps, "every report says why it stands as it does"
        if each.due is not None:
            assert each.steps[-1].gives == each.due
            leads = [step.gives for step in each.steps if step.gives is not None]
            assert len(leads) == len([step for step in each.steps if step.gives]) > 0
            assert all(one != other for one, other in pairwise(leads))
        else:
            assert each.standing.value in ("awaiting", "lifted", "met")
